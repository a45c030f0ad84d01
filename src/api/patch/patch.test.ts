import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyJsonPatch, type JsonPatchOperation } from './json-patch.ts';
import { applyMergePatch, createMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

type Json = Record<string, unknown>;

describe('JSON patch', () => {
  const document = { a: { b: [1, 2, 3] }, 'c/d': 1, 'e~f': 2, n: null };
  const cases: [string, JsonPatchOperation[], unknown][] = [
    ['adds a field', [{ op: 'add', path: '/x', value: 1 }], { ...document, x: 1 }],
    ['adds into a list', [{ op: 'add', path: '/a/b/1', value: 9 }], { ...document, a: { b: [1, 9, 2, 3] } }],
    ['appends to a list', [{ op: 'add', path: '/a/b/-', value: 9 }], { ...document, a: { b: [1, 2, 3, 9] } }],
    ['removes from a list', [{ op: 'remove', path: '/a/b/0' }], { ...document, a: { b: [2, 3] } }],
    ['replaces', [{ op: 'replace', path: '/a', value: 1 }], { ...document, a: 1 }],
    [
      'replaces a field that is not there, as Kubernetes does',
      [{ op: 'replace', path: '/x', value: 1 }],
      { ...document, x: 1 },
    ],
    ['replaces everything', [{ op: 'replace', path: '', value: { y: 1 } }], { y: 1 }],
    [
      'knows ~1 and ~0',
      [
        { op: 'replace', path: '/c~1d', value: 7 },
        { op: 'remove', path: '/e~0f' },
      ],
      { a: document.a, 'c/d': 7, n: null },
    ],
    ['moves', [{ op: 'move', from: '/a/b', path: '/x' }], { ...document, a: {}, x: [1, 2, 3] }],
    [
      'copies by value',
      [
        { op: 'copy', from: '/a', path: '/x' },
        { op: 'add', path: '/x/b/-', value: 4 },
      ],
      { ...document, x: { b: [1, 2, 3, 4] } },
    ],
    [
      'tests',
      [
        { op: 'test', path: '/a/b', value: [1, 2, 3] },
        { op: 'test', path: '/n', value: null },
      ],
      document,
    ],
    ['takes an absent field for null in a test', [{ op: 'test', path: '/x', value: null }], document],
    [
      'takes __proto__ for a name',
      [{ op: 'add', path: '/__proto__', value: { x: 1 } }],
      JSON.parse('{"a":{"b":[1,2,3]},"c/d":1,"e~f":2,"n":null,"__proto__":{"x":1}}'),
    ],
  ];
  test.each(cases)('%s', (_, operations, expected) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, operations)).toEqual(expected);
    expect(document).toEqual(before);
    expect(({} as Json).x).toBeUndefined();
  });

  const faults: [string, JsonPatchOperation][] = [
    ['a failed test', { op: 'test', path: '/a/b/0', value: 2 }],
    ['removing what is not there', { op: 'remove', path: '/x' }],
    ['adding below what is not there', { op: 'add', path: '/x/y', value: 1 }],
    ['adding below a scalar', { op: 'add', path: '/c~1d/y', value: 1 }],
    ['an index past the end', { op: 'add', path: '/a/b/4', value: 1 }],
    ['an index that is none', { op: 'replace', path: '/a/b/01', value: 1 }],
    ['a path without slash', { op: 'add', path: 'a', value: 1 }],
    ['moving into itself', { op: 'move', from: '/a', path: '/a/b' }],
    ['copying what is inherited', { op: 'copy', from: '/constructor', path: '/x' }],
    ['walking through what is inherited', { op: 'add', path: '/constructor/prototype/x', value: 1 }],
  ];
  test.each(faults)('refuses %s', (_, operation) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow();
  });
});

describe('merge patch', () => {
  /** RFC 7386, appendix A. */
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j + %j = %j', (target, patch, result) => {
    expect(applyMergePatch(target, patch)).toEqual(result);
  });

  test('a field may be called __proto__', () => {
    const merged = applyMergePatch({}, JSON.parse('{"__proto__":{"x":1}}'));
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"x":1}}');
    expect(({} as Json).x).toBeUndefined();
  });

  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.integer(), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), tie('value'), { maxKeys: 4 }),
  }));
  test('applying the difference gives the other', () => {
    fc.assert(
      fc.property(value.object, value.object, (a, b) => {
        expect(JSON.parse(JSON.stringify(applyMergePatch(a, createMergePatch(a, b))))).toEqual(
          JSON.parse(JSON.stringify(b)),
        );
      }),
    );
  });
});

describe('strategic merge patch of a Pod', () => {
  const pod = {
    metadata: { name: 'p', labels: { a: '1', b: '2' }, finalizers: ['x/1', 'x/2'] },
    spec: {
      nodeSelector: { disk: 'ssd' },
      containers: [
        {
          name: 'main',
          image: 'nginx',
          command: ['a', 'b'],
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          env: [{ name: 'A', value: '1' }],
        },
        { name: 'side', image: 'busybox' },
      ],
      volumes: [{ name: 'data', emptyDir: { medium: 'Memory' } }],
      tolerations: [{ key: 'k' }],
    },
  };
  const [main, side] = pod.spec.containers;
  const spec = (change: Json): Json => ({ ...pod, spec: { ...pod.spec, ...change } });
  const cases: [string, Json, Json][] = [
    [
      'maps merge and null removes',
      { metadata: { labels: { a: null, c: '3' } } },
      { ...pod, metadata: { ...pod.metadata, labels: { b: '2', c: '3' } } },
    ],
    [
      'containers merge by name',
      { spec: { containers: [{ name: 'side', image: 'alpine' }] } },
      spec({ containers: [main, { name: 'side', image: 'alpine' }] }),
    ],
    [
      'a new container comes before those that the patch does not name',
      { spec: { containers: [{ name: 'new', image: 'x' }] } },
      spec({ containers: [{ name: 'new', image: 'x' }, main, side] }),
    ],
    [
      '$setElementOrder says where it belongs',
      {
        spec: {
          '$setElementOrder/containers': [{ name: 'main' }, { name: 'side' }, { name: 'new' }],
          containers: [{ name: 'new', image: 'x' }],
        },
      },
      spec({ containers: [main, side, { name: 'new', image: 'x' }] }),
    ],
    [
      '$setElementOrder alone reorders',
      { spec: { '$setElementOrder/containers': [{ name: 'side' }, { name: 'main' }] } },
      spec({ containers: [side, main] }),
    ],
    [
      '$patch: delete removes an element',
      { spec: { containers: [{ name: 'side', $patch: 'delete' }] } },
      spec({ containers: [main] }),
    ],
    [
      '$patch: delete of what is not there does nothing',
      { spec: { containers: [{ name: 'none', $patch: 'delete' }] } },
      pod,
    ],
    [
      '$patch: replace replaces a list',
      { spec: { containers: [{ name: 'only', image: 'x' }, { $patch: 'replace' }] } },
      spec({ containers: [{ name: 'only', image: 'x' }] }),
    ],
    [
      '$patch: replace replaces a map',
      { metadata: { labels: { z: '1', $patch: 'replace' } } },
      { ...pod, metadata: { ...pod.metadata, labels: { z: '1' } } },
    ],
    [
      '$patch: merge changes nothing about merging',
      { spec: { containers: [{ name: 'side', $patch: 'merge', image: 'y' }] } },
      spec({ containers: [main, { name: 'side', image: 'y' }] }),
    ],
    [
      'lists inside elements merge by their own keys',
      {
        spec: {
          containers: [
            {
              name: 'main',
              env: [
                { name: 'B', value: '2' },
                { name: 'A', value: '9' },
              ],
            },
          ],
        },
      },
      spec({
        containers: [
          {
            ...main,
            env: [
              { name: 'B', value: '2' },
              { name: 'A', value: '9' },
            ],
          },
          side,
        ],
      }),
    ],
    [
      'ports merge by containerPort',
      { spec: { containers: [{ name: 'main', ports: [{ containerPort: 80, name: 'http' }] }] } },
      spec({ containers: [{ ...main, ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] }, side] }),
    ],
    [
      'lists without a merge key are replaced',
      { spec: { containers: [{ name: 'main', command: ['c'] }], tolerations: [{ key: 'z' }] } },
      spec({ containers: [{ ...main, command: ['c'] }, side], tolerations: [{ key: 'z' }] }),
    ],
    [
      'sets of scalars are joined',
      { metadata: { finalizers: ['x/2', 'x/3'] } },
      { ...pod, metadata: { ...pod.metadata, finalizers: ['x/1', 'x/2', 'x/3'] } },
    ],
    [
      '$deleteFromPrimitiveList takes scalars out',
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['x/1'] } },
      { ...pod, metadata: { ...pod.metadata, finalizers: ['x/2'] } },
    ],
    [
      '$retainKeys drops what it does not name',
      { spec: { volumes: [{ name: 'data', hostPath: { path: '/x' }, $retainKeys: ['name', 'hostPath'] }] } },
      spec({ volumes: [{ name: 'data', hostPath: { path: '/x' } }] }),
    ],
    [
      'a new object has no directives and no nulls',
      { spec: { volumes: [{ name: 'v', emptyDir: { medium: null, $retainKeys: [] } }] } },
      spec({ volumes: [{ name: 'v', emptyDir: {} }, ...pod.spec.volumes] }),
    ],
    [
      '$patch: replace alone empties a list',
      { spec: { containers: [{ $patch: 'replace' }] } },
      spec({ containers: [] }),
    ],
    [
      '$patch: replace of a container drops its other fields',
      { spec: { containers: [{ name: 'main', image: 'x', $patch: 'replace' }] } },
      spec({ containers: [] }),
    ],
    [
      '$patch: delete of a map leaves it empty',
      { metadata: { labels: { $patch: 'delete' } } },
      { ...pod, metadata: { ...pod.metadata, labels: {} } },
    ],
    [
      '$patch: delete and new elements in one list',
      {
        spec: {
          containers: [
            { name: 'side', $patch: 'delete' },
            { name: 'new', image: 'x' },
          ],
        },
      },
      spec({ containers: [{ name: 'new', image: 'x' }, main] }),
    ],
    [
      '$patch: delete inside an element',
      { spec: { containers: [{ name: 'main', env: [{ name: 'A', $patch: 'delete' }] }] } },
      spec({ containers: [{ ...main, env: [] }, side] }),
    ],
    ['null removes a whole list', { spec: { tolerations: null } }, spec({ tolerations: undefined })],
    [
      '$deleteFromPrimitiveList and new scalars in one list, in the order that is wanted',
      {
        metadata: {
          '$setElementOrder/finalizers': ['x/3', 'x/2'],
          '$deleteFromPrimitiveList/finalizers': ['x/1'],
          finalizers: ['x/3'],
        },
      },
      { ...pod, metadata: { ...pod.metadata, finalizers: ['x/3', 'x/2'] } },
    ],
    [
      '$deleteFromPrimitiveList of a list that is not there does nothing',
      { spec: { '$deleteFromPrimitiveList/none': ['x'] } },
      pod,
    ],
    [
      '$setElementOrder may name what is not there, and what it does not name stays',
      { spec: { '$setElementOrder/containers': [{ name: 'gone' }, { name: 'side' }] } },
      spec({ containers: [main, side] }),
    ],
    [
      '$retainKeys keeps what it names, also without the patch saying more of it',
      { spec: { volumes: [{ name: 'data', $retainKeys: ['name', 'emptyDir'] }] } },
      pod,
    ],
    ['a field that is not there is added', { spec: { hostname: 'h' } }, spec({ hostname: 'h' })],
    ['an unknown field is kept for the decoder to judge', { spec: { foo: { bar: [1] } } }, spec({ foo: { bar: [1] } })],
  ];
  test.each(cases)('%s', (_, patch, expected) => {
    const before = structuredClone({ pod, patch });
    expect(applyStrategicMergePatch(pod, patch, 'Pod')).toEqual(expected);
    expect({ pod, patch }).toEqual(before);
  });

  const faults: [string, Json, RegExp][] = [
    [
      'an element without its merge key',
      { spec: { containers: [{ image: 'x' }] } },
      /does not contain declared merge key: name/,
    ],
    ['an unknown $patch', { spec: { $patch: 'mend' } }, /unknown patch type: mend/],
    ['$setElementOrder that is no list', { spec: { '$setElementOrder/containers': 'x' } }, /invalid patch format/],
    [
      '$setElementOrder that misses an element',
      { spec: { '$setElementOrder/containers': [{ name: 'main' }], containers: [{ name: 'side' }] } },
      /doesn't match \$setElementOrder list/,
    ],
    [
      '$retainKeys that misses a field',
      { spec: { volumes: [{ name: 'data', hostPath: {}, $retainKeys: ['name'] }] } },
      /invalid patch format of retainKeys/,
    ],
    ['$retainKeys that is no list', { spec: { $retainKeys: 'x' } }, /invalid patch format of retainKeys/],
  ];
  test.each(faults)('refuses %s', (_, patch, message) => {
    expect(() => applyStrategicMergePatch(pod, patch, 'Pod')).toThrow(message);
  });
});
