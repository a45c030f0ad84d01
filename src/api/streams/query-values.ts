import { badRequest } from '../../kube/errors.ts';

/**
 * Values in a query as apimachinery reads them (`runtime/converter` and Go's strconv), errors in Go's words. Of a parameter that is given several
 * times the first counts.
 */

/** Absent, `0` and `false` in any case mean no; everything else, the empty text included, means yes. */
export function readFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== '0' && text.toLowerCase() !== 'false';
}

/** @throws StatusError BadRequest */
export function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(64, value) !== value)
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(value);
}

/**
 * Port numbers, each parameter a list with commas.
 * @throws StatusError BadRequest
 */
export function readPorts(query: URLSearchParams, name: string): number[] {
  return query
    .getAll(name)
    .flatMap((list) => list.split(','))
    .map((text) => {
      const fault = /^\d+$/.test(text) ? Number(text) > 65535 && 'value out of range' : 'invalid syntax';
      if (fault)
        throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${fault}`);
      if (Number(text) === 0) throw badRequest(`port ${JSON.stringify(text)} must be > 0`);
      return Number(text);
    });
}

const RFC3339 = '2006-01-02T15:04:05Z07:00';
/** The parts of an RFC 3339 time: Go's layout word, what it matches, and the range that Go names when the number lies outside. */
const PARTS: readonly [layout: string, pattern: RegExp, range?: [name: string, min: number, max: number]][] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/, ['month', 1, 12]],
  ['-', /^-/],
  ['02', /^\d\d/, ['day', 1, 31]],
  ['T', /^T/],
  ['15', /^\d\d/, ['hour', 0, 23]],
  [':', /^:/],
  ['04', /^\d\d/, ['minute', 0, 59]],
  [':', /^:/],
  ['05', /^\d\d([.,]\d+)?/, ['second', 0, 59.999_999_999_999]],
  ['Z07:00', /^(Z|[+-]\d\d:\d\d)/],
];

/**
 * An RFC 3339 time, as text. Empty text and `null` count as absent.
 * @throws StatusError BadRequest
 */
export function readTime(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name);
  if (text === null || text === '' || text === 'null') return undefined;
  const shown = JSON.stringify(text);
  let rest = text;
  for (const [layout, pattern, range] of PARTS) {
    const part = pattern.exec(rest)?.[0];
    if (part === undefined)
      throw badRequest(`parsing time ${shown} as "${RFC3339}": cannot parse ${JSON.stringify(rest)} as "${layout}"`);
    const number = Number(part.replace(',', '.'));
    if (range && (number < range[1] || number > range[2]))
      throw badRequest(`parsing time ${shown}: ${range[0]} out of range`);
    rest = rest.slice(part.length);
  }
  if (rest !== '') throw badRequest(`parsing time ${shown}: extra text: ${JSON.stringify(rest)}`);
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  if (day! > new Date(Date.UTC(year!, month!, 0)).getUTCDate())
    throw badRequest(`parsing time ${shown}: day out of range`);
  return text.replace(',', '.');
}
