import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startApi } from '../rest/fixture.ts';
import { applyJsonPatch, type JsonPatchOperation } from './json-patch.ts';

type Operation = JsonPatchOperation;

/** Behaviours that RFC 6902 asks for, by its sections: document, patch, result. */
const CASES: [string, unknown, Operation[], unknown][] = [
  ['an empty patch changes nothing', { foo: 1 }, [], { foo: 1 }],
  ['add: a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
  ['add: over a member', { foo: 'bar' }, [{ op: 'add', path: '/foo', value: 1 }], { foo: 1 }],
  ['add: into a list', ['bar', 'baz'], [{ op: 'add', path: '/1', value: 'qux' }], ['bar', 'qux', 'baz']],
  ['add: at the start of a list', ['bar'], [{ op: 'add', path: '/0', value: 'qux' }], ['qux', 'bar']],
  ['add: at the end of a list, by its length', ['bar'], [{ op: 'add', path: '/1', value: 'qux' }], ['bar', 'qux']],
  ['add: at the end of a list, by -', { a: [1] }, [{ op: 'add', path: '/a/-', value: [2] }], { a: [1, [2]] }],
  ['add: a list into a list is one element', { a: [] }, [{ op: 'add', path: '/a/0', value: [1, 2] }], { a: [[1, 2]] }],
  [
    'add: below a new member',
    {},
    [
      { op: 'add', path: '/child', value: {} },
      { op: 'add', path: '/child/grandchild', value: 1 },
    ],
    { child: { grandchild: 1 } },
  ],
  ['add: null is a value', {}, [{ op: 'add', path: '/a', value: null }], { a: null }],
  ['add: the empty name', {}, [{ op: 'add', path: '/', value: 1 }], { '': 1 }],
  ['add: below the empty name', { '': {} }, [{ op: 'add', path: '//a', value: 1 }], { '': { a: 1 } }],
  ['add: a number names a member of an object', { a: {} }, [{ op: 'add', path: '/a/0', value: 1 }], { a: { 0: 1 } }],
  ['add: the document', { a: 1 }, [{ op: 'add', path: '', value: { b: 2 } }], { b: 2 }],
  ['remove: a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  ['remove: an element', ['bar', 'qux', 'baz'], [{ op: 'remove', path: '/1' }], ['bar', 'baz']],
  ['remove: deep down', { a: [{ b: [1, 2] }] }, [{ op: 'remove', path: '/a/0/b/0' }], { a: [{ b: [2] }] }],
  [
    'remove: twice at one index',
    [1, 2, 3],
    [
      { op: 'remove', path: '/0' },
      { op: 'remove', path: '/0' },
    ],
    [3],
  ],
  ['remove: null', { a: null }, [{ op: 'remove', path: '/a' }], {}],
  ['replace: a value', { a: 'b', c: 1 }, [{ op: 'replace', path: '/a', value: 'x' }], { a: 'x', c: 1 }],
  ['replace: an element by a list', ['a'], [{ op: 'replace', path: '/0', value: [1] }], [[1]]],
  ['replace: by null', { a: 1 }, [{ op: 'replace', path: '/a', value: null }], { a: null }],
  ['replace: the document', { a: 1 }, [{ op: 'replace', path: '', value: [1] }], [1]],
  ['replace: an absent member, as Kubernetes does', {}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
  [
    'move: a value',
    { foo: { bar: 1, waldo: 2 }, qux: {} },
    [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    {
      foo: { bar: 1 },
      qux: { thud: 2 },
    },
  ],
  [
    'move: an element',
    ['all', 'grass', 'cows', 'eat'],
    [{ op: 'move', from: '/1', path: '/3' }],
    ['all', 'cows', 'eat', 'grass'],
  ],
  ['move: to where it is', { a: 1 }, [{ op: 'move', from: '/a', path: '/a' }], { a: 1 }],
  ['move: over another', { a: 1, b: 2 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
  ['move: out of its parent', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/a' }], { a: 1 }],
  ['copy: a value', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
  [
    'copy: into its own child',
    { a: { b: 1 } },
    [{ op: 'copy', from: '/a', path: '/a/c' }],
    { a: { b: 1, c: { b: 1 } } },
  ],
  ['copy: null', { a: null }, [{ op: 'copy', from: '/a', path: '/b' }], { a: null, b: null }],
  [
    'test: values',
    { baz: 'qux', foo: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/1', value: 2 },
    ],
    { baz: 'qux', foo: ['a', 2, 'c'] },
  ],
  [
    'test: members in any order',
    { a: { x: 1, y: [2] } },
    [{ op: 'test', path: '/a', value: { y: [2], x: 1 } }],
    {
      a: { x: 1, y: [2] },
    },
  ],
  ['test: the document', { a: 1 }, [{ op: 'test', path: '', value: { a: 1 } }], { a: 1 }],
  [
    'test: names with ~0, ~1, %, ^, |, \\, " and blanks',
    { '/': 9, '~1': 10, 'm~n': 8, 'c%d': 2, 'e^f': 3, 'g|h': 4, 'i\\j': 5, 'k"l': 6, ' ': 7 },
    [
      { op: 'test', path: '/~1', value: 9 },
      { op: 'test', path: '/~01', value: 10 },
      { op: 'test', path: '/m~0n', value: 8 },
      { op: 'test', path: '/c%d', value: 2 },
      { op: 'test', path: '/e^f', value: 3 },
      { op: 'test', path: '/g|h', value: 4 },
      { op: 'test', path: '/i\\j', value: 5 },
      { op: 'test', path: '/k"l', value: 6 },
      { op: 'test', path: '/ ', value: 7 },
      { op: 'replace', path: '', value: {} },
    ],
    {},
  ],
];

/** What the same document must refuse; nothing of it is carried out. */
const DOCUMENT = { foo: 'bar', list: ['a', 'b'], nested: { x: 1 }, nothing: null };
const REFUSED: [string, Operation][] = [
  ['add below an absent member', { op: 'add', path: '/baz/bat', value: 1 }],
  ['add below a string', { op: 'add', path: '/foo/x', value: 1 }],
  ['add below null', { op: 'add', path: '/nothing/x', value: 1 }],
  ['add past the end', { op: 'add', path: '/list/3', value: 1 }],
  ['add before the start', { op: 'add', path: '/list/-1', value: 1 }],
  ['add at an index with a leading zero', { op: 'add', path: '/list/00', value: 1 }],
  ['add at a name in a list', { op: 'add', path: '/list/x', value: 1 }],
  ['add at 1e0', { op: 'add', path: '/list/1e0', value: 1 }],
  ['add through the end of a list', { op: 'add', path: '/list/-/x', value: 1 }],
  ['remove an absent member', { op: 'remove', path: '/baz' }],
  ['remove past the end', { op: 'remove', path: '/list/2' }],
  ['remove at the end mark', { op: 'remove', path: '/list/-' }],
  ['remove below an absent member', { op: 'remove', path: '/baz/x' }],
  ['replace past the end', { op: 'replace', path: '/list/2', value: 1 }],
  ['replace below an absent member', { op: 'replace', path: '/baz/x', value: 1 }],
  ['move from an absent member', { op: 'move', from: '/baz', path: '/foo' }],
  ['move into a child of itself', { op: 'move', from: '/nested', path: '/nested/x/y' }],
  ['copy from an absent member', { op: 'copy', from: '/baz', path: '/foo' }],
  ['copy from past the end', { op: 'copy', from: '/list/2', path: '/foo' }],
  ['test another value', { op: 'test', path: '/foo', value: 'BAR' }],
  ['test a number for its text', { op: 'test', path: '/nested/x', value: '1' }],
  ['test a list for an object', { op: 'test', path: '/list', value: { 0: 'a', 1: 'b' } }],
  ['test a list in another order', { op: 'test', path: '/list', value: ['b', 'a'] }],
  ['test a part of an object', { op: 'test', path: '/nested', value: {} }],
  ['test below an absent member', { op: 'test', path: '/baz/x', value: null }],
  ['a path without a slash', { op: 'test', path: 'foo', value: 'bar' }],
];

describe('JSON patch, by RFC 6902', () => {
  test.each(CASES)('%s', (_, document, operations, result) => {
    const before = structuredClone({ document, operations });
    expect(applyJsonPatch(document, operations)).toEqual(result);
    expect({ document, operations }).toEqual(before);
  });

  test.each(REFUSED)('refuses to %s, and all that came before it', (_, operation) => {
    const before = structuredClone(DOCUMENT);
    expect(() => applyJsonPatch(DOCUMENT, [{ op: 'add', path: '/first', value: 1 }, operation])).toThrow();
    expect(DOCUMENT).toEqual(before);
  });

  test('refuses copies of copies before they fill the memory', () => {
    const twice: Operation = { op: 'copy', from: '/list', path: '/list/0' };
    const times = (n: number): Operation[] => Array.from({ length: n }, () => twice);
    expect(applyJsonPatch({ list: ['x'] }, times(2))).toEqual({ list: [[['x'], 'x'], ['x'], 'x'] });
    expect(() => applyJsonPatch({ list: ['x'] }, times(60))).toThrow(/copies come to more than/);
  });

  test('a member that was added is found there, and the document is as before when it is removed again', () => {
    const name = fc.string().filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue()), name, fc.jsonValue(), (document, field, value) => {
        fc.pre(!Object.hasOwn(document, field));
        const path = `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        const added = applyJsonPatch(document, [
          { op: 'add', path, value },
          { op: 'test', path, value },
        ]);
        expect(added).toEqual({ ...document, [field]: value });
        expect(applyJsonPatch(added, [{ op: 'remove', path }])).toEqual(document);
      }),
    );
  });
});

describe('a JSON patch that the server refuses', () => {
  const rejected = { code: 422, message: 'the server rejected our request due to an error in our request' };
  test.each([
    ['an operation that nobody knows', '[{"op":"spam","path":"/data"}]', rejected],
    ['an operation without a path', '[{"op":"add","value":{}}]', rejected],
    ['an add without a value', '[{"op":"add","path":"/data"}]', rejected],
    ['a move without its origin', '[{"op":"move","path":"/data"}]', rejected],
    ['a path that is not there', '[{"op":"remove","path":"/data/none/x"}]', rejected],
    ['an object', '{"op":"add"}', { code: 400 }],
    ['null', 'null', { code: 400 }],
    ['no JSON', '[{"op":', { code: 400 }],
    ['nothing', '', { code: 400 }],
    ['what makes the object no object', '[{"op":"replace","path":"","value":[]}]', { code: 422 }],
    ['what gives it another name', '[{"op":"replace","path":"/metadata/name","value":"b"}]', { code: 400 }],
    ['what gives it another kind', '[{"op":"replace","path":"/data","value":"text"}]', { code: 422 }],
  ])('holds %s', async (_, body, status) => {
    const f = await startApi();
    const maps = '/api/v1/namespaces/default/configmaps';
    await f.post(maps, { metadata: { name: 'a' }, data: { x: '1' } });
    const before = await f.object(`${maps}/a`);
    const headers = { 'Content-Type': 'application/json-patch+json' };
    expect((await f.ask('PATCH', `${maps}/a`, { body, headers })).json).toMatchObject({ kind: 'Status', ...status });
    expect(await f.object(`${maps}/a`)).toEqual(before);
  });
});
