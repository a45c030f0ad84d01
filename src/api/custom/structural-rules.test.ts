import { expect, test } from 'vitest';
import type { StructuralSchema } from './structural.ts';
import { checkStructural } from './structural-rules.ts';

const said = (schema: StructuralSchema) =>
  checkStructural(schema, 's').map(({ field, message }) => `${field}: ${message}`);
const at = (x: StructuralSchema): StructuralSchema => ({ type: 'object', properties: { x } });

test.each<[string, StructuralSchema, string[]]>([
  ['an object', at({ type: 'string' }), []],
  ['no type at the root', {}, ['s.type: Required value: must not be empty at the root']],
  ['another type at the root', { type: 'string' }, ['s.type: Invalid value: "string": must be object at the root']],
  [
    'a field without type',
    at({}),
    ['s.properties[x].type: Required value: must not be empty for specified object fields'],
  ],
  [
    'items without type',
    at({ type: 'array', items: {} }),
    ['s.properties[x].items.type: Required value: must not be empty for specified array items'],
  ],
  ['no items', at({ type: 'array' }), ['s.properties[x].items: Required value: must be specified']],
  ['$ref', at({ type: 'object', $ref: '#/a' }), ['s.properties[x].$ref: Forbidden: $ref is not supported']],
  [
    'uniqueItems',
    at({ type: 'array', items: { type: 'string' }, uniqueItems: true }),
    [
      's.properties[x].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    ],
  ],
  [
    'both kinds of fields',
    at({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }),
    ['s.properties[x].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive'],
  ],
  [
    'a map at the root',
    { type: 'object', additionalProperties: { type: 'string' } },
    ['s.additionalProperties: Forbidden: must not be used at the root'],
  ],
  [
    'bounds of the name',
    {
      type: 'object',
      properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } } },
    },
    [],
  ],
  [
    'more of metadata',
    { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
    [
      's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
  ],
  [
    'int-or-string, both ways',
    at({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
    [],
  ],
  [
    'int-or-string, with more',
    at({
      'x-kubernetes-int-or-string': true,
      allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: 'a' }],
    }),
    [],
  ],
  [
    'a type under a junctor',
    at({ type: 'string', anyOf: [{ type: 'string' }] }),
    ['s.properties[x].anyOf[0].type: Forbidden: must be empty to be structural'],
  ],
  [
    'a field under a junctor only',
    { type: 'object', allOf: [{ properties: { y: { minimum: 1 } } }] },
    ['s.properties[y]: Required value: because it is defined in s.allOf[0].properties[y]'],
  ],
  [
    'a field in both',
    { type: 'object', properties: { y: { type: 'integer' } }, oneOf: [{ properties: { y: { minimum: 1 } } }] },
    [],
  ],
  [
    'an embedded resource without fields',
    at({ type: 'object', 'x-kubernetes-embedded-resource': true }),
    [
      's.properties[x].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    ],
  ],
  [
    'a pattern that is none',
    at({ type: 'string', pattern: '(' }),
    ['s.properties[x].pattern: Invalid value: "(": must be a regular expression that this node can run'],
  ],
  [
    'a field below a field under a junctor only',
    at({
      type: 'object',
      properties: { y: { type: 'object' } },
      anyOf: [{ properties: { y: { properties: { z: { minimum: 1 } } } } }],
    }),
    [
      's.properties[x].properties[y].properties[z]: Required value: because it is defined in s.properties[x].anyOf[0].properties[y].properties[z]',
    ],
  ],
])('%s', (_, schema, errors) => {
  expect(said(schema)).toEqual(errors);
});
