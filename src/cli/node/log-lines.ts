import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
/** Of pino; not worth a place on a line for people. */
const LEFT_OUT = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'v', 'err']);
const TAIL_BYTES = 1 << 20;

/** The last lines of a log file, each made readable; none when there is no file. */
export function lastLogLines(path: string, count: number, readable: (line: string) => string = readableLine): string[] {
  if (count <= 0) return [];
  return rawTail(path)
    .split('\n')
    .filter((line) => line !== '')
    .slice(-count)
    .map(readable);
}

/** `2026-11-23T18:56:41.123Z info  node is ready port=7443`; a line that is no JSON (a crash of Node.js) as it is. */
export function readableLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  if (typeof entry !== 'object' || entry === null || typeof entry.msg !== 'string') return line;
  const fields = Object.entries(entry)
    .filter(([key]) => !LEFT_OUT.has(key))
    .map(([key, value]) => `${key}=${fieldText(value)}`);
  const error = (entry.err as { message?: string } | undefined)?.message;
  const time = typeof entry.time === 'number' ? new Date(entry.time).toISOString() : String(entry.time);
  const level = (LEVELS[entry.level as number] ?? String(entry.level)).padEnd(5);
  return [time, level, entry.msg, ...fields, ...(error ? [`error=${JSON.stringify(error)}`] : [])].join(' ');
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function rawTail(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
