import { isRecord } from '../../kube/json.ts';
import type { FieldSet } from './field-set.ts';
import { tolerantElement } from './list-items.ts';
import { below, type Schema } from './schema.ts';

/** A value without what lies at the places of a set. What loses all that it had stays, empty. */
export function remove(schema: Schema, value: unknown, set: FieldSet): unknown {
  if (set.children.size === 0) return value;
  if (schema.form === 'list' && Array.isArray(value))
    return value.flatMap((item) => {
      const branch = set.children.get(tolerantElement(schema, item));
      return branch?.self ? [] : [branch ? remove(schema.item, item, branch) : item];
    });
  return schema.form === 'fields' && isRecord(value) ? removeFields(schema, value, set) : value;
}

function removeFields(schema: Schema, object: Record<string, unknown>, set: FieldSet): object {
  const left = Object.entries(object).flatMap(([name, value]): [string, unknown][] => {
    const branch = set.children.get(`f:${name}`);
    if (branch?.self) return [];
    return [[name, branch ? remove(below(schema, `f:${name}`), value, branch) : value]];
  });
  return Object.fromEntries(left);
}
