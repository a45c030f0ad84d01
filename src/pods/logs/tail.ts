import { type LogStream, parseEntry } from './cri-log.ts';

export type ReadAt = (position: number, length: number) => Promise<Buffer>;

/** Where to begin reading, and how many of the lines that end from there on are not wanted. */
export interface TailStart {
  offset: number;
  skip: number;
}

const BLOCK = 64 * 1024;
/** Time, stream and tags of an entry fit into this many bytes. */
const HEADER = 128;
/** How far before the last wanted line its pieces are looked for: the other stream may have written meanwhile. */
const LOOK_BACK = 256 * 1024;
const LINE_END = 0x0a;

/**
 * Finds the last `lines` lines of a log of `size` bytes by reading it backwards, block by block. A line counts once, however many pieces it
 * has. Pieces that lie more than 256 KiB before the tail are lost to their line.
 */
export async function tailStart(read: ReadAt, size: number, lines: number): Promise<TailStart> {
  if (lines === 0) return { offset: size, skip: 0 };
  const count = new BackwardCount(lines);
  for await (const { offset, header } of entriesBackwards(read, size)) {
    if (count.isDone(offset)) break;
    count.add(offset, header);
  }
  return count.start;
}

/** Counts the ends of lines from the back of the log, until the wanted ones are whole. */
class BackwardCount {
  readonly #lines: number;
  /** Lines without an end at the end of the log; they come out last. */
  readonly #unended = new Set<LogStream>();
  readonly #seen = new Set<LogStream>();
  /** Streams of which the end of an unwanted line was seen: what follows of them is whole. */
  readonly #whole = new Set<LogStream>();
  #ends = 0;
  #offset = 0;
  #reachedAt = Number.NEGATIVE_INFINITY;

  constructor(lines: number) {
    this.#lines = lines;
  }

  add(offset: number, header: Buffer): void {
    this.#offset = offset;
    const entry = parseEntry(header);
    if (!entry) return;
    const { stream, isPartial } = entry;
    if (isPartial && !this.#seen.has(stream)) this.#unended.add(stream);
    this.#seen.add(stream);
    if (!isPartial) this.#ends++;
    if (!isPartial && this.#total > this.#lines) this.#whole.add(stream);
    if (this.#total >= this.#lines) this.#reachedAt = Math.max(this.#reachedAt, offset);
  }

  isDone(offset: number): boolean {
    return this.#whole.size === 2 || this.#reachedAt - offset > LOOK_BACK;
  }

  get start(): TailStart {
    return { offset: this.#offset, skip: Math.max(0, this.#total - this.#lines) };
  }

  get #total(): number {
    return this.#ends + this.#unended.size;
  }
}

async function* entriesBackwards(read: ReadAt, size: number): AsyncGenerator<{ offset: number; header: Buffer }> {
  let following: Buffer = Buffer.alloc(0);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK);
    const block = await read(start, end - start);
    const window = Buffer.concat([block, following]);
    for (let at = block.lastIndexOf(LINE_END); at >= 0; at = at > 0 ? block.lastIndexOf(LINE_END, at - 1) : -1) {
      if (start + at + 1 < size) yield { offset: start + at + 1, header: firstLine(window, at + 1) };
    }
    if (start === 0) yield { offset: 0, header: firstLine(window, 0) };
    following = window.subarray(0, HEADER);
    end = start;
  }
}

function firstLine(window: Buffer, at: number): Buffer {
  const header = window.subarray(at, at + HEADER);
  const end = header.indexOf(LINE_END);
  return end < 0 ? header : header.subarray(0, end);
}
