import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeObject } from '../decode.ts';
import { definitionOf } from '../decoder.ts';
import { withDefaults } from '../defaults/defaults.ts';
import { admitPod } from '../defaults/pod-admission.ts';
import { StatusError } from '../errors.ts';
import type { Pod } from '../generated/objects.ts';
import { qosClass } from '../qos.ts';
import { RESOURCES, type Resource } from '../resources.ts';
import { podWarnings } from './pod-warnings.ts';
import { validateObject, validateObjectUpdate } from './validate.ts';

const WORDS = ['', 'a', 'B', 'a.b', '/x', '..', 'In', 'Exists', 'Localhost', 'Always', 'Never', 'name', 'v1', '80'];
const SCALARS: Record<string, Arbitrary<unknown>> = {
  string: fc.constantFrom(...WORDS),
  integer: fc.constantFrom(-1, 0, 1, 80, 70_000),
  number: fc.double({ noNaN: true }),
  boolean: fc.boolean(),
  byte: fc.constantFrom('', 'eA==', 'e30='),
  'date-time': fc.constant('2024-01-01T00:00:00Z'),
  'micro-time': fc.constant('2024-01-01T00:00:00.000000Z'),
  'int-or-string': fc.constantFrom<unknown>(80, 'http'),
  quantity: fc.constantFrom('1', '500m', '-1', '1Gi', '0'),
  object: fc.constant({}),
};

/** Any JSON of a type, well formed or not: fields come and go, few levels deep, null here and there. */
function anyOf(type: string, depth: number): Arbitrary<unknown> {
  if (type.startsWith('[]')) return fc.array(anyOf(type.slice(2), depth), { maxLength: 2 });
  if (type.startsWith('{}')) return fc.dictionary(fc.constantFrom('a', 'cpu', 'x/y', 'B'), anyOf(type.slice(2), depth));
  if (!type.startsWith('#')) return SCALARS[type] ?? fc.constant(null);
  const fields = depth === 0 ? [] : Object.entries(definitionOf(type.slice(1))?.properties ?? {});
  return fc
    .subarray(fields, { maxLength: Math.min(8, fields.length) })
    .chain((some) =>
      fc.record(
        Object.fromEntries(
          some.map(([name, t]) => [
            name,
            name === 'kind' || name === 'apiVersion'
              ? fc.constant(undefined)
              : fc.oneof({ weight: 9, arbitrary: anyOf(t, depth - 1) }, { weight: 1, arbitrary: fc.constant(null) }),
          ]),
        ),
      ),
    );
}

/** What POST does to a body; a refusal is fine, a crash is not. */
function take(resource: Resource, body: unknown) {
  const { object } = decodeObject(resource, body);
  const full = withDefaults(resource.storage, object);
  return resource.resource === 'pods' ? (admitPod(full as Pod) as typeof full) : full;
}

const KINDS = RESOURCES.filter((r) => r.verbs.includes('get') && r.definition !== 'EventsV1Event' && !r.custom);

describe('whatever a client sends is taken or refused', () => {
  test.each(KINDS.map((r) => [r.resource, r] as const))('%s', (_, resource) => {
    fc.assert(
      fc.property(anyOf(`#${resource.definition}`, 6), (body) => {
        try {
          const object = take(resource, JSON.parse(JSON.stringify(body)));
          for (const error of validateObject(resource, object)) expect(error.message).not.toContain('undefined');
          expect(validateObjectUpdate(resource, object, structuredClone(object))).toBeInstanceOf(Array);
          if (resource.resource === 'pods') {
            expect(podWarnings(object as Pod)).toBeInstanceOf(Array);
            expect(qosClass(object as Pod)).toMatch(/^(Guaranteed|Burstable|BestEffort)$/);
          }
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });

  test('and what is taken decodes to itself', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.gen(), (resource, gen) => {
        const body = gen(() => anyOf(`#${resource.definition}`, 6));
        const once = decodeObject(resource, JSON.parse(JSON.stringify(body)));
        const again = decodeObject(resource, JSON.parse(JSON.stringify(once.object)));
        expect(again).toEqual({ object: once.object, strictErrors: [] });
      }),
      { numRuns: 150 },
    );
  });
});
