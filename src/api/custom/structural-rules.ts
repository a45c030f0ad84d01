import type { FieldError } from '../../kube/errors.ts';
import { forbidden, invalidValue, required } from '../../kube/field-errors.ts';
import { isRecord } from '../../kube/json.ts';
import { goPattern } from './go-pattern.ts';
import type { StructuralSchema } from './structural.ts';

type Level = 'root' | 'item' | 'field';

/**
 * What keeps a schema of a CustomResourceDefinition from being structural, sorted, in the words of apiextensions-apiserver
 * (`pkg/apiserver/schema/validation.go`), with the keywords that it refuses of any schema (`pkg/apis/apiextensions/validation`).
 * @param path of the schema, such as `spec.versions[0].schema.openAPIV3Schema`
 */
export function checkStructural(schema: StructuralSchema, path: string): FieldError[] {
  const errors = [...checkSchema(schema, 'root', path), ...checkCompleteBelow(schema, path)];
  const text = ({ field, message }: FieldError) => `${field}: ${message}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

function checkSchema(schema: StructuralSchema, level: Level, path: string): FieldError[] {
  const { type = '', items, properties = {}, additionalProperties } = schema;
  const errors = [...checkKeywords(schema, path), ...checkType(schema, level, path), ...checkExtensions(schema, path)];
  if (type === 'array' && !isRecord(items)) errors.push(required(`${path}.items`, 'must be specified'));
  if (isRecord(items)) errors.push(...checkSchema(items, 'item', `${path}.items`));
  for (const [name, field] of Object.entries(properties))
    errors.push(...checkSchema(field, 'field', `${path}.properties[${name}]`));
  if (additionalProperties && level === 'root')
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  if (isRecord(additionalProperties))
    errors.push(...checkSchema(additionalProperties, 'field', `${path}.additionalProperties`));
  errors.push(...checkJunctors(schema, path));
  if (level === 'root' || schema['x-kubernetes-embedded-resource'])
    errors.push(...checkObjectFields(properties, level, path));
  return errors;
}

/** Keywords of OpenAPI that no CustomResourceDefinition may use. */
function checkKeywords(schema: StructuralSchema, path: string): FieldError[] {
  const unsupported = ['additionalItems', 'definitions', 'dependencies', 'id', 'patternProperties', '$ref'];
  const errors = unsupported
    .filter((word) => schema[word] !== undefined)
    .map((word) => forbidden(`${path}.${word}`, `${word} is not supported`));
  if (schema.uniqueItems === true)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  const { additionalProperties, properties } = schema;
  if (additionalProperties === false)
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  if (additionalProperties !== undefined && properties !== undefined && Object.keys(properties).length > 0)
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  return errors;
}

function checkType(schema: StructuralSchema, level: Level, path: string): FieldError[] {
  const { type = '' } = schema;
  const field = `${path}.type`;
  if (schema['x-kubernetes-embedded-resource'] && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    return [type === '' ? required(field, detail) : invalidValue(field, type, detail)];
  }
  if (type === '' && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields'])
    return [required(field, `must not be empty ${UNTYPED[level]}`)];
  return level === 'root' && type !== '' && type !== 'object'
    ? [invalidValue(field, type, 'must be object at the root')]
    : [];
}

const UNTYPED: Readonly<Record<Level, string>> = {
  root: 'at the root',
  item: 'for specified array items',
  field: 'for specified object fields',
};

function checkExtensions(schema: StructuralSchema, path: string): FieldError[] {
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const keepsAll = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const errors: FieldError[] = [];
  if (schema['x-kubernetes-int-or-string'])
    for (const word of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'])
      if (schema[word] === true)
        errors.push(invalidValue(`${path}.${word}`, true, 'must be false if x-kubernetes-int-or-string is true'));
  if (embedded && schema.additionalProperties)
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'));
  if (embedded && !keepsAll && Object.keys(schema.properties ?? {}).length === 0)
    errors.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  return errors;
}

/** Of an object's own fields a schema may say little. */
function checkObjectFields(fields: Record<string, StructuralSchema>, level: Level, path: string): FieldError[] {
  const { kind, apiVersion, metadata } = fields;
  const typed = (name: string, schema: StructuralSchema | undefined, type: string) =>
    schema && schema.type !== type
      ? [invalidValue(`${path}.properties[${name}].type`, schema.type ?? '', `must be ${type}`)]
      : [];
  return [
    ...typed('kind', kind, 'string'),
    ...typed('apiVersion', apiVersion, 'string'),
    ...typed('metadata', metadata, 'object'),
    ...(level === 'root' && metadata && !restrictsNamesOnly(metadata)
      ? [
          forbidden(
            `${path}.properties[metadata]`,
            'must not specify anything other than name and generateName, but metadata is implicitly specified',
          ),
        ]
      : []),
  ];
}

function restrictsNamesOnly({ type: _, default: __, properties = {}, ...rest }: StructuralSchema) {
  const names = Object.keys(properties).every((name) => ['name', 'generateName'].includes(name));
  return names && Object.keys(rest).length === 0;
}

function checkJunctors(schema: StructuralSchema, path: string): FieldError[] {
  const errors = nestedOf(schema, path, true).flatMap(([nested, place]) => checkNested(nested, place));
  const { pattern } = schema;
  if (typeof pattern === 'string' && pattern !== '' && !compiles(pattern))
    errors.push(invalidValue(`${path}.pattern`, pattern, 'must be a regular expression that this node can run'));
  return errors;
}

function compiles(pattern: string): boolean {
  try {
    goPattern(pattern);
    return true;
  } catch {
    return false;
  }
}

/** The schemas under allOf, anyOf, oneOf and not. `anyOf: [integer, string]`, also as the first of allOf, is how int-or-string is written. */
function nestedOf(schema: StructuralSchema, path: string, top: boolean): [StructuralSchema, string][] {
  const found: [StructuralSchema, string][] = [];
  for (const word of ['anyOf', 'allOf', 'oneOf']) {
    if (top && word === 'anyOf' && isIntOrString(schema.anyOf)) continue;
    const list = Array.isArray(schema[word]) ? (schema[word] as StructuralSchema[]) : [];
    list.forEach((one, i) => {
      const written = top && word === 'allOf' && i === 0 && isIntOrString(one.anyOf);
      const { anyOf: _, ...rest } = one;
      found.push([written ? rest : one, `${path}.${word}[${i}]`]);
    });
  }
  if (isRecord(schema.not)) found.push([schema.not, `${path}.not`]);
  return found;
}

const isIntOrString = (anyOf: unknown): boolean =>
  JSON.stringify(anyOf) === JSON.stringify([{ type: 'integer' }, { type: 'string' }]);

/** Under a junctor a schema says what a value must be, never what there is. */
function checkNested(schema: StructuralSchema, path: string): FieldError[] {
  const errors = Object.entries(NOT_NESTED).flatMap(([word, must]) =>
    schema[word] === undefined || schema[word] === false || schema[word] === ''
      ? []
      : [forbidden(`${path}.${word}`, `must be ${must} to be structural`)],
  );
  if (isRecord(schema.items)) errors.push(...checkNested(schema.items, `${path}.items`));
  for (const [name, field] of Object.entries(schema.properties ?? {}))
    errors.push(...checkNested(field, `${path}.properties[${name}]`));
  if (schema.properties?.metadata)
    errors.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  for (const [nested, place] of nestedOf(schema, path, false)) errors.push(...checkNested(nested, place));
  return errors;
}

const NOT_NESTED: Readonly<Record<string, string>> = {
  type: 'empty',
  additionalProperties: 'undefined',
  default: 'undefined',
  title: 'empty',
  description: 'empty',
  nullable: 'false',
  externalDocs: 'undefined',
  'x-kubernetes-preserve-unknown-fields': 'false',
  'x-kubernetes-embedded-resource': 'false',
  'x-kubernetes-int-or-string': 'false',
  'x-kubernetes-list-map-keys': 'empty',
  'x-kubernetes-list-type': 'undefined',
  'x-kubernetes-map-type': 'undefined',
  'x-kubernetes-validations': 'empty',
};

/** What a junctor speaks of must be there outside of it. `rules` stand at `place`, what they are about at `path`. */
function checkComplete(rules: StructuralSchema, shape: StructuralSchema, path: string, place: string): FieldError[] {
  return nestedOf(rules, place, rules === shape).flatMap(([nested, at]) => checkPresent(nested, shape, path, at));
}

function checkPresent(rules: StructuralSchema, shape: StructuralSchema, path: string, place: string): FieldError[] {
  const missing = (field: string, from: string) => [required(field, `because it is defined in ${from}`)];
  const fields = Object.entries(rules.properties ?? {}).flatMap(([name, field]) => {
    const [own, from] = [`${path}.properties[${name}]`, `${place}.properties[${name}]`];
    const known = shape.properties?.[name];
    return known ? checkPresent(field, known, own, from) : missing(own, from);
  });
  const [own, from] = [`${path}.items`, `${place}.items`];
  const items = !isRecord(rules.items)
    ? []
    : isRecord(shape.items)
      ? checkPresent(rules.items, shape.items, own, from)
      : missing(own, from);
  return [...fields, ...items, ...checkComplete(rules, shape, path, place)];
}

/** The junctors of every schema below, each against the schema that it stands in. */
function checkCompleteBelow(schema: StructuralSchema, path: string): FieldError[] {
  const { items, properties = {}, additionalProperties } = schema;
  return [
    ...checkComplete(schema, schema, path, path),
    ...(isRecord(items) ? checkCompleteBelow(items, `${path}.items`) : []),
    ...Object.entries(properties).flatMap(([name, one]) => checkCompleteBelow(one, `${path}.properties[${name}]`)),
    ...(isRecord(additionalProperties) ? checkCompleteBelow(additionalProperties, `${path}.additionalProperties`) : []),
  ];
}
