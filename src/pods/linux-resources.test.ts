import { describe, expect, test } from 'vitest';
import { busybox, makePod, sidecar } from '../../test/pods/world.ts';
import type { Container, PodSpec } from '../kube/generated/objects.ts';
import { linuxResources } from './linux-resources.ts';

const GIB = 1 << 30;
/** Of 8 GiB: 80 MiB are 0.98 %, 800 MiB 9.8 %. */
const MACHINE = { cpuMillis: 4000, memoryBytes: 8 * GIB, storageBytes: 0, unifiedCgroups: false };

const asks = (memory: string, more: Partial<Container> = {}): Partial<Container> => ({
  resources: { requests: { memory } },
  ...more,
});
const all = (memory: string): Partial<Container> => ({
  resources: { requests: { cpu: '1', memory }, limits: { cpu: '1', memory } },
});

/** The Pod, the container that is asked about, its score. */
type Row = [title: string, spec: Partial<PodSpec>, container: string, score: number];

const ALONE: Row[] = [
  ['best effort', { containers: [busybox('a')] }, 'a', 1000],
  ['best effort beside another', { containers: [busybox('a'), busybox('b')] }, 'b', 1000],
  ['guaranteed', { containers: [busybox('a', all('1Gi'))] }, 'a', -997],
  ['guaranteed, however small', { containers: [busybox('a', all('1Mi'))] }, 'a', -997],
  ['guaranteed needs all containers', { containers: [busybox('a', all('1Gi')), busybox('b')] }, 'a', 875],
  ['and then the other one is burstable', { containers: [busybox('a', all('1Gi')), busybox('b')] }, 'b', 999],
  ['critical, whatever it asks for', { priorityClassName: 'system-node-critical' }, 'c', -997],
  ['cpu alone', { containers: [busybox('a', { resources: { requests: { cpu: '1' } } })] }, 'a', 999],
  ['a byte of memory', { containers: [busybox('a', asks('1'))] }, 'a', 999],
  ['a hundredth of the machine', { containers: [busybox('a', asks('80Mi'))] }, 'a', 991],
  ['a quarter', { containers: [busybox('a', asks('2Gi'))] }, 'a', 750],
  ['half', { containers: [busybox('a', asks('4Gi'))] }, 'a', 500],
  ['all of it', { containers: [busybox('a', asks('8Gi'))] }, 'a', 3],
  ['more than there is', { containers: [busybox('a', asks('80Gi'))] }, 'a', 3],
  ['a limit is a request', { containers: [busybox('a', { resources: { limits: { memory: '2Gi' } } })] }, 'a', 750],
];

const SIDECARS: Row[] = [
  ['of a best effort Pod', { initContainers: [sidecar('s')], containers: [busybox('a')] }, 's', 1000],
  [
    'of a guaranteed Pod',
    { initContainers: [sidecar('s', all('1Gi'))], containers: [busybox('a', all('1Gi'))] },
    's',
    -997,
  ],
  [
    'that asks for more than the main container keeps its own',
    { initContainers: [sidecar('s', asks('4Gi'))], containers: [busybox('a', asks('2Gi'))] },
    's',
    500,
  ],
  [
    'that asks for less is as safe as the main container',
    { initContainers: [sidecar('s', asks('80Mi'))], containers: [busybox('a', asks('2Gi'))] },
    's',
    750,
  ],
  [
    'that asks for nothing is, too',
    { initContainers: [sidecar('s')], containers: [busybox('a', asks('2Gi'))] },
    's',
    750,
  ],
  [
    'counts the smallest of several',
    { initContainers: [sidecar('s')], containers: [busybox('a', asks('4Gi')), busybox('b', asks('2Gi'))] },
    's',
    750,
  ],
  [
    'beside one that asks for nothing',
    { initContainers: [sidecar('s')], containers: [busybox('a', asks('4Gi')), busybox('b')] },
    's',
    999,
  ],
  [
    'makes no main container safer',
    { initContainers: [sidecar('s', asks('4Gi'))], containers: [busybox('a')] },
    'a',
    999,
  ],
  [
    'another sidecar does not matter',
    { initContainers: [sidecar('s'), sidecar('t', asks('4Gi'))], containers: [busybox('a', asks('2Gi'))] },
    's',
    750,
  ],
  [
    'an init container is no sidecar: its own',
    { initContainers: [busybox('s', asks('80Mi'))], containers: [busybox('a', asks('2Gi'))] },
    's',
    991,
  ],
];

describe.each([
  ['how readily a container is killed for memory', ALONE],
  ['a sidecar', SIDECARS],
])('%s', (_, rows) => {
  test.each(rows)('%s', (_, spec, name, score) => {
    const pod = makePod('p', spec);
    const container = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(
      (one) => one.name === name,
    )!;
    expect(linuxResources(pod, container, MACHINE).oomScoreAdj).toBe(score);
  });
});
