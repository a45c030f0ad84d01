import { formatMicroTime, formatTime } from './time.ts';

/** Text that is no time. `message` is that of Go's time.Parse. */
export class InvalidTime extends Error {
  override readonly name = 'InvalidTime';
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;
const LAYOUTS = { 'date-time': '2006-01-02T15:04:05Z07:00', 'micro-time': '2006-01-02T15:04:05.000000Z07:00' };

/**
 * A metav1.Time or MicroTime as Kubernetes writes it back: in UTC, to the second or the microsecond.
 * @throws InvalidTime
 */
export function normalizeTime(text: string, kind: 'date-time' | 'micro-time'): string {
  const match = RFC3339.exec(text);
  if (match === null) throw new InvalidTime(cannotParse(text, LAYOUTS[kind]));
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  if (kind === 'micro-time' && fraction.length !== 6)
    throw new InvalidTime(complaint(text, LAYOUTS[kind], `${fraction && `.${fraction}`}${zone}`, '.000000'));
  checkRange(text, { month, day, hour, minute, second }, Number(year));
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(date.getTime())) throw new InvalidTime(`parsing time ${JSON.stringify(text)}: day out of range`);
  if (kind === 'date-time') return formatTime(date);
  date.setUTCMilliseconds(Number(fraction.slice(0, 3)));
  return formatMicroTime(date, Number(fraction.slice(3)));
}

/** What is wrong with standard base64, in Go's words, or undefined. Line ends are allowed. */
export function decodeBase64Error(text: string): string | undefined {
  const bad = (offset: number): string => `illegal base64 data at input byte ${offset}`;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '\n' || c === '\r') continue;
    if (c === '=') return paddingError(text, i, count % 4, bad);
    if (!/[A-Za-z0-9+/]/.test(c)) return bad(i);
    count++;
  }
  return count % 4 === 0 ? undefined : bad(text.replace(/[\r\n]+$/, '').length - (count % 4));
}

/** `at` is the first `=`; `before` how many characters its group of four already has. */
function paddingError(text: string, at: number, before: number, bad: (offset: number) => string): string | undefined {
  if (before < 2) return bad(at);
  const rest = text.slice(at).replace(/[\r\n]/g, '');
  const wanted = before === 2 ? '==' : '=';
  if (rest === wanted) return undefined;
  return rest.startsWith(wanted) ? bad(at + wanted.length) : bad(text.length);
}

interface Parts {
  month: string | undefined;
  day: string | undefined;
  hour: string | undefined;
  minute: string | undefined;
  second: string | undefined;
}

function checkRange(text: string, parts: Parts, year: number): void {
  const month = Number(parts.month);
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const ranges: [string, number, number, number][] = [
    ['month', month, 1, 12],
    ['day', Number(parts.day), 1, days],
    ['hour', Number(parts.hour), 0, 23],
    ['minute', Number(parts.minute), 0, 59],
    ['second', Number(parts.second), 0, 59],
  ];
  for (const [name, value, min, max] of ranges)
    if (value < min || value > max) throw new InvalidTime(`parsing time ${JSON.stringify(text)}: ${name} out of range`);
}

/** Walks the layout as far as the text follows it, to name the part that does not. */
function cannotParse(text: string, layout: string): string {
  const parts: [RegExp, string][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d{2}/, '01'],
    [/^-/, '-'],
    [/^\d{2}/, '02'],
    [/^T/, 'T'],
    [/^\d{1,2}/, '15'],
    [/^:/, ':'],
    [/^\d{2}/, '04'],
    [/^:/, ':'],
    [/^\d{2}(?:[.,]\d+)?/, '05'],
    [/^(?:Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
  ];
  let rest = text;
  for (const [pattern, name] of parts) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) return complaint(text, layout, rest, name);
    rest = rest.slice(found.length);
  }
  return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`;
}

function complaint(text: string, layout: string, rest: string, part: string): string {
  return `parsing time ${JSON.stringify(text)} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${part}"`;
}
