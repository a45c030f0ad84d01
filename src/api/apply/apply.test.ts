import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import { findResource } from '../../kube/resources.ts';
import { isSame } from '../rest/equality.ts';
import { compare } from './compare.ts';
import { difference, type FieldSet, intersection, isEmpty, isEqual, placesOf, union } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import { decodeFields, encodeFields, type FieldsV1, printPath } from './fields-v1.ts';
import { type Actor, decodeManagers, encodeManagers, idOf, type Managers, sameManagers } from './managers.ts';
import { merge } from './merge.ts';
import { apply, ownAfterUpdate, type Setting } from './ownership.ts';
import { remove } from './remove.ts';
import { schemaOf } from './schema.ts';

type Json = Record<string, unknown>;

const schema = schemaOf(findResource('', 'v1', 'pods')!);
const setting: Setting = {
  viewOf: (version) => (version === 'v1' ? { schema, of: (o) => o } : undefined),
  isForeign: () => false,
};
const now = '2026-01-01T00:00:00Z';
const applier = (manager: string): Actor => ({ manager, operation: 'Apply', apiVersion: 'v1' });
const updater = (manager: string): Actor => ({ manager, operation: 'Update', apiVersion: 'v1' });
const pod = (spec: Json, metadata: Json = {}): KubeObject => ({ kind: 'Pod', apiVersion: 'v1', metadata, spec });
const fields = (set: FieldSet): FieldsV1 => encodeFields(set);

interface State {
  object: KubeObject;
  managers: Managers;
}

const NEW: State = { object: { metadata: {}, spec: {} }, managers: new Map() };

function applied({ object, managers }: State, manager: string, config: KubeObject): State {
  const result = apply(setting, managers, applier(manager), { before: object, after: config, now });
  return { object: result.object as KubeObject, managers: result.managers };
}

function updated({ object, managers }: State, manager: string, next: KubeObject): State {
  return {
    object: next,
    managers: ownAfterUpdate(setting, managers, updater(manager), { before: object, after: next, now }),
  };
}

describe('merging a configuration into a list that is told apart by names', () => {
  const list = (names: string): Json[] => [...names].map((name) => ({ name }));
  const names = (live: string, config: string): string => {
    const { spec } = merge(schema, pod({ containers: list(live) }), pod({ containers: list(config) })) as KubeObject;
    return ((spec as Json).containers as { name: string }[]).map(({ name }) => name).join('');
  };
  test.each([
    ['', 'ab', 'ab'],
    ['ab', '', 'ab'],
    ['ab', 'ba', 'ba'],
    ['abc', 'b', 'abc'],
    ['abc', 'cx', 'abcx'],
    ['abc', 'xc', 'abxc'],
    ['abc', 'xa', 'xabc'],
    ['axbyc', 'cba', 'xycba'],
    ['aab', 'a', 'ab'],
  ])('live %s, configured %s: %s', (live, config, result) => {
    expect(names(live, config)).toBe(result);
  });
});

describe('what a configuration speaks of', () => {
  test.each<[string, KubeObject, FieldsV1]>([
    [
      'entries of maps, empty objects, items of lists by their keys, and what is owned whole',
      pod(
        {
          containers: [
            {
              name: 'c',
              command: ['a'],
              resources: {},
              ports: [{ containerPort: 1 }, { containerPort: 1, protocol: 'UDP' }],
            },
          ],
          nodeSelector: { a: 'b' },
          volumes: [{ name: 'v', emptyDir: {} }],
        },
        { labels: { a: 'b' }, finalizers: ['x'] },
      ),
      {
        'f:apiVersion': {},
        'f:kind': {},
        'f:metadata': { 'f:finalizers': { 'v:"x"': {} }, 'f:labels': { 'f:a': {} } },
        'f:spec': {
          'f:containers': {
            'k:{"name":"c"}': {
              '.': {},
              'f:command': {},
              'f:name': {},
              'f:ports': {
                'k:{"containerPort":1,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
                'k:{"containerPort":1,"protocol":"UDP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
              },
              'f:resources': {},
            },
          },
          'f:nodeSelector': {},
          'f:volumes': { 'k:{"name":"v"}': { '.': {}, 'f:emptyDir': {}, 'f:name': {} } },
        },
      },
    ],
    [
      'nulls',
      { metadata: {}, spec: { hostname: null, containers: null } },
      { 'f:metadata': {}, 'f:spec': { 'f:containers': {}, 'f:hostname': {} } },
    ],
  ])('%s', (_, config, expected) => {
    expect(fields(fieldsOf(schema, config))).toEqual(expected);
  });
});

describe('who owns what', () => {
  /** The owners of each place of spec, by the places as conflicts print them. */
  const owners = ({ managers }: State): Record<string, string> => {
    const found: Record<string, string[]> = {};
    for (const { manager, set } of managers.values())
      for (const place of placesOf(set)) found[printPath(place)] = [...(found[printPath(place)] ?? []), manager].sort();
    return Object.fromEntries(Object.entries(found).map(([path, who]) => [path, who.join(' ')]));
  };
  const one = applied(NEW, 'a', pod({ hostname: 'h', nodeName: 'n' }));

  test.each<[string, State, Record<string, string>, Json]>([
    ['one applies', one, { '.spec.hostname': 'a', '.spec.nodeName': 'a' }, { hostname: 'h', nodeName: 'n' }],
    [
      'another applies the same value of one',
      applied(one, 'b', pod({ hostname: 'h' })),
      { '.spec.hostname': 'a b', '.spec.nodeName': 'a' },
      { hostname: 'h', nodeName: 'n' },
    ],
    [
      'another forces another value',
      applied(one, 'b', pod({ hostname: 'x' })),
      { '.spec.hostname': 'b', '.spec.nodeName': 'a' },
      { hostname: 'x', nodeName: 'n' },
    ],
    [
      'the one stops to say a field',
      applied(one, 'a', pod({ hostname: 'h' })),
      { '.spec.hostname': 'a' },
      { hostname: 'h' },
    ],
    [
      'the one stops to say what two own',
      applied(applied(one, 'b', pod({ hostname: 'h' })), 'a', pod({ nodeName: 'n' })),
      { '.spec.hostname': 'b', '.spec.nodeName': 'a' },
      { hostname: 'h', nodeName: 'n' },
    ],
    [
      'an update changes a field, and the one applies it no more: it stays',
      applied(updated(one, 'u', pod({ hostname: 'y', nodeName: 'n' })), 'a', pod({ nodeName: 'n' })),
      { '.spec.hostname': 'u', '.spec.nodeName': 'a' },
      { hostname: 'y', nodeName: 'n' },
    ],
    [
      'an update removes a field: nobody owns it',
      updated(one, 'u', pod({ nodeName: 'n' })),
      { '.spec.nodeName': 'a' },
      { nodeName: 'n' },
    ],
    [
      'what nobody owns stays where the one applies nothing any more',
      applied(
        { ...one, object: pod({ hostname: 'h', nodeName: 'n', dnsPolicy: 'Default', containers: [{ name: 'c' }] }) },
        'a',
        pod({ hostname: 'h' }),
      ),
      { '.spec.hostname': 'a' },
      { hostname: 'h', dnsPolicy: 'Default', containers: [{ name: 'c' }] },
    ],
    [
      'two apply one container',
      applied(
        applied(NEW, 'a', pod({ containers: [{ name: 'c', image: 'i' }] })),
        'b',
        pod({ containers: [{ name: 'c', tty: true }] }),
      ),
      {
        '.spec.containers[name="c"]': 'a b',
        '.spec.containers[name="c"].image': 'a',
        '.spec.containers[name="c"].name': 'a b',
        '.spec.containers[name="c"].tty': 'b',
      },
      { containers: [{ name: 'c', image: 'i', tty: true }] },
    ],
    [
      'one of them stops to',
      applied(
        applied(
          applied(NEW, 'a', pod({ containers: [{ name: 'c', image: 'i' }, { name: 'd' }] })),
          'b',
          pod({ containers: [{ name: 'c', tty: true }] }),
        ),
        'a',
        pod({ containers: [{ name: 'd' }] }),
      ),
      {
        '.spec.containers[name="c"]': 'b',
        '.spec.containers[name="c"].name': 'b',
        '.spec.containers[name="c"].tty': 'b',
        '.spec.containers[name="d"]': 'a',
        '.spec.containers[name="d"].name': 'a',
      },
      { containers: [{ name: 'c', tty: true }, { name: 'd' }] },
    ],
  ])('%s', (_, state, expected, spec) => {
    const places = Object.entries(owners(state)).filter(([path]) => path.startsWith('.spec'));
    expect(Object.fromEntries(places)).toEqual(expected);
    expect(state.object.spec).toEqual(spec);
  });

  test('who owns something in a version that is not served loses it', () => {
    const stranger = { ...updater('s'), apiVersion: 'v0', set: decodeFields({ 'f:spec': {} }) };
    const managers = new Map([[idOf(stranger), stranger]]);
    expect(ownAfterUpdate(setting, managers, updater('u'), { before: {}, after: {}, now }).size).toBe(0);
  });
});

describe('laws', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const container = fc.record(
    {
      name: word,
      image: word,
      args: fc.array(word, { maxLength: 2 }),
      env: fc.uniqueArray(fc.record({ name: word, value: word }), {
        selector: ({ name }) => name,
        maxLength: 3,
        minLength: 1,
      }),
      ports: fc.uniqueArray(fc.record({ containerPort: fc.integer({ min: 1, max: 3 }) }), {
        selector: ({ containerPort }) => containerPort,
        maxLength: 2,
        minLength: 1,
      }),
      resources: fc.constant({}),
    },
    { requiredKeys: ['name'] },
  );
  const config: fc.Arbitrary<KubeObject> = fc
    .record({
      labels: optional(fc.dictionary(word, word, { minKeys: 1, maxKeys: 3 })),
      finalizers: optional(fc.uniqueArray(word, { maxLength: 3, minLength: 1 })),
      containers: optional(fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3, minLength: 1 })),
      nodeSelector: optional(fc.dictionary(word, word, { minKeys: 1, maxKeys: 2 })),
      hostname: optional(word),
    })
    .map(({ labels, finalizers, ...spec }) => JSON.parse(JSON.stringify(pod(spec, { labels, finalizers }))));

  /** An object without what holds nothing, which is how decoding leaves it. */
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    const kept = Object.entries(value).map(([name, item]) => [name, clean(item)] as const);
    return Object.fromEntries(
      kept.filter(
        ([, item]) =>
          item !== undefined && item !== null && !(typeof item === 'object' && Object.keys(item).length === 0),
      ),
    );
  };

  /** Items that are told apart by what they are have no order that anybody owns. */
  const inOrder = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.map(inOrder).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, name === 'args' ? item : inOrder(item)]),
    );
  };

  test('applying twice is applying once', () => {
    fc.assert(
      fc.property(config, config, (live, mine) => {
        const once = applied(applied(NEW, 'other', live), 'me', mine);
        const twice = applied(once, 'me', mine);
        expect(twice.object).toEqual(once.object);
        expect(sameManagers(twice.managers, once.managers)).toBe(true);
      }),
    );
  });

  test('whoever applies something and then nothing has changed nothing, where nobody is overruled', () => {
    fc.assert(
      fc.property(config, config, (live, mine) => {
        const before = applied(NEW, 'other', live);
        const { conflicts } = apply(setting, before.managers, applier('me'), {
          before: before.object,
          after: mine,
          now,
        });
        fc.pre(conflicts.length === 0);
        const after = applied(applied(before, 'me', mine), 'me', pod({}));
        expect(inOrder(clean(after.object))).toEqual(inOrder(clean(before.object)));
        const theirs = before.managers.get(idOf(applier('other')));
        const left = after.managers.get(idOf(applier('other')));
        expect(left?.set && fields(left.set)).toEqual(theirs?.set && fields(theirs.set));
      }),
    );
  });

  test('what is applied is there, and owned by who applies it', () => {
    fc.assert(
      fc.property(config, config, (live, mine) => {
        const { object, managers } = applied(updated(NEW, 'other', live), 'me', mine);
        expect(compare(schema, merge(schema, object, mine), object)).toMatchObject({ added: { children: new Map() } });
        const own = managers.get(idOf(applier('me')))?.set;
        for (const place of placesOf(fieldsOf(schema, mine).children.get('f:spec') ?? fieldsOf(schema, {})))
          expect(own && placesOf(own).map(printPath)).toContain(printPath(['f:spec', ...place]));
      }),
    );
  });

  test('a difference is empty only for what says the same, and removing what was added goes back', () => {
    fc.assert(
      fc.property(config, config, (a, b) => {
        const { added, modified, removed } = compare(schema, a, b);
        const empty = [added, modified, removed].every(isEmpty);
        if (isSame(a, b)) expect(empty).toBe(true);
        if (isEmpty(modified) && isEmpty(removed))
          expect(inOrder(clean(remove(schema, b, added)))).toEqual(inOrder(clean(a)));
      }),
    );
  });

  test('sets are sets, and are read as they were written', () => {
    const set = config.map((object) => fieldsOf(schema, object));
    fc.assert(
      fc.property(set, set, (a, b) => {
        expect(isEqual(union(difference(a, b), intersection(a, b)), a)).toBe(true);
        expect(isEmpty(difference(a, union(a, b)))).toBe(true);
        expect(isEqual(union(a, b), union(b, a))).toBe(true);
        expect(isEqual(decodeFields(JSON.parse(JSON.stringify(encodeFields(a)))), a)).toBe(true);
      }),
    );
  });

  test('managedFields are read as they were written', () => {
    fc.assert(
      fc.property(config, config, (a, b) => {
        const { managers } = updated(applied(NEW, 'a', a), 'b', b);
        expect(sameManagers(decodeManagers(encodeManagers(managers)) ?? new Map(), managers)).toBe(true);
      }),
    );
  });
});

test.each<[string, unknown]>([
  ['no object', []],
  ['an odd element', { spec: {} }],
  ['an element without a name', { 'f:': {} }],
  ['a key that is no object', { 'k:1': {} }],
  ['a value that is no JSON', { 'v:x': {} }],
  ['a leaf that is no object', { 'f:a': 1 }],
  ['what is nested too deep', JSON.parse(`${'{"f:a":'.repeat(300)}{}${'}'.repeat(300)}`)],
])('fieldsV1 with %s are not read', (_, value) => {
  expect(() => decodeFields(value)).toThrow();
});
