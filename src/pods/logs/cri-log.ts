export type LogStream = 'stdout' | 'stderr';

/** One entry of a container log as the runtime writes it: a line, or a piece of one. */
export interface LogEntry {
  /** RFC 3339 with up to nine digits of fraction, as written. */
  time: string;
  stream: LogStream;
  /** The line goes on in the stream's next entry. */
  isPartial: boolean;
  /** Without the line end. Shares memory with what was parsed. */
  content: Buffer;
}

const SPACE = 0x20;
const LETTER_P = 0x50;

/**
 * Reads one line of the CRI log format, `RFC3339Nano stdout|stderr TAGS text`, without its line end. The first tag is F for a full line
 * or the end of one, P for a piece. Anything else gives undefined: half a line after a crash, say.
 */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const timeEnd = line.indexOf(SPACE);
  const streamEnd = line.indexOf(SPACE, timeEnd + 1);
  if (timeEnd <= 0 || streamEnd < 0) return undefined;
  const spaceAfterTags = line.indexOf(SPACE, streamEnd + 1);
  const tagsEnd = spaceAfterTags < 0 ? line.length : spaceAfterTags;
  const stream = line.toString('latin1', timeEnd + 1, streamEnd);
  const tag = line[streamEnd + 1];
  if ((stream !== 'stdout' && stream !== 'stderr') || tagsEnd === streamEnd + 1) return undefined;
  if (tag !== LETTER_P && tag !== 0x46) return undefined;
  return {
    time: line.toString('latin1', 0, timeEnd),
    stream,
    isPartial: tag === LETTER_P,
    content: line.subarray(Math.min(tagsEnd + 1, line.length)),
  };
}

const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Nanoseconds since the epoch of an RFC 3339 time, or undefined when it is none. */
export function parseTime(text: string): bigint | undefined {
  const [, seconds, fraction = '', zone] = TIME.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const milliseconds = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** The time as `kubectl logs --timestamps` prints it: always nine digits of fraction. */
export function fixedTime(text: string): string {
  const [, seconds, fraction = '', zone] = TIME.exec(text) ?? [];
  return seconds === undefined ? text : `${seconds}.${fraction.padEnd(9, '0')}${zone}`;
}
