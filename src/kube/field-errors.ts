import type { FieldError } from './errors.ts';

/**
 * Makers of field errors in the words of apimachinery (`pkg/util/validation/field/errors.go`). A `value` is printed as Go's field errors print
 * it: strings quoted, numbers and booleans plain, anything else as JSON.
 */
export function required(field: string, detail = ''): FieldError {
  return { field, reason: 'FieldValueRequired', message: withDetail('Required value', detail) };
}

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: withDetail(`Invalid value: ${show(value)}`, detail) };
}

/** A value that Go prints without quotes, such as a quantity. */
export function invalidPlain(field: string, value: string, detail: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: withDetail(`Invalid value: ${value}`, detail) };
}

/** One error for each sentence of a check of names.ts. */
export function invalidEach(field: string, value: unknown, sentences: readonly string[]): FieldError[] {
  return sentences.map((sentence) => invalidValue(field, value, sentence));
}

export function duplicate(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${show(value)}` };
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueNotFound', message: `Not found: ${show(value)}` };
}

export function forbidden(field: string, detail: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail) };
}

/** `supported` is listed in the given order; Kubernetes sorts where its own list is a set. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length > 0 ? `supported values: ${supported.map(quote).join(', ')}` : '';
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: withDetail(`Unsupported value: ${show(value)}`, detail),
  };
}

/** `max` in bytes. The value itself is not repeated. */
export function tooLong(field: string, max: number): FieldError {
  return {
    field,
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}`,
  };
}

/** A value of another JSON type than the field's. */
export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { field, reason: 'FieldValueTypeInvalid', message: withDetail(`Invalid value: ${show(value)}`, detail) };
}

/** More items, or more fields of a map, than `max`. */
export function tooMany(field: string, actual: number, max: number): FieldError {
  const items = max === 1 ? 'item' : 'items';
  return { field, reason: 'FieldValueTooMany', message: `Too many: ${actual}: must have at most ${max} ${items}` };
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

function show(value: unknown): string {
  // As Go's field errors do: the word, quoted.
  if (value === undefined || value === null) return '"null"';
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}

/** Go's %q for what occurs in manifests: JSON's escapes are the same but for those of control characters. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([01][0-9a-f])/g, (_, hex: string) => GO_CONTROL[hex] ?? `\\x${hex}`);
}

const GO_CONTROL: Record<string, string> = { '07': '\\a', '0b': '\\v' };
