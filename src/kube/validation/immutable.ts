import type { FieldError } from '../errors.ts';
import { invalidValue } from '../field-errors.ts';

/** An error unless both values are the same; absent counts as equal to absent, '' and empty lists and maps. */
export function immutable(field: string, next: unknown, old: unknown): FieldError[] {
  return sameJson(next, old) ? [] : [invalidValue(field, next, 'field is immutable')];
}

/** Deep equality of JSON as apimachinery's Semantic.DeepEqual sees it: key order does not count, empty and absent are one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return a === b;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameJson(a[key], b[key]));
}

/** The paths at which two JSON values differ, as lines `-path: old` and `+path: new`, for the reader of an error. */
export function jsonDiff(old: unknown, next: unknown, path = ''): string[] {
  if (sameJson(old, next)) return [];
  if (isRecord(old) && isRecord(next)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
    return keys.flatMap((key) => jsonDiff(old[key], next[key], path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(old) && Array.isArray(next) && old.length === next.length)
    return old.flatMap((item, i) => jsonDiff(item, next[i], `${path}[${i}]`));
  return [
    ...(old === undefined ? [] : [`- ${path}: ${JSON.stringify(old)}`]),
    ...(next === undefined ? [] : [`+ ${path}: ${JSON.stringify(next)}`]),
  ];
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
