import { definitionOf } from '../../kube/decode.ts';
import type { FieldError } from '../../kube/errors.ts';
import { notSupported, required } from '../../kube/field-errors.ts';
import { isRecord } from '../../kube/json.ts';
import { mayHoldExpression } from '../cel/interpolation.ts';
import { CONFLICT_ANSWERS, FIELDS, type Field } from '../fields.ts';
import { type Finding, fromFieldError, onSidecar } from '../finding.ts';
import { nearest } from './nearest.ts';

/** Fields below these may be expressions, whatever their type; these themselves have to be written out. */
const RENDERED = /^spec\.(template|(mainContainers|share)\[\d+\])\./;

type Shape = Pick<Field, 'type' | 'required' | 'enum' | 'minItems'>;

/** Unknown fields, wrong types, missing fields and words that are not on the list. */
export function checkStructure(sidecar: unknown): Finding[] {
  return checkObject(sidecar, 'Sidecar', '');
}

function checkObject(value: unknown, definition: string, path: string): Finding[] {
  if (!isRecord(value)) return wrongType(value, 'object', path);
  const shapes = shapesOf(definition);
  const place = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const present = Object.entries(value).flatMap(([name, item]) => {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined) return [unknownField(name, Object.keys(shapes), place(name))];
    return item === null || item === undefined ? [] : checkValue(item, shape, place(name));
  });
  const missing = Object.entries(shapes).filter(
    ([name, shape]) => shape.required && (value[name] === undefined || value[name] === null),
  );
  return [...present, ...missing.map(([name]) => fault(required(place(name))))];
}

/** Our own table first, then Kubernetes' definitions. */
function shapesOf(definition: string): Readonly<Record<string, Shape>> {
  const own = FIELDS[definition];
  if (own !== undefined) return own;
  const { properties = {} } = definitionOf(definition) ?? {};
  // What Kubernetes requires is reported by its own validation, with the values that expressions have.
  return Object.fromEntries(Object.entries(properties).map(([name, type]) => [name, { type }]));
}

function checkValue(value: unknown, shape: Shape, path: string): Finding[] {
  const { type } = shape;
  if (typeof value === 'string' && type !== 'string' && mayHoldExpression(value) && isRendered(path)) return [];
  if (type.startsWith('[]')) return checkList(value, shape, path);
  if (type.startsWith('{}')) return checkMap(value, type.slice(2), path);
  if (type.startsWith('#')) return checkObject(value, type.slice(1), path);
  if (type === 'conflict-answers')
    return typeof value === 'string'
      ? checkWord(value, CONFLICT_ANSWERS, path)
      : checkObject(value, 'ConflictAnswers', path);
  if (type === 'shared-path') return typeof value === 'string' ? [] : checkObject(value, 'SharedPath', path);
  const wanted = scalarFault(type, value);
  return wanted === undefined ? checkWord(value, shape.enum, path) : wrongType(value, wanted, path);
}

function checkList(value: unknown, { type, enum: words, minItems = 0 }: Shape, path: string): Finding[] {
  if (!Array.isArray(value)) return wrongType(value, 'array', path);
  const shape: Shape = { type: type.slice(2), ...(words && { enum: words }) };
  return [
    ...(value.length < minItems ? [fault(required(path, 'must not be empty'))] : []),
    ...value.flatMap((item, i) => checkValue(item, shape, `${path}[${i}]`)),
  ];
}

function checkMap(value: unknown, type: string, path: string): Finding[] {
  if (!isRecord(value)) return wrongType(value, 'object', path);
  return Object.entries(value).flatMap(([key, item]) => checkValue(item, { type }, `${path}[${key}]`));
}

function checkWord(value: unknown, words: readonly string[] | undefined, path: string): Finding[] {
  return words === undefined || words.includes(String(value)) ? [] : [fault(notSupported(path, value, words))];
}

/** The name of the type that was wanted, when the value is none. */
function scalarFault(type: string, value: unknown): string | undefined {
  switch (type) {
    case 'string':
    case 'byte':
    case 'date-time':
    case 'micro-time':
      return typeof value === 'string' ? undefined : 'string';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'boolean';
    case 'integer':
      return Number.isInteger(value) ? undefined : 'integer';
    case 'number':
      return typeof value === 'number' ? undefined : 'number';
    case 'port':
    case 'int-or-string':
      return typeof value === 'string' || Number.isInteger(value) ? undefined : 'integer or string';
    case 'quantity':
      return typeof value === 'string' || typeof value === 'number' ? undefined : 'string';
    case 'scalar':
      return ['string', 'number', 'boolean'].includes(typeof value) ? undefined : 'string, number or boolean';
    default:
      return undefined;
  }
}

function unknownField(name: string, known: readonly string[], path: string): Finding {
  const meant = nearest(name, known);
  const ofPodSpec = /^spec\.template\.spec\.[^.[]+$/.test(path);
  const hint = ofPodSpec ? `; a sidecar brings only: ${known.join(', ')}` : '';
  return onSidecar(
    'UnknownField',
    path,
    `unknown field "${path}"${meant === undefined ? hint : `; did you mean "${meant}"?`}`,
  );
}

/** In the words of the API server about custom resources. */
function wrongType(value: unknown, wanted: string, path: string): Finding[] {
  const found = typeName(value);
  const field = path === '' ? 'the document' : path;
  const message = `Invalid value: "${found}": ${field} in body must be of type ${wanted}: "${found}"`;
  return [onSidecar('InvalidField', path, message)];
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function fault(error: FieldError): Finding {
  return fromFieldError(error, 'sidecar', 'InvalidField');
}

function isRendered(path: string): boolean {
  return RENDERED.test(path);
}
