import { isRecord } from '../../kube/json.ts';
import { type FieldSet, fieldSet, ITSELF, NOTHING, union } from './field-set.ts';
import { itemsOf } from './list-items.ts';
import { below, type Schema } from './schema.ts';

/**
 * The places that a configuration speaks of (structured-merge-diff, ToFieldSet): everything that is owned whole, items of lists, entries of maps,
 * and fields of a type only where they hold nothing.
 */
export function fieldsOf(schema: Schema, value: unknown): FieldSet {
  if (schema.form === 'list' && (value === null || Array.isArray(value))) {
    const items = [...itemsOf(schema, value)].map(([element, [item, ...more]]): [string, FieldSet] => [
      element,
      more.length > 0 ? ITSELF : union(ITSELF, fieldsOf(schema.item, item)),
    ]);
    return fieldSet(false, items);
  }
  if (schema.form === 'fields' && isRecord(value)) {
    const fields = Object.entries(value).map(([name, item]): [string, FieldSet] => [
      `f:${name}`,
      union(fieldsOf(below(schema, `f:${name}`), item), isOwnPlace(schema, name, item) ? ITSELF : NOTHING),
    ]);
    return fieldSet(false, fields);
  }
  return schema.form === 'leaf' || value !== null ? ITSELF : NOTHING;
}

function isOwnPlace(schema: Extract<Schema, { form: 'fields' }>, name: string, value: unknown): boolean {
  const empty = value === null || (isRecord(value) && Object.keys(value).length === 0);
  return empty || schema.field(name) === undefined;
}

/** A set with the named fields that its places lie in, which such sets do not say (structured-merge-diff, EnsureNamedFieldsAreMembers). */
export function withNamedFields(schema: Schema, set: FieldSet): FieldSet {
  const branches = [...set.children].map(([element, branch]): [string, FieldSet] => {
    const inner = withNamedFields(below(schema, element), branch);
    const named = schema.form === 'fields' && schema.field(element.slice(2)) !== undefined;
    return [element, named && branch.children.size > 0 ? union(inner, ITSELF) : inner];
  });
  return fieldSet(set.self, branches);
}
