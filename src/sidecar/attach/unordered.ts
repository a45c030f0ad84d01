import { isRecord } from '../../kube/json.ts';
import { canonicalJson, sameValue } from '../canonical.ts';
import { hasKeys } from '../keys.ts';

/** The same but for the order of elements that have keys: containers, volumes, mounts, variables … */
export function sameButForOrder(a: unknown, b: unknown): boolean {
  return sameValue(a, b) || canonicalJson(sorted(a, '')) === canonicalJson(sorted(b, ''));
}

function sorted(value: unknown, field: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item, ''));
    return hasKeys(field) ? items.map((item) => canonicalJson(item)).sort() : items;
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item, key)]));
}
