import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { parseEntry, parseTime } from './cri-log.ts';
import { LineAssembler } from './line-assembler.ts';
import { followBytes, readAt, readBytes } from './log-file.ts';
import { tailStart } from './tail.ts';

export interface LogOptions {
  /** Go on until the container has ended. */
  follow?: boolean;
  /** Each line begins with the time at which its first byte was written. */
  timestamps?: boolean;
  sinceSeconds?: number;
  /** RFC 3339. */
  sinceTime?: string;
  tailLines?: number;
  limitBytes?: number;
}

export interface LogSurroundings {
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** The container writes no more. Asked only with `follow`. */
  ended?: () => boolean | Promise<boolean>;
  signal?: AbortSignal;
  /** See FollowOptions. */
  pollMs?: number;
}

const LINE_END = 0x0a;

/**
 * The text of a container's log file in the CRI format. `tailLines` is applied first, then since, then `limitBytes`, as the kubelet does
 * (`pkg/kubelet/kuberuntime/logs`). As with the kubelet, what was rotated away before is not read. Without `follow` the stream ends where
 * the file ended when it was opened. Destroying the stream, or aborting `signal`, stops all work and closes the file.
 * The stream fails with the system's error when the file cannot be opened or read. Holds some blocks of 64 KiB and the lines that
 * are not whole yet.
 */
export function readLog(path: string, options: LogOptions, surroundings: LogSurroundings = {}): Readable {
  const stop = new AbortController();
  const signal = surroundings.signal ? AbortSignal.any([stop.signal, surroundings.signal]) : stop.signal;
  const text = logText(path, options, { now: Date.now, ended: () => true, ...surroundings, signal });
  return new Readable({
    read() {
      text.next().then(
        ({ value, done }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      stop.abort();
      text.return(undefined).then(
        () => callback(error),
        () => callback(error),
      );
    },
  });
}

async function* logText(
  path: string,
  options: LogOptions,
  { now, ended, signal, pollMs }: Required<Omit<LogSurroundings, 'pollMs'>> & Pick<LogSurroundings, 'pollMs'>,
): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { tailLines, timestamps = false, follow = false } = options;
    const start =
      tailLines === undefined
        ? { offset: 0, skip: 0 }
        : await tailStart((at, n) => readAt(file, at, n), size, tailLines);
    const since = sinceNanoseconds(options, now());
    const assembler = new LineAssembler({ timestamps, skip: start.skip, ...(since !== undefined && { since }) });
    const bytes = follow
      ? followBytes(path, file, start.offset, { ended, signal, ...(pollMs !== undefined && { pollMs }) })
      : readBytes(file, start.offset, size);
    yield* limited(lines(bytes, assembler), options.limitBytes, signal);
  } finally {
    await closed(file);
  }
}

/** Following closes the file itself when it is rotated. */
async function closed(file: FileHandle): Promise<void> {
  if (file.fd >= 0) await file.close();
}

/** The later of the two bounds; undefined for none. */
function sinceNanoseconds({ sinceSeconds, sinceTime }: LogOptions, now: number): bigint | undefined {
  const bySeconds = sinceSeconds === undefined ? undefined : BigInt(now - sinceSeconds * 1000) * 1_000_000n;
  const byTime = sinceTime === undefined ? undefined : parseTime(sinceTime);
  if (bySeconds === undefined || byTime === undefined) return bySeconds ?? byTime;
  return bySeconds > byTime ? bySeconds : byTime;
}

/** One piece of text for each block of bytes, as far as lines are whole. */
async function* lines(blocks: AsyncIterable<Buffer>, assembler: LineAssembler): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of blocks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, block]) : block;
    const texts: Buffer[] = [];
    let begin = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, begin)) {
      const entry = parseEntry(bytes.subarray(begin, end));
      if (entry) texts.push(...assembler.push(entry));
      begin = end + 1;
    }
    rest = bytes.subarray(begin);
    if (texts.length > 0) yield Buffer.concat(texts);
  }
  const entry = parseEntry(rest);
  const last = [...(entry ? assembler.push(entry) : []), ...assembler.flush()];
  if (last.length > 0) yield Buffer.concat(last);
}

async function* limited(texts: AsyncIterable<Buffer>, limit = Number.POSITIVE_INFINITY, signal: AbortSignal) {
  let left = limit;
  for await (const text of texts) {
    if (signal.aborted) return;
    yield text.length > left ? text.subarray(0, left) : text;
    left -= text.length;
    if (left <= 0) return;
  }
}
