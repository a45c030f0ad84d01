import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../kube/json.ts';

/**
 * The first field in which two JSON values differ: `spec.containers[app].image`; items of lists by their names where they have some.
 * Undefined when they are the same.
 */
export function firstDifference(before: unknown, after: unknown, path = ''): string | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const found = firstDifference(before[key], after[key], path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    for (const [i, item] of after.entries()) {
      const found = firstDifference(before[i], item, `${path}[${nameOf(item) ?? i}]`);
      if (found !== undefined) return found;
    }
  return path;
}

/** The JSON merge patch (RFC 7386) that makes `after` of `before`. */
export function mergePatch(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (after[key] === undefined) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (value === undefined || isDeepStrictEqual(old, value)) continue;
    patch[key] = isRecord(old) && isRecord(value) ? mergePatch(old, value) : value;
  }
  return patch;
}

function nameOf(item: unknown): string | undefined {
  return isRecord(item) && typeof item.name === 'string' ? item.name : undefined;
}
