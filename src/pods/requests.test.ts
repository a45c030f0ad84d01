import { expect, test } from 'vitest';
import { busybox, makePod, sidecar } from '../../test/pods/world.ts';
import { podRequests } from './requests.ts';

const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } });

test.each([
  { name: 'nothing asked', spec: {}, expected: {} },
  {
    name: 'main containers add up',
    spec: { containers: [busybox('a', cpu('1')), busybox('b', cpu('500m'))] },
    expected: { cpu: 1500 },
  },
  {
    name: 'the largest init container counts, not their sum',
    spec: { initContainers: [busybox('i', cpu('2')), busybox('j', cpu('3'))], containers: [busybox('a', cpu('1'))] },
    expected: { cpu: 3000 },
  },
  {
    name: 'sidecars run beside the main containers',
    spec: { initContainers: [sidecar('s', cpu('1')), sidecar('t', cpu('2'))], containers: [busybox('a', cpu('3'))] },
    expected: { cpu: 6000 },
  },
  {
    name: 'an init container shares with the sidecars before it',
    spec: { initContainers: [sidecar('s', cpu('1')), busybox('i', cpu('4'))], containers: [busybox('a', cpu('1'))] },
    expected: { cpu: 5000 },
  },
  {
    name: 'but not with those after it: the order changes the bill',
    spec: { initContainers: [busybox('i', cpu('4')), sidecar('s', cpu('1'))], containers: [busybox('a', cpu('1'))] },
    expected: { cpu: 4000 },
  },
  {
    name: 'overhead comes on top',
    spec: { containers: [busybox('a', cpu('1'))], overhead: { cpu: '250m' } },
    expected: { cpu: 1250 },
  },
  {
    name: 'a limit without request is asked for',
    spec: { containers: [busybox('a', { resources: { limits: { memory: '1Ki' } } })] },
    expected: { memory: 1024_000 },
  },
  {
    name: 'resources are counted each for itself',
    spec: {
      initContainers: [busybox('i', { resources: { requests: { memory: '10' } } })],
      containers: [busybox('a', cpu('1'))],
    },
    expected: { cpu: 1000, memory: 10_000 },
  },
])('$name', ({ spec, expected }) => {
  expect(podRequests(makePod('p', spec))).toEqual(expected);
});
