import { isRecord } from '../../kube/json.ts';

/** The parts of a structural schema (CustomResourceDefinition, `openAPIV3Schema`) that decide what is kept of an object. */
export interface StructuralSchema {
  type?: string;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema | boolean;
  items?: StructuralSchema;
  default?: unknown;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  [keyword: string]: unknown;
}

export interface Pruned {
  value: unknown;
  /** Paths of the fields that the schema does not know, in the order of the document. */
  unknown: string[];
}

/**
 * A copy of a value as an API server keeps it: without fields that the schema does not know and without nulls, and with the schema's
 * defaults. A value of another type than the schema's stays as it is: that is for validation to say.
 */
export function prune(schema: StructuralSchema, value: unknown, path = ''): Pruned {
  const unknown: string[] = [];
  return { value: keep(schema, value, path, unknown), unknown };
}

function keep(schema: StructuralSchema, value: unknown, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, i) => keep(items, item, `${path}[${i}]`, unknown));
  }
  return isRecord(value) ? keepFields(schema, value, path, unknown) : value;
}

function keepFields(schema: StructuralSchema, value: Record<string, unknown>, path: string, unknown: string[]) {
  const result: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === null || item === undefined) continue;
    const place = path === '' ? name : `${path}.${name}`;
    const known = fieldSchema(schema, name);
    if (known === undefined) unknown.push(place);
    else define(result, name, keep(known, item, place, unknown));
  }
  for (const [name, { default: value }] of Object.entries(schema.properties ?? {}))
    if (value !== undefined) result[name] ??= structuredClone(value);
  return result;
}

/** The schema of a field; anything goes where the schema says so, or nothing. */
function fieldSchema(schema: StructuralSchema, name: string): StructuralSchema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  if (isRecord(additionalProperties)) return additionalProperties;
  return additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] ? ANYTHING : undefined;
}

const ANYTHING: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true };

/** A field may be called `__proto__`. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
