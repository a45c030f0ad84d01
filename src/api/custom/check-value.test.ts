import { describe, expect, test } from 'vitest';
import { checkValue } from './check-value.ts';
import { hasFormat } from './formats.ts';
import type { StructuralSchema } from './structural.ts';

const said = (schema: StructuralSchema, value: unknown) =>
  checkValue({ type: 'object', properties: { x: schema } }, { x: value }).map((one) => `${one.field}: ${one.message}`);

describe('checkValue', () => {
  test.each<[string, StructuralSchema, unknown, string[]]>([
    ['a value of its type', { type: 'string' }, 'a', []],
    [
      'of another type',
      { type: 'string' },
      5,
      ['x: Invalid value: "integer": x in body must be of type string: "integer"'],
    ],
    [
      'a fraction',
      { type: 'integer' },
      1.5,
      ['x: Invalid value: "number": x in body must be of type integer: "number"'],
    ],
    ['a whole number', { type: 'number' }, 1, []],
    ['true', { type: 'boolean' }, true, []],
    ['null', { type: 'string' }, null, ['x: Invalid value: "null": x in body must be of type string: "null"']],
    ['null where it may be', { type: 'string', nullable: true, enum: ['a'] }, null, []],
    [
      'int-or-string',
      { 'x-kubernetes-int-or-string': true },
      true,
      ['x: Invalid value: "boolean": x in body must be of type integer,string: "boolean"'],
    ],
    ['too long', { type: 'string', maxLength: 2 }, 'äöü', ['x: Too long: may not be more than 2 bytes']],
    [
      'too short',
      { type: 'string', minLength: 1 },
      '',
      ['x: Invalid value: "": x in body should be at least 1 chars long'],
    ],
    [
      'a pattern',
      { type: 'string', pattern: '^(?P<n>a)\\z' },
      'ab',
      ['x: Invalid value: "ab": x in body should match \'^(?P<n>a)\\z\''],
    ],
    ['a pattern with flags', { type: 'string', pattern: '(?i)^A\\-b$' }, 'a-B', []],
    [
      'a format',
      { type: 'string', format: 'date-time' },
      'now',
      ['x: Invalid value: "now": x in body must be of type date-time: "now"'],
    ],
    [
      'below',
      { type: 'integer', minimum: 1 },
      0,
      ['x: Invalid value: 0: x in body should be greater than or equal to 1'],
    ],
    [
      'not above',
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      1,
      ['x: Invalid value: 1: x in body should be greater than 1'],
    ],
    ['above', { type: 'integer', maximum: 1 }, 2, ['x: Invalid value: 2: x in body should be less than or equal to 1']],
    ['a multiple', { type: 'integer', multipleOf: 3 }, 4, ['x: Invalid value: 4: x in body should be a multiple of 3']],
    ['an enum', { type: 'string', enum: ['a', 'b'] }, 'c', ['x: Unsupported value: "c": supported values: "a", "b"']],
    ['too few', { type: 'array', minItems: 1 }, [], ['x: Invalid value: 0: x in body should have at least 1 items']],
    ['too many', { type: 'array', maxItems: 1 }, [1, 2], ['x: Too many: 2: must have at most 1 item']],
    [
      'an item',
      { type: 'array', items: { type: 'string' } },
      ['a', {}],
      ['x[1]: Invalid value: "object": x[1] in body must be of type string: "object"'],
    ],
    ['required', { type: 'object', required: ['a'] }, {}, ['x.a: Required value']],
    [
      'a value of a map',
      { type: 'object', additionalProperties: { type: 'string' } },
      { k: [] },
      ['x.k: Invalid value: "array": x.k in body must be of type string: "array"'],
    ],
    ['too many fields', { type: 'object', maxProperties: 0 }, { a: 1 }, ['x: Too many: 1: must have at most 0 items']],
    [
      'none of any',
      { anyOf: [{ enum: [1] }] },
      2,
      [
        'x: Invalid value: "": "x" must validate at least one schema (anyOf)',
        'x: Unsupported value: 2: supported values: "1"',
      ],
    ],
    [
      'none of one',
      { oneOf: [{ required: ['a'] }] },
      {},
      [
        'x: Invalid value: "": "x" must validate one and only one schema (oneOf). Found none valid',
        'x.a: Required value',
      ],
    ],
    [
      'two of one',
      { oneOf: [{}, {}] },
      1,
      ['x: Invalid value: "": "x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      'not all',
      { allOf: [{ minimum: 2 }] },
      1,
      [
        'x: Invalid value: 1: x in body should be greater than or equal to 2',
        'x: Invalid value: "": "x" must validate all the schemas (allOf). None validated',
      ],
    ],
    ['not', { not: { enum: [1] } }, 1, ['x: Invalid value: "": "x" must not validate the schema (not)']],
  ])('%s', (_, schema, value, errors) => {
    expect(said(schema, value)).toEqual(errors);
  });

  test('a fault of the whole object has no field', () => {
    const [first] = checkValue({ anyOf: [{ required: ['a'] }] }, {});
    expect(first).toMatchObject({
      field: '<nil>',
      message: 'Invalid value: "": "" must validate at least one schema (anyOf)',
    });
  });
});

test.each<[string, string[], string[]]>([
  ['date-time', ['2026-11-24T08:00:00Z', '2026-11-24T08:00:00.5+01:00'], ['2026-11-24', '2026-02-30T08:00:00Z']],
  ['date', ['2026-11-24'], ['2026-13-01', '24.11.2026']],
  ['byte', ['YQ==', ''], ['a']],
  ['duration', ['1h30m', '0.5s'], ['1 day', '']],
  ['ipv4', ['10.0.0.1'], ['10.0.0.256', '::1']],
  ['ipv6', ['::1', 'fe80::1:2'], ['10.0.0.1', ':::']],
  ['cidr', ['10.0.0.0/8', 'fd00::/8'], ['10.0.0.0', '10.0.0.0/33']],
  ['hostname', ['a.example'], ['-a', 'a b']],
  ['uuid', ['6ba7b810-9dad-11d1-80b4-00c04fd430c8'], ['6ba7']],
  ['uri', ['https://a.example/b'], ['a b']],
  ['of nobody', ['anything'], []],
])('format %s', (format, good, bad) => {
  expect([...good, ...bad].filter((text) => hasFormat(text, format))).toEqual(good);
});
