/** Lines that were read twice are told by their times; about so many of the last times are remembered. */
const REMEMBERED = 20_000;
/** How far before the last line a log is read again: lines come in the order of their ends, their times are those of their beginnings. */
const OVERLAP_MS = 5_000;

/** A line of a log with the time at which it began. */
export interface TimedLine {
  time: string;
  text: Buffer;
}

/** Cuts the time off that the API puts before each line (`timestamps`). Undefined for the later part of a very long line. */
export function timedLine(line: Buffer): TimedLine | undefined {
  const end = line.indexOf(0x20);
  const time = end > 0 && end < 40 ? line.toString('latin1', 0, end) : '';
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)$/.test(time)
    ? { time, text: line.subarray(end + 1) }
    : undefined;
}

/**
 * What has been read of one container's log over all its runs, so that it can be taken up after a broken connection or a restart without losing
 * or doubling a line. `begin` before each reading, then `isNew` for each of its lines.
 */
export class LogWindow {
  /** How many lines of each time have been given out. */
  private readonly given = new Map<string, number>();
  /** The same of this reading, as far as it repeats an earlier one. */
  private met = new Map<string, number>();
  private last = '';
  /** Up to here an earlier reading has come. */
  private boundary = '';
  /** What is as old as this is not remembered any more. */
  private forgotten = '';

  /** The time from which the log has to be read, RFC 3339; undefined: from its beginning. */
  begin(): string | undefined {
    this.met = new Map();
    this.boundary = this.last;
    const since = Date.parse(this.last) - OVERLAP_MS;
    return Number.isNaN(since) ? undefined : new Date(since).toISOString().replace(/\.\d+/, '');
  }

  isNew({ time }: TimedLine): boolean {
    const given = this.given.get(time) ?? 0;
    if (time <= this.boundary) {
      const met = (this.met.get(time) ?? 0) + 1;
      this.met.set(time, met);
      if (time <= this.forgotten || met <= given) return false;
    }
    this.given.set(time, given + 1);
    if (time > this.last) this.last = time;
    if (this.given.size > REMEMBERED) this.forget();
    return true;
  }

  /** The older half goes. */
  private forget(): void {
    const times = [...this.given.keys()].sort();
    for (const time of times.slice(0, REMEMBERED / 2)) {
      this.given.delete(time);
      this.forgotten = time;
    }
  }
}
