import { isRecord } from '../../kube/json.ts';
import type { FieldSet } from './field-set.ts';
import { tolerantElement } from './list-items.ts';
import { below, type Schema } from './schema.ts';

/** A value without what lies at the places of a set. An object or list that loses all it had goes, too. */
export function remove(schema: Schema, value: unknown, set: FieldSet): unknown {
  if (set.children.size === 0) return value;
  if (schema.form === 'list' && Array.isArray(value)) return removeItems(schema, value, set);
  return schema.form === 'fields' && isRecord(value) ? removeFields(schema, value, set) : value;
}

function removeItems(schema: Extract<Schema, { form: 'list' }>, list: unknown[], set: FieldSet): unknown {
  const left = list.flatMap((item) => {
    const branch = set.children.get(tolerantElement(schema, item));
    if (!branch) return [item];
    const kept = branch.self ? undefined : remove(schema.item, item, branch);
    return kept === undefined ? [] : [kept];
  });
  return left.length > 0 || list.length === 0 ? left : undefined;
}

function removeFields(schema: Schema, object: Record<string, unknown>, set: FieldSet): unknown {
  const left = Object.entries(object).flatMap(([name, value]): [string, unknown][] => {
    const branch = set.children.get(`f:${name}`);
    if (!branch) return [[name, value]];
    const kept = branch.self ? undefined : remove(below(schema, `f:${name}`), value, branch);
    return kept === undefined ? [] : [[name, kept]];
  });
  return left.length > 0 || Object.keys(object).length === 0 ? Object.fromEntries(left) : undefined;
}
