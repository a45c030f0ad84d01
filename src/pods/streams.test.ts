import { expect, test } from 'vitest';
import type { Container, PodSandbox, Runtime } from '../cri/runtime.ts';
import { findContainer, findSandbox } from './streams.ts';

const pod = { metadata: { name: 'web', namespace: 'shop', uid: 'u-1' } };
const podLabels = {
  'io.kubernetes.pod.name': 'web',
  'io.kubernetes.pod.namespace': 'shop',
  'io.kubernetes.pod.uid': 'u-1',
};

function runtimeWith(states: [id: string, attempt: number, state: string][]) {
  const asked: object[] = [];
  const list = async (filter?: object) => {
    asked.push(filter ?? {});
    return states.map(([id, attempt, state]) => ({ id, state, metadata: { attempt } }));
  };
  const runtime = {
    listContainers: list as unknown as (filter?: object) => Promise<Container[]>,
    listPodSandboxes: list as unknown as (filter?: object) => Promise<PodSandbox[]>,
  } satisfies Pick<Runtime, 'listContainers' | 'listPodSandboxes'>;
  return { runtime, asked };
}

test('exec goes to the running container of the name', async () => {
  const { runtime, asked } = runtimeWith([
    ['old', 0, 'EXITED'],
    ['new', 1, 'RUNNING'],
  ]);
  expect(await findContainer({ runtime, pod, container: 'c' })).toBe('new');
  expect(asked).toEqual([{ labels: { ...podLabels, 'io.kubernetes.container.name': 'c' } }]);
});

test('exec finds no container that does not run', async () => {
  const { runtime } = runtimeWith([['old', 0, 'EXITED']]);
  await expect(findContainer({ runtime, pod, container: 'c' })).rejects.toMatchObject({
    reason: 'InternalError',
    message: 'container not found ("c")',
  });
});

test('port-forward goes to the ready sandbox', async () => {
  const { runtime, asked } = runtimeWith([
    ['old', 0, 'NOTREADY'],
    ['new', 1, 'READY'],
  ]);
  expect(await findSandbox({ runtime, pod })).toBe('new');
  expect(asked).toEqual([{ labels: podLabels }]);
  await expect(findSandbox({ ...runtimeWith([]), pod })).rejects.toMatchObject({
    message: 'pod not found ("web_shop")',
  });
});
