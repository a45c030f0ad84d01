import { describe, expect, it } from 'vitest';
import { alignLists } from './align-lists.ts';

/** `a` and `b` kept, `-c` removed, `+d` inserted, in the order of the steps. */
function steps(old: unknown[], next: unknown[]): string {
  const show = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return alignLists(old, next)
    .map((step) => {
      if (step.do === 'insert') return `+${show(next[step.next])}`;
      if (step.do === 'remove') return `-${show(old[step.old])}`;
      return show(old[step.old]);
    })
    .join(' ');
}

describe('alignLists', () => {
  it.each([
    ['nothing', 'ab', 'ab', 'a b'],
    ['at the end', 'ab', 'abc', 'a b +c'],
    ['at the beginning', 'ab', 'xab', '+x a b'],
    ['between equal items', 'aa', 'aaa', 'a a +a'],
    ['removed', 'abc', 'ac', 'a -b c'],
    ['all removed', 'ab', '', '-a -b'],
    ['replaced in place', 'abc', 'axc', 'a b c'],
    ['moved', 'abc', 'bca', '-a b c +a'],
  ])('%s', (_, old, next, expected) => {
    expect(steps([...old], [...next])).toBe(expected);
  });

  it('knows a changed item by its merge key', () => {
    expect(
      steps(
        [{ name: 'a', image: '1' }],
        [
          { name: 'b', image: '1' },
          { name: 'a', image: '2' },
        ],
      ),
    ).toBe('+{"name":"b","image":"1"} {"name":"a","image":"1"}');
    const mount = (name: string, mountPath: string) => ({ name, mountPath });
    expect(steps([mount('v', '/a'), mount('v', '/b')], [mount('v', '/b'), mount('w', '/a')])).toBe(
      '-{"name":"v","mountPath":"/a"} {"name":"v","mountPath":"/b"} +{"name":"w","mountPath":"/a"}',
    );
  });

  it('knows an object of a List by its kind and name', () => {
    const pod = (name: string, image: string) => ({ kind: 'Pod', metadata: { name }, image });
    expect(steps([pod('a', '1'), pod('b', '1')], [pod('x', '0'), pod('a', '2'), pod('b', '2')])).toBe(
      '+{"kind":"Pod","metadata":{"name":"x"},"image":"0"} {"kind":"Pod","metadata":{"name":"a"},"image":"1"} {"kind":"Pod","metadata":{"name":"b"},"image":"1"}',
    );
  });

  it('knows an item without a name by what it still holds, else by its place', () => {
    expect(steps([{ a: 1 }], [{ b: 2 }, { a: 1, c: 3 }])).toBe('+{"b":2} {"a":1}');
    expect(steps([{ a: 1 }, { b: 1 }], [{ a: 2 }, { b: 2 }])).toBe('{"a":1} {"b":1}');
    expect(steps([[1], [2]], [[0], [1, 3], [2]])).toBe('+[0] [1] [2]');
    expect(steps(['a'], [{ a: 1 }])).toBe('-a +{"a":1}');
  });

  it('takes the way back that it came', () => {
    const before = [{ name: 'a' }, { x: {} }, 'a', null];
    const after = ['a', { name: 'a', y: 1 }, {}, { x: { z: 1 } }, 'a', 'a', null, null];
    const kept = (from: unknown[], to: unknown[]) =>
      alignLists(from, to).flatMap((step) => (step.do === 'keep' ? [step] : []));
    expect(kept(after, before).map(({ old, next }) => [next, old])).toEqual(
      kept(before, after).map(({ old, next }) => [old, next]),
    );
  });

  it('stays fast on long lists that share nothing', () => {
    const list = (prefix: string) => Array.from({ length: 2000 }, (_, i) => `${prefix}${i}`);
    const started = performance.now();
    expect(alignLists(list('a'), [...list('b'), 'c'])).toHaveLength(4001);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
