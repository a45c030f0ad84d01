import { isRecord } from '../../kube/json.ts';
import { isSame } from '../rest/equality.ts';
import { type FieldSet, fieldSet, ITSELF, NOTHING } from './field-set.ts';
import { itemsOf } from './list-items.ts';
import { below, type Schema } from './schema.ts';

/** What is different between two states of an object. Of what is owned as a whole only its own place is named. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

const SAME: Comparison = { added: NOTHING, modified: NOTHING, removed: NOTHING };
const ADDED: Comparison = { ...SAME, added: ITSELF };
const MODIFIED: Comparison = { ...SAME, modified: ITSELF };
const REMOVED: Comparison = { ...SAME, removed: ITSELF };

/** Compares two values of a type; undefined is none. Parts that the two states share are not looked at. */
export function compare(schema: Schema, before: unknown, after: unknown): Comparison {
  if (before === after) return SAME;
  if (schema.form === 'list' && [before, after].every(isListOrNothing)) return compareItems(schema, before, after);
  if (schema.form === 'fields' && [before, after].every(isObjectOrNothing)) return compareFields(schema, before, after);
  if (before === undefined) return ADDED;
  if (after === undefined) return REMOVED;
  return isSame(before, after) ? SAME : MODIFIED;
}

function compareFields(schema: Schema, before: unknown, after: unknown): Comparison {
  const [old, young] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
  const names = new Set([...Object.keys(old), ...Object.keys(young)]);
  const branches = [...names].map((name): [string, Comparison] => {
    const element = `f:${name}`;
    return [element, compare(below(schema, element), own(old, name), own(young, name))];
  });
  return joined(branches, before, after);
}

function compareItems(schema: Extract<Schema, { form: 'list' }>, before: unknown, after: unknown): Comparison {
  const [old, young] = [itemsOf(schema, before), itemsOf(schema, after)];
  const elements = new Set([...old.keys(), ...young.keys()]);
  const branches = [...elements].map((element): [string, Comparison] => {
    const [left = [], right = []] = [old.get(element), young.get(element)];
    if (left.length <= 1 && right.length <= 1) return [element, compare(schema.item, left[0], right[0])];
    if (left.length === 0) return [element, ADDED];
    if (right.length === 0) return [element, REMOVED];
    return [element, isSame(left, right) ? SAME : MODIFIED];
  });
  return joined(branches, before, after);
}

function joined(all: readonly [string, Comparison][], before: unknown, after: unknown): Comparison {
  const branches = all.filter(([, comparison]) => comparison !== SAME);
  if (branches.length === 0 && before !== undefined && after !== undefined) return SAME;
  const part = (name: keyof Comparison, self: boolean): FieldSet =>
    fieldSet(
      self,
      branches.map(([element, comparison]) => [element, comparison[name]]),
    );
  return {
    added: part('added', before === undefined),
    modified: part('modified', false),
    removed: part('removed', after === undefined),
  };
}

const isListOrNothing = (value: unknown): boolean => value === undefined || value === null || Array.isArray(value);
const isObjectOrNothing = (value: unknown): boolean => value === undefined || value === null || isRecord(value);
const own = (object: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;
