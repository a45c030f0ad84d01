import type { ScalarValue } from './tree.ts';

const WORDS = new Map<string, ScalarValue>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((w) => [w, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((w) => [w, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((w) => [w, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((w) => [w, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((w) => [w, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((w) => [w, Number.NEGATIVE_INFINITY] as const),
]);
const LONGEST_WORD = 5;
/** Digits, signs and the dot begin numbers. */
const BEGINS_NUMBER = new Set(Array.from('0123456789+-.', (char) => char.charCodeAt(0)));
const INTEGER = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

/**
 * What an unquoted scalar means to kubectl (sigs.k8s.io/yaml over go-yaml v2, `resolve.go`; measured with kubectl 1.32): YAML 1.1's
 * booleans with `y`, `n`, `on`, `off`, octal `0777` and `0o777`, underscores in numbers; times stay strings, `12:30` too.
 * Integers beyond 2^53 lose digits, as any JSON number does in JavaScript. `.inf` and `.nan` give what JSON has no word for.
 */
export function resolvePlain(text: string): ScalarValue {
  if (text === '') return null;
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
  }
  return BEGINS_NUMBER.has(text.charCodeAt(0)) ? resolveNumber(text) : text;
}

/** The key that Go writes for a scalar that is not a string; undefined for one that cannot be a key. */
export function keyText(value: ScalarValue): string | undefined {
  if (value === null) return undefined;
  return Object.is(value, -0) ? '0' : String(value);
}

function resolveNumber(text: string): ScalarValue {
  const plain = text.replaceAll('_', '');
  const integer = INTEGER.exec(plain);
  if (integer) {
    const [, sign, hex, binary, octal, decimal] = integer;
    const size = decimal ?? (hex ? `0x${hex}` : binary ? `0b${binary}` : `0o${octal}`);
    // Beyond 64 bits only decimals are numbers (floats).
    if (decimal === undefined && Number(size) >= 2 ** 64) return text;
    return (sign === '-' ? -1 : 1) * Number(size) || 0;
  }
  if (!FLOAT.test(plain)) return text;
  const float = Number(plain);
  return Number.isFinite(float) ? float || 0 : text;
}
