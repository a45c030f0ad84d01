import { isRecord } from '../../kube/json.ts';
import { printPath } from './fields-v1.ts';
import { elementOf, MissingKey } from './list-items.ts';
import { below, type Schema } from './schema.ts';

/** What keeps a configuration from being applied, each with its path: fields that the type does not have, items without or with the same keys. */
export function faultsOf(schema: Schema, value: unknown, path: readonly string[] = []): string[] {
  if (schema.form === 'list' && Array.isArray(value)) return itemFaults(schema, value, path);
  if (schema.form !== 'fields' || !isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const place = [...path, `f:${name}`];
    const known = schema.field(name) !== undefined || schema.others !== undefined;
    return known
      ? faultsOf(below(schema, `f:${name}`), item, place)
      : [`${printPath(place)}: field not declared in schema`];
  });
}

function itemFaults(
  schema: Extract<Schema, { form: 'list' }>,
  items: readonly unknown[],
  path: readonly string[],
): string[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    try {
      const element = elementOf(schema, item);
      if (seen.has(element)) return [`${printPath(path)}: duplicate entries for key ${printPath([element])}`];
      seen.add(element);
      return faultsOf(schema.item, item, [...path, element]);
    } catch (error) {
      if (error instanceof MissingKey) return [`${printPath(path)}: element ${i}: ${error.message}`];
      throw error;
    }
  });
}
