import { isRecord } from '../kube/json.ts';
import type { FieldPath } from './field-path.ts';

/** Equal as JSON: order of keys aside; a key with undefined is not there; -0 is 0. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return false;
  let keys = 0;
  for (const key in a) {
    if (a[key] === undefined) continue;
    if (!Object.hasOwn(b, key) || !sameValue(a[key], b[key])) return false;
    keys++;
  }
  for (const key in b) if (b[key] !== undefined) keys--;
  return keys === 0;
}

/** Where two values first differ, in the order of `a`; undefined where they do not. */
export function firstDifference(a: unknown, b: unknown, path: FieldPath = []): FieldPath | undefined {
  if (sameValue(a, b)) return undefined;
  if (Array.isArray(a) && Array.isArray(b)) {
    const index = a.findIndex((item, i) => !sameValue(item, b[i]));
    if (index === -1 || index >= b.length) return [...path, index === -1 ? a.length : index];
    return firstDifference(a[index], b[index], [...path, index]);
  }
  if (!isRecord(a) || !isRecord(b)) return path;
  const key = [...Object.keys(a), ...Object.keys(b)].find((name) => !sameValue(a[name], b[name]));
  return key === undefined ? path : firstDifference(a[key], b[key], [...path, key]);
}
