import { fixedTime, type LogEntry, type LogStream, parseTime } from './cri-log.ts';

const LINE_END = Buffer.from('\n');
/** Bytes of one line that are held until its end is seen; a longer line is given out in parts. */
const MAX_HELD = 1024 * 1024;

export interface AssemblerOptions {
  timestamps: boolean;
  /** Lines that began earlier are left out. Nanoseconds since the epoch. */
  since?: bigint;
  /** The first lines, in the order of their ends, that are left out. */
  skip: number;
}

interface OpenLine {
  pieces: Buffer[];
  bytes: number;
  isWanted: boolean;
}

/**
 * Joins entries to lines. The two streams are kept apart, so a long line of one is not cut by the other; lines come in the order of their
 * ends. Memory is bounded by one line a stream, or a mebibyte if lines are longer.
 */
export class LineAssembler {
  readonly #options: AssemblerOptions;
  readonly #open = new Map<LogStream, OpenLine>();
  #skip: number;

  constructor(options: AssemblerOptions) {
    this.#options = options;
    this.#skip = options.skip;
  }

  /** The text that the entry completes: a line with its end, nothing, or a part of a very long line. */
  push(entry: LogEntry): Buffer[] {
    const line = this.#open.get(entry.stream) ?? this.#begin(entry);
    if (line.isWanted) {
      line.pieces.push(entry.content);
      line.bytes += entry.content.length;
    }
    if (!entry.isPartial) return this.#end(entry.stream, line);
    return line.bytes > MAX_HELD && this.#skip === 0 ? take(line) : [];
  }

  /** What is there of lines that have no end, and never will: the log is at its end. They are given without line end but between two. */
  flush(): Buffer[] {
    const rests = [...this.#open.keys()].map((stream) => this.#end(stream, this.#open.get(stream) as OpenLine));
    const texts = rests.filter((rest) => rest.length > 0);
    return texts.flatMap((rest, index) => (index === texts.length - 1 ? rest.slice(0, -1) : rest));
  }

  #begin({ stream, time }: LogEntry): OpenLine {
    const { since, timestamps } = this.#options;
    const isWanted = since === undefined || (parseTime(time) ?? since) >= since;
    const prefix = timestamps && isWanted ? [Buffer.from(`${fixedTime(time)} `)] : [];
    const line = { pieces: prefix, bytes: 0, isWanted };
    this.#open.set(stream, line);
    return line;
  }

  #end(stream: LogStream, line: OpenLine): Buffer[] {
    this.#open.delete(stream);
    if (this.#skip > 0) {
      this.#skip--;
      return [];
    }
    return line.isWanted ? [...take(line), LINE_END] : [];
  }
}

function take(line: OpenLine): Buffer[] {
  const { pieces } = line;
  line.pieces = [];
  line.bytes = 0;
  return pieces;
}
