import type { FieldError } from '../../kube/errors.ts';
import { invalidValue, notSupported, required, tooLong, tooMany, typeInvalid } from '../../kube/field-errors.ts';
import { isRecord, jsonKind } from '../../kube/json.ts';
import { hasFormat } from './formats.ts';
import { goPattern } from './go-pattern.ts';
import type { StructuralSchema } from './structural.ts';

/**
 * What a schema of a CustomResourceDefinition refuses of a value, in the words of kube-apiserver (kube-openapi `pkg/validation`,
 * apiextensions-apiserver `pkg/apiserver/validation`). `x-kubernetes-validations` are not looked at here.
 * @param path of the value; '' for the whole object
 * @throws SyntaxError for a pattern that `goPattern` does not take
 */
export function checkValue(schema: StructuralSchema, value: unknown, path = ''): FieldError[] {
  return [
    ...checkType(schema, value, path),
    ...checkJunctors(schema, value, path),
    ...(typeof value === 'string' ? checkString(schema, value, path) : []),
    ...(typeof value === 'number' ? checkNumber(schema, value, path) : []),
    ...(Array.isArray(value) ? checkList(schema, value, path) : []),
    ...checkEnum(schema, value, path),
    ...(isRecord(value) ? checkFields(schema, value, path) : []),
  ];
}

function checkType(schema: StructuralSchema, value: unknown, path: string): FieldError[] {
  const wanted = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : [];
  const actual = typeOf(value);
  const fits = wanted.length === 0 || wanted.includes(actual) || (actual === 'integer' && wanted.includes('number'));
  if (fits || (value === null && schema.nullable === true)) return [];
  const detail = `${subject(path)} must be of type ${wanted.join(',')}: ${JSON.stringify(actual)}`;
  return [typeInvalid(fieldOf(path), actual, detail)];
}

function typeOf(value: unknown): string {
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : (WORDS[jsonKind(value)] ?? jsonKind(value));
}

/** Where the schema's word is not the one of Go's decoder. */
const WORDS: Readonly<Record<string, string>> = { bool: 'boolean' };

function checkJunctors(schema: StructuralSchema, value: unknown, path: string): FieldError[] {
  const outcomes = (of: unknown) => ((of ?? []) as StructuralSchema[]).map((one) => checkValue(one, value, path));
  const passed = (of: FieldError[][]) => of.filter((errors) => errors.length === 0).length;
  const refused = (text: string) => invalidValue(fieldOf(path), '', `${JSON.stringify(path)} must ${text}`);
  const [any, one, all] = [outcomes(schema.anyOf), outcomes(schema.oneOf), outcomes(schema.allOf)];
  const found = passed(one);
  return [
    ...(any.length > 0 && passed(any) === 0 ? [refused('validate at least one schema (anyOf)'), ...fewest(any)] : []),
    ...(one.length > 0 && found === 0
      ? [refused('validate one and only one schema (oneOf). Found none valid'), ...fewest(one)]
      : []),
    ...(found > 1 ? [refused(`validate one and only one schema (oneOf). Found ${found} valid alternatives`)] : []),
    ...all.flat(),
    ...(passed(all) < all.length
      ? [refused(`validate all the schemas (allOf)${passed(all) === 0 ? '. None validated' : ''}`)]
      : []),
    ...(isRecord(schema.not) && checkValue(schema.not, value, path).length === 0
      ? [refused('not validate the schema (not)')]
      : []),
  ];
}

/** Of alternatives that all fail, the one that is nearest. */
function fewest(outcomes: FieldError[][]): FieldError[] {
  return outcomes.reduce((best, one) => (one.length < best.length ? one : best));
}

function checkString(schema: StructuralSchema, value: string, path: string): FieldError[] {
  const { maxLength, minLength, pattern, format } = schema as Record<string, unknown>;
  const field = fieldOf(path);
  const length = [...value].length;
  const errors: FieldError[] = [];
  if (typeof maxLength === 'number' && length > maxLength) errors.push(tooLong(field, maxLength));
  if (typeof minLength === 'number' && length < minLength)
    errors.push(invalidValue(field, value, `${subject(path)} should be at least ${minLength} chars long`));
  if (typeof pattern === 'string' && pattern !== '' && !goPattern(pattern).test(value))
    errors.push(invalidValue(field, value, `${subject(path)} should match '${pattern}'`));
  if (typeof format === 'string' && !hasFormat(value, format))
    errors.push(typeInvalid(field, value, `${subject(path)} must be of type ${format}: ${JSON.stringify(value)}`));
  return errors;
}

function checkNumber(schema: StructuralSchema, value: number, path: string): FieldError[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema as Record<string, unknown>;
  const fail = (text: string) => invalidValue(fieldOf(path), value, `${subject(path)} should be ${text}`);
  const errors: FieldError[] = [];
  if (typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf))
    errors.push(fail(`a multiple of ${multipleOf}`));
  if (typeof maximum === 'number' && (exclusiveMaximum ? value >= maximum : value > maximum))
    errors.push(fail(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  if (typeof minimum === 'number' && (exclusiveMinimum ? value <= minimum : value < minimum))
    errors.push(fail(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
  return errors;
}

function checkList(schema: StructuralSchema, value: unknown[], path: string): FieldError[] {
  const { items, minItems, maxItems } = schema;
  return [
    ...(items === undefined ? [] : value.flatMap((item, i) => checkValue(items, item, `${path}[${i}]`))),
    ...(typeof minItems === 'number' && value.length < minItems
      ? [invalidValue(fieldOf(path), value.length, `${subject(path)} should have at least ${minItems} items`)]
      : []),
    ...(typeof maxItems === 'number' && value.length > maxItems
      ? [tooMany(fieldOf(path), value.length, maxItems)]
      : []),
  ];
}

function checkEnum({ enum: allowed, nullable }: StructuralSchema, value: unknown, path: string): FieldError[] {
  if (!Array.isArray(allowed) || (value === null && nullable === true)) return [];
  const same = JSON.stringify(value);
  if (allowed.some((one) => JSON.stringify(one) === same)) return [];
  return [
    notSupported(
      fieldOf(path),
      value,
      allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
    ),
  ];
}

function checkFields(schema: StructuralSchema, value: Record<string, unknown>, path: string): FieldError[] {
  const { properties = {}, additionalProperties, minProperties, maxProperties } = schema;
  const count = Object.keys(value).length;
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  const errors: FieldError[] = [];
  if (typeof minProperties === 'number' && count < minProperties)
    errors.push(
      invalidValue(fieldOf(path), count, `${subject(path)} should have at least ${minProperties} properties`),
    );
  if (typeof maxProperties === 'number' && count > maxProperties)
    errors.push(tooMany(fieldOf(path), count, maxProperties));
  for (const name of (schema.required ?? []) as string[])
    if (!Object.hasOwn(value, name)) errors.push(required(below(name)));
  for (const [name, item] of Object.entries(value)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (isRecord(own)) errors.push(...checkValue(own, item, below(name)));
  }
  return errors;
}

/** A fault of the whole object has no field: Go prints its nil. */
function fieldOf(path: string): string {
  return path === '' ? '<nil>' : path;
}

function subject(path: string): string {
  return `${path} in body`;
}
