import { expect, test } from 'vitest';
import { busybox, makePod, sidecar } from '../../test/pods/world.ts';
import { podRequests } from './requests.ts';

const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } });

test.each([
  { name: 'nothing asked', spec: {}, expected: {} },
  {
    name: 'the most that is needed at any one time',
    spec: { initContainers: [sidecar('s', cpu('1')), busybox('i', cpu('4'))], containers: [busybox('a', cpu('1'))] },
    expected: { cpu: 5000 },
  },
  {
    name: 'memory, too, in thousandths',
    spec: { containers: [busybox('a', { resources: { limits: { memory: '1Ki' } } })] },
    expected: { memory: 1024_000 },
  },
  { name: 'what is less is rounded up', spec: { containers: [busybox('a', cpu('1100u'))] }, expected: { cpu: 2 } },
])('$name', ({ spec, expected }) => {
  expect(podRequests(makePod('p', spec))).toEqual(expected);
});
