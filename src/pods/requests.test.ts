import { expect, test } from 'vitest';
import { busybox, makePod, sidecar } from '../../test/pods/world.ts';
import type { Container, PodSpec } from '../kube/generated/objects.ts';
import { podRequests } from './requests.ts';

const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } });

/** Init containers in the order of the manifest as `init 1`, `sidecar 2` (cpus), then the main containers; what the Pod counts for. */
type Row = [init: string, main: string, cpus: number];

/** KEP-753: what any moment of the Pod's life needs at most. */
const ROWS: Row[] = [
  ['', '1', 1],
  ['', '1 2', 3],
  ['init 3', '1', 3],
  ['init 1', '3', 3],
  ['init 2, init 4, init 3', '1', 4],
  ['sidecar 1', '1', 2],
  ['sidecar 1, sidecar 2', '1', 4],
  ['sidecar 5', '0', 5],
  ['sidecar 1, init 3', '1', 4],
  ['init 3, sidecar 1', '1', 3],
  ['init 3, sidecar 1', '3', 4],
  ['sidecar 1, init 3, sidecar 2', '1', 4],
  ['sidecar 1, sidecar 2, init 3', '1', 6],
  ['sidecar 1, init 5, sidecar 2, init 4', '1', 7],
  ['init 9, sidecar 1, sidecar 1, sidecar 1', '1', 9],
  ['sidecar 2, init 2, sidecar 3', '4 1', 10],
  ['sidecar 2, init 9, sidecar 3', '4 1', 11],
];

test.each(ROWS)('%s beside %s: %d', (init, main, cpus) => {
  const made = (text: string, index: number): Container => {
    const [kind, amount = ''] = text.split(' ');
    return kind === 'sidecar' ? sidecar(`s${index}`, cpu(amount)) : busybox(`i${index}`, cpu(amount));
  };
  const initContainers = init === '' ? [] : init.split(', ').map(made);
  const containers = main.split(' ').map((amount, index) => busybox(`m${index}`, cpu(amount)));
  expect(podRequests(makePod('p', { initContainers, containers }))).toEqual({ cpu: cpus * 1000 });
});

test.each<[string, Partial<PodSpec>, object]>([
  ['nothing asked', {}, {}],
  [
    'memory, too, in thousandths',
    { containers: [busybox('a', { resources: { limits: { memory: '1Ki' } } })] },
    { memory: 1024_000 },
  ],
  ['what is less is rounded up', { containers: [busybox('a', cpu('1100u'))] }, { cpu: 2 }],
  ['overhead on top', { containers: [busybox('a', cpu('1'))], overhead: { cpu: '250m' } }, { cpu: 1250 }],
])('%s', (_, spec, expected) => {
  expect(podRequests(makePod('p', spec))).toEqual(expected);
});
