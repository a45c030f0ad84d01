import { isRecord } from '../../kube/json.ts';
import type { Schema } from './schema.ts';

export type ListSchema = Extract<Schema, { form: 'list' }>;

/** An item of a list without the field that tells it apart. */
export class MissingKey extends Error {
  override readonly name = 'MissingKey';
}

/**
 * The path element of an item: its keys, or itself.
 * @throws MissingKey
 */
export function elementOf({ keys }: ListSchema, item: unknown): string {
  if (!keys) return `v:${JSON.stringify(item)}`;
  if (!isRecord(item)) throw new MissingKey('an item of an associative list must be an object');
  const values = keys.flatMap((key): [string, unknown][] => {
    const value = item[key.name] ?? key.default;
    return value === undefined || value === null ? [] : [[key.name, value]];
  });
  if (values.length === 0)
    throw new MissingKey(
      `associative list with keys has an element that omits key field ${JSON.stringify(keys[0]?.name)} (and doesn't have default value)`,
    );
  return `k:${JSON.stringify(Object.fromEntries(values.sort(([a], [b]) => (a < b ? -1 : 1))))}`;
}

/** Items by their path elements, in the order of the list. Stored objects may have several of one element, and some without. */
export function itemsOf(schema: ListSchema, value: unknown): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const item of Array.isArray(value) ? value : []) {
    const element = tolerantElement(schema, item);
    const items = found.get(element);
    if (items) items.push(item);
    else found.set(element, [item]);
  }
  return found;
}

/** What has no key is told apart by itself. */
export function tolerantElement(schema: ListSchema, item: unknown): string {
  try {
    return elementOf(schema, item);
  } catch {
    return `v:${JSON.stringify(item)}`;
  }
}
