import { expect, test } from 'vitest';
import { exited, running } from '../../test/pods/observed.ts';
import { busybox, makePod, sidecar } from '../../test/pods/world.ts';
import { isAlive, type ObservedContainer } from './observed.ts';
import { terminationOrder } from './termination-order.ts';

/** s1, an init container, s2, s3; a and b beside them. */
const POD = makePod('p', {
  initContainers: [sidecar('s1'), busybox('init'), sidecar('s2'), sidecar('s3')],
  containers: [busybox('a'), busybox('b')],
});

/** What there is, and who waits for whom: `s1: a b s2`. */
type Row = [title: string, containers: ObservedContainer[], order: string[]];

const ROWS: Row[] = [
  [
    'sidecars wait for the main containers and for the sidecar after them',
    ['a', 'b', 's1', 's2', 's3'].map((name) => running(name)),
    ['a:', 'b:', 's1: a b s2', 's2: a b s3', 's3: a b'],
  ],
  [
    'who does not run holds nobody up',
    [exited('a'), running('b'), running('s1'), exited('s2'), running('s3')],
    ['b:', 's1: b s3', 's3: b'],
  ],
  ['an init container that runs ends at once', [running('s1'), running('init')], ['s1:', 'init:']],
  ['sidecars alone: in reverse order', [running('s1'), running('s2'), running('s3')], ['s1: s2', 's2: s3', 's3:']],
  ['main containers alone: at once', [running('a'), running('b')], ['a:', 'b:']],
  ['a state nobody knows may be a process', [running('a', { state: 'UNKNOWN' }), running('s1')], ['a:', 's1: a']],
  ['made and never started is nobody', [running('a', { state: 'CREATED' }), running('s1')], ['s1:']],
  ['nothing runs', [exited('a'), exited('s1')], []],
];

test.each(ROWS)('%s', (_, containers, expected) => {
  const order = terminationOrder(POD, containers.filter(isAlive));
  expect(order.map(({ container, after }) => `${container.name}: ${after.join(' ')}`.trim())).toEqual(expected);
});
