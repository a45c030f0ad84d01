import { isRecord } from '../../kube/json.ts';
import { type FieldSet, fieldSet, ITSELF } from './field-set.ts';

/** A set as `fieldsV1` of managedFields says it: a place with places below it says `.` for itself. */
export interface FieldsV1 {
  [element: string]: FieldsV1;
}

/** No object is nested deeper that a client can send. */
const MAX_DEPTH = 250;

export function encodeFields({ self, children }: FieldSet): FieldsV1 {
  const sorted = [...children].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries([
    ...(self && children.size > 0 ? [['.', {}] as const] : []),
    ...sorted.map(([element, branch]) => [element, encodeFields(branch)] as const),
  ]);
}

/** @throws TypeError for what is no set */
export function decodeFields(fields: unknown): FieldSet {
  return decode(fields, 0, false);
}

function decode(fields: unknown, depth: number, below: boolean): FieldSet {
  if (!isRecord(fields) || depth > MAX_DEPTH) throw new TypeError('fieldsV1 is no set of fields');
  const names = Object.keys(fields);
  if (names.length === 0 && below) return ITSELF;
  const branches = names.filter((name) => name !== '.').map((name) => [checked(name), fields[name]] as const);
  return fieldSet(
    Object.hasOwn(fields, '.'),
    branches.map(([name, branch]) => [name, decode(branch, depth + 1, true)]),
  );
}

function checked(element: string): string {
  if (/^f:./s.test(element)) return element;
  if (/^[kvi]:/.test(element)) {
    const value: unknown = JSON.parse(element.slice(2));
    if (element[0] !== 'k' || isRecord(value)) return element;
  }
  throw new TypeError(`${JSON.stringify(element)} is no path element`);
}

/** A path as conflicts print it: `.spec.containers[name="c"].image`. */
export function printPath(elements: readonly string[]): string {
  return elements.map(printElement).join('');
}

function printElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  if (element.startsWith('i:')) return `[${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as object);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
