import { mergeScalars, orderBy } from './list-order.ts';
import { type Field, fieldOf } from './schema.ts';

/** A strategic merge patch that breaks the rules of its directives. */
export class BadStrategicPatch extends Error {
  override readonly name = 'BadStrategicPatch';
}

type Json = Record<string, unknown>;

const PATCH = '$patch';
const RETAIN_KEYS = '$retainKeys';
const SET_ORDER = '$setElementOrder/';
const DELETE_FROM = '$deleteFromPrimitiveList/';

/**
 * Applies a strategic merge patch: as a merge patch, but lists that have a merge key are merged element by element, and directives say what
 * cannot be said otherwise (kubernetes/community `strategic-merge-patch.md`). Neither argument is altered.
 * @param definition type of the object, by its name in definitions.json
 * @throws BadStrategicPatch
 */
export function applyStrategicMergePatch(original: Json, patch: Json, definition: string): Json {
  return mergeObject(original, patch, definition) ?? {};
}

/** @returns undefined when the patch deletes the object */
function mergeObject(original: Json, patch: Json, definition: string | undefined): Json | undefined {
  const directive = patch[PATCH];
  if (directive === 'replace') return clean(without(patch, PATCH)) as Json;
  if (directive === 'delete') return undefined;
  if (directive !== undefined && directive !== 'merge')
    throw new BadStrategicPatch(`unknown patch type: ${String(directive)}`);
  const result = new Map(Object.entries(retainKeys(original, patch)));
  for (const [key, list] of directives(patch, DELETE_FROM)) deleteFromList(result, key, list);
  const ordered = new Map(directives(patch, SET_ORDER));
  for (const [key, value] of Object.entries(patch))
    if (!isDirective(key)) mergeField(result, key, value, fieldOf(definition, key), ordered.get(key));
  for (const [key, order] of ordered) {
    const list = result.get(key);
    if (!Object.hasOwn(patch, key) && Array.isArray(list))
      result.set(key, orderBy(list, order, list, fieldOf(definition, key).mergeKey));
  }
  return Object.fromEntries(result);
}

function mergeField(result: Map<string, unknown>, key: string, value: unknown, field: Field, order?: unknown[]): void {
  const present = result.get(key);
  if (value === null) result.delete(key);
  else if (isObject(value) && isObject(present)) {
    const merged = mergeObject(present, value, field.definition);
    result.set(key, merged ?? {});
  } else if (Array.isArray(value) && Array.isArray(present) && field.merges)
    result.set(key, mergeList(present, value, field, order));
  else {
    const added = clean(value);
    if (order && Array.isArray(added)) checkOrder(value as unknown[], order, field.mergeKey);
    if (added !== undefined) result.set(key, added);
  }
}

function mergeList(original: unknown[], patch: unknown[], field: Field, order: unknown[] | undefined): unknown[] {
  if (order) checkOrder(patch, order, field.mergeKey);
  const objects = [...original, ...patch].some(isObject);
  if (!objects) return orderBy(mergeScalars(original, patch), order ?? patch, original, undefined);
  const { mergeKey } = field;
  if (mergeKey === undefined) throw new BadStrategicPatch('cannot merge lists without merge key');
  const replacing = patch.some((item) => isObject(item) && item[PATCH] === 'replace');
  if (replacing) return patch.flatMap((item) => (isObject(item) && item[PATCH] ? [] : [clean(item)]));
  const deleted = patch.filter((item): item is Json => isObject(item) && item[PATCH] === 'delete');
  const kept = original.filter((item) => !deleted.some((d) => hasKey(item, mergeKey, keyOf(d, mergeKey))));
  const rest = patch.filter((item) => !deleted.includes(item as Json));
  const merged = rest.reduce<unknown[]>((list, item) => mergeItem(list, item, field, mergeKey), kept);
  return orderBy(merged, order ?? rest, original, mergeKey);
}

function mergeItem(list: unknown[], item: unknown, field: Field, mergeKey: string): unknown[] {
  if (!isObject(item)) throw new BadStrategicPatch('lists of objects and of other values cannot be merged');
  const key = keyOf(item, mergeKey);
  const index = list.findIndex((present) => hasKey(present, mergeKey, key));
  if (index < 0) return [...list, clean(without(item, PATCH))];
  const merged = mergeObject(list[index] as Json, item, field.definition);
  return merged === undefined ? list.toSpliced(index, 1) : list.with(index, merged);
}

/** `$retainKeys`: of the original's fields only these stay, and the patch may set no others. */
function retainKeys(original: Json, patch: Json): Json {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return original;
  if (!Array.isArray(keys)) throw new BadStrategicPatch('invalid patch format of retainKeys');
  const set = Object.entries(patch).filter(([key, value]) => !isDirective(key) && value !== null);
  if (set.some(([key]) => !keys.includes(key))) throw new BadStrategicPatch('invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function deleteFromList(result: Map<string, unknown>, key: string, values: unknown[]): void {
  const list = result.get(key);
  if (Array.isArray(list))
    result.set(
      key,
      list.filter((item) => !values.includes(item)),
    );
}

/** What the patch sets must stand in `$setElementOrder`, in the same order. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  const same = (a: unknown, b: unknown): boolean =>
    mergeKey !== undefined && isObject(a) && isObject(b) ? a[mergeKey] === b[mergeKey] : a === b;
  let from = 0;
  for (const item of patch) {
    if (isObject(item) && item[PATCH] !== undefined) continue;
    const at = order.findIndex((ordered, i) => i >= from && same(item, ordered));
    if (at < 0)
      throw new BadStrategicPatch(
        `The order in patch list:\n${JSON.stringify(patch)}\n doesn't match $setElementOrder list:\n${JSON.stringify(order)}\n`,
      );
    from = at + 1;
  }
}

/** A value that the original does not have, without directives and nulls; undefined when it says only to delete. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (value[PATCH] === 'delete') return undefined;
  const fields = Object.entries(value).filter(([key, item]) => !isDirective(key) && item !== null);
  return Object.fromEntries(fields.map(([key, item]) => [key, clean(item)]).filter(([, item]) => item !== undefined));
}

function directives(patch: Json, prefix: string): [key: string, list: unknown[]][] {
  const found = Object.entries(patch).filter(([key]) => key.startsWith(prefix));
  return found.map(([key, value]) => {
    if (!Array.isArray(value)) throw new BadStrategicPatch(`invalid patch format of ${key}: expected a list`);
    return [key.slice(prefix.length), value];
  });
}

function keyOf(item: Json, mergeKey: string): unknown {
  const key = Object.hasOwn(item, mergeKey) ? item[mergeKey] : undefined;
  if (key === undefined || key === null)
    throw new BadStrategicPatch(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
  return key;
}

const hasKey = (item: unknown, mergeKey: string, key: unknown): boolean => isObject(item) && item[mergeKey] === key;

function isDirective(key: string): boolean {
  return key === PATCH || key === RETAIN_KEYS || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM);
}

function without({ ...object }: Json, key: string): Json {
  delete object[key];
  return object;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
