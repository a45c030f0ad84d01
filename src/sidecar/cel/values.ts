import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';

/** JSON for CEL: whole numbers are CEL's `int`, as Kubernetes shows them to its own expressions. */
export function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    // null and absent are one in Kubernetes' objects, and `has()` has to say so.
    if (item !== undefined && item !== null) define(copy, key, toCel(item));
  }
  return copy;
}

/** A result that is no JSON. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
}

/** @throws NotJson */
export function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return safeNumber(value);
  if (value instanceof UnsignedInt) return safeNumber(value.valueOf());
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new NotJson(`${value} is no JSON number`);
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Duration) return String(value);
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (value instanceof Optional) return value.hasValue() ? fromCel(value.value()) : null;
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map) return fromEntries([...value]);
  if (isPlain(value)) return fromEntries(Object.entries(value));
  throw new NotJson('the result is neither text, number, boolean, list nor map');
}

function safeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new NotJson(`${value} is too large a number`);
  return number;
}

function fromEntries(entries: [unknown, unknown][]): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, item] of entries) define(copy, String(key), fromCel(item));
  return copy;
}

/** A key may be `__proto__`. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
