import { describe, expect, it } from 'vitest';
import { compileSidecars } from '../compile.ts';
import { small } from '../fixtures/small.ts';
import type { Sidecar, SidecarSpec } from '../sidecar.ts';
import { acceptSidecars } from './accept.ts';

const FIRST = { order: { before: ['*'] } };
/** Created in this second of an hour. */
const wide = (name: string, second: number, spec: Partial<SidecarSpec> = {}): Sidecar => at(small(name, spec), second);
const own = (name: string, namespace: string, second: number, spec: Partial<SidecarSpec> = {}): Sidecar => {
  const sidecar = at(small(name, spec, 'Sidecar'), second);
  return { ...sidecar, metadata: { ...sidecar.metadata, namespace } };
};
const at = (sidecar: Sidecar, second: number): Sidecar => ({
  ...sidecar,
  metadata: { ...sidecar.metadata, creationTimestamp: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z` },
});
const accept = (...definitions: Sidecar[]) => acceptSidecars(compileSidecars(definitions), definitions);
const reasons = (...definitions: Sidecar[]) =>
  Object.fromEntries([...accept(...definitions).acceptances].map(([key, { reason }]) => [key, reason]));

describe('which sidecars of a cluster get along', () => {
  const CASES: [string, Sidecar[], Record<string, string>][] = [
    ['one', [wide('a', 1)], { '/a': 'Accepted' }],
    ['two without wishes', [wide('a', 1), own('b', 'shop', 2)], { '/a': 'Accepted', 'shop/b': 'Accepted' }],
    [
      'two that both want to be first: the older',
      [wide('a', 2, FIRST), wide('b', 1, FIRST)],
      { '/a': 'OrderCycle', '/b': 'Accepted' },
    ],
    ['of one second, by name', [wide('b', 1, FIRST), wide('a', 1, FIRST)], { '/a': 'Accepted', '/b': 'OrderCycle' }],
    [
      'a ClusterSidecar before an older Sidecar',
      [own('a', 'shop', 1, FIRST), wide('b', 2, FIRST)],
      { 'shop/a': 'OrderCycle', '/b': 'Accepted' },
    ],
    [
      'those of two namespaces never meet',
      [own('a', 'shop', 1, FIRST), own('b', 'bank', 2, FIRST), own('a', 'bank', 3)],
      { 'shop/a': 'Accepted', 'bank/b': 'Accepted', 'bank/a': 'Accepted' },
    ],
    [
      'those that want other labels never meet',
      [
        wide('a', 1, { ...FIRST, selector: { matchLabels: { app: 'x' } } }),
        wide('b', 2, { ...FIRST, selector: { matchLabels: { app: 'y' } } }),
      ],
      { '/a': 'Accepted', '/b': 'Accepted' },
    ],
    [
      'those that want other names never meet, but for names that begin each other',
      [
        wide('a', 1, { ...FIRST, selector: { names: ['web'] } }),
        wide('b', 2, { ...FIRST, selector: { names: ['db'] } }),
        wide('c', 3, { ...FIRST, selector: { names: ['web-1'] } }),
        wide('d', 4, { ...FIRST, selector: { names: ['d*'] } }),
      ],
      { '/a': 'Accepted', '/b': 'Accepted', '/c': 'OrderCycle', '/d': 'OrderCycle' },
    ],
    [
      'a cycle of three: the last one',
      [
        wide('a', 1, { order: { before: ['b'] } }),
        wide('b', 2, { order: { before: ['c'] } }),
        wide('c', 3, { order: { before: ['a'] } }),
      ],
      { '/a': 'Accepted', '/b': 'Accepted', '/c': 'OrderCycle' },
    ],
    ['one name twice', [own('a', 'shop', 1), wide('a', 2)], { 'shop/a': 'NameTaken', '/a': 'Accepted' }],
    ['one that is invalid', [wide('a', 1, { selector: {} }), wide('b', 2)], { '/a': 'Invalid', '/b': 'Accepted' }],
  ];
  it.each(CASES)('%s', (_, definitions, expected) => {
    expect(reasons(...definitions)).toEqual(expected);
  });

  it('and says why', () => {
    const definitions = [wide('a', 1, FIRST), wide('b', 2, FIRST), wide('c', 3, { selector: {} }), own('a', 'shop', 1)];
    expect([...accept(...definitions).acceptances.values()].map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'The definition is valid.',
        'Nothing can be first: sidecar "b" before sidecar "a" before sidecar "b".',
        'spec.selector: Required value: an empty selector joins nobody; to join every Pod write matchAll: true',
        'There is a ClusterSidecar "a" that may join the same Pods, and a Pod knows sidecars by their names.',
      ]),
    );
  });

  it('a namespace has its own and those of the cluster', () => {
    const { sidecarsOf } = accept(
      wide('a', 1),
      own('b', 'shop', 2),
      own('c', 'bank', 3),
      wide('d', 4, { selector: {} }),
    );
    const names = (namespace: string) => sidecarsOf(namespace).sidecars.map(({ name }) => name);
    expect({ shop: names('shop'), bank: names('bank'), other: names('other') }).toEqual({
      shop: ['a', 'b'],
      bank: ['a', 'c'],
      other: ['a'],
    });
    expect(sidecarsOf('shop')).toBe(sidecarsOf('shop'));
  });
});
