import { expect, test } from 'vitest';
import { type ContainerStatus, type PodSandboxStatus, RuntimeError } from './runtime.ts';
import { settled } from './settled.ts';

type Answer = ContainerStatus['state'] | 'none' | 'silent' | 'killed' | 'OOMKilled';

const NEVER = new Promise<void>(() => {});

test.each<{ tells: Answer[]; sandbox?: PodSandboxStatus['state']; looks: number }>([
  { tells: ['EXITED'], looks: 1 },
  { tells: ['RUNNING', 'RUNNING', 'EXITED'], looks: 3 },
  { tells: ['CREATED', 'RUNNING', 'EXITED'], looks: 3 },
  { tells: ['silent', 'EXITED'], looks: 2 },
  { tells: ['RUNNING', 'none'], looks: 2 },
  { tells: ['none'], sandbox: 'NOTREADY', looks: 1 },
  { tells: ['OOMKilled'], looks: 1 },
  { tells: ['killed', 'killed', 'OOMKilled'], looks: 3 },
  { tells: ['killed', 'killed', 'killed', 'killed', 'killed', 'killed'], looks: 5 },
])('$tells (sandbox $sandbox): settled at look $looks', async ({ tells, sandbox, looks }) => {
  let looked = 0;
  const records = {
    containerStatus: async () => {
      const tell = tells[looked];
      looked += 1;
      if (tell === 'none') throw new RuntimeError('NotFound', 'no such container');
      if (tell === 'silent') throw new RuntimeError('Unavailable', 'not now');
      if (tell === 'killed') return { state: 'EXITED', exitCode: 137, reason: 'Error' } as ContainerStatus;
      if (tell === 'OOMKilled') return { state: 'EXITED', exitCode: 137, reason: tell } as ContainerStatus;
      return { state: tell } as ContainerStatus;
    },
    podSandboxStatus: async () => {
      if (!sandbox) throw new RuntimeError('NotFound', 'no such sandbox');
      return { state: sandbox } as PodSandboxStatus;
    },
  };
  await settled(records, 'id', { deleted: NEVER, signal: new AbortController().signal });
  expect(looked).toBe(looks);
});

test('who does not listen any more is not kept waiting', async () => {
  const status = async () => ({ state: 'RUNNING' }) as ContainerStatus;
  const records = { containerStatus: status, podSandboxStatus: () => Promise.reject(new Error('not asked')) };
  await settled(records, 'id', { deleted: NEVER, signal: AbortSignal.timeout(20) });
});

test('when the runtime clears away what has ended, it is looked at again at once', async () => {
  let isDeleted = false;
  const states: string[] = [];
  const containerStatus = async () => {
    states.push(isDeleted ? 'EXITED' : 'RUNNING');
    return { state: states.at(-1) } as ContainerStatus;
  };
  const deleted = new Promise<void>((resolve) =>
    setTimeout(() => {
      isDeleted = true;
      resolve();
    }, 100),
  );
  const records = { containerStatus, podSandboxStatus: () => Promise.reject(new Error('not asked')) };
  await settled(records, 'id', { deleted, signal: new AbortController().signal });
  expect(states.at(-1)).toBe('EXITED');
});
