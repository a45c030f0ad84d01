import { describe, expect, test } from 'vitest';
import type { ContainerStatus, Pod } from '../../kube/generated/objects.ts';
import { endingText } from './ending.ts';
import { outcomeOf, runsOf, Stable } from './outcome.ts';
import { podState, stateText } from './pod-state.ts';

const now = new Date('2026-11-24T00:00:00Z');
const status = (more: Partial<ContainerStatus>): ContainerStatus => ({
  name: 'app',
  image: 'nginx',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...more,
});
const running = status({ ready: true, state: { running: {} } });
const waiting = (reason: string, message?: string, more: Partial<ContainerStatus> = {}): ContainerStatus =>
  status({ state: { waiting: { reason, ...(message !== undefined && { message }) } }, ...more });
const ended = (exitCode: number, reason: string, message?: string) => ({
  terminated: { exitCode, reason, ...(message !== undefined && { message }) },
});
const pod = (phase: string, containers: ContainerStatus[], more: object = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: containers.map(({ name }) => ({ name })) },
  status: { phase, containerStatuses: containers, ...more },
});
const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const crashing = (restartCount: number) =>
  waiting('CrashLoopBackOff', 'back-off 10s restarting failed container=app', {
    restartCount,
    lastState: ended(137, 'OOMKilled'),
  });

describe('a Pod in one line, and how far it is', () => {
  test.each([
    { pod: pod('Running', [running], ready), text: '1/1 Running', outcome: 'ready' },
    { pod: pod('Running', [status({ state: { running: {} } })]), text: '0/1 Running', outcome: 'waiting' },
    { pod: pod('Pending', [waiting('ContainerCreating')]), text: '0/1 ContainerCreating', outcome: 'waiting' },
    {
      pod: pod('Pending', [waiting('ErrImagePull', 'no such host')]),
      text: '0/1 ErrImagePull: app cannot start: no such host',
      outcome: 'waiting',
    },
    {
      pod: pod('Pending', [waiting('ImagePullBackOff', 'Back-off pulling image "x":\n no such host')]),
      text: '0/1 ImagePullBackOff: app cannot start: Back-off pulling image "x":; no such host',
      outcome: 'failed',
    },
    {
      pod: pod('Pending', [waiting('CreateContainerConfigError', 'configmap "x" not found')]),
      text: '0/1 CreateContainerConfigError: app cannot start: configmap "x" not found',
      outcome: 'failed',
    },
    {
      pod: pod('Running', [crashing(1)]),
      text: '0/1 CrashLoopBackOff: app exited with code 137 (OOMKilled), restarted once; it waits before the next start',
      outcome: 'waiting',
    },
    {
      pod: pod('Running', [crashing(3)]),
      text: '0/1 CrashLoopBackOff: app exited with code 137 (OOMKilled), restarted 3 times; it waits before the next start',
      outcome: 'failed',
    },
    {
      pod: pod('Failed', [status({ state: ended(2, 'Error', 'no config\n') })]),
      text: '0/1 Error: app exited with code 2: no config',
      outcome: 'failed',
    },
    {
      pod: pod('Succeeded', [status({ state: ended(0, 'Completed') })]),
      text: '0/1 Completed',
      outcome: 'ready',
    },
    {
      pod: pod('Pending', [], {
        conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: Insufficient cpu.' }],
      }),
      text: '0/0 Pending: 0/1 nodes are available: Insufficient cpu.',
      outcome: 'waiting',
    },
  ])('$text', ({ pod: one, text, outcome }) => {
    expect(stateText(podState(one, now))).toBe(text);
    expect(outcomeOf(one, false)).toBe(outcome);
  });

  test("a Job's Pod is not done because it runs", () => {
    expect(outcomeOf(pod('Running', [running], ready), true)).toBe('waiting');
    expect(outcomeOf(pod('Succeeded', []), true)).toBe('ready');
  });

  test('a Pod that is not there is waited for', () => {
    expect(outcomeOf(undefined, false)).toBe('waiting');
  });

  test('ready counts when it stays so: a restart begins anew', () => {
    const stable = new Stable(2_000);
    const runs = (restartCount: number) => runsOf([pod('Running', [{ ...running, restartCount }], ready)]);
    expect(stable.missing(undefined, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(stable.missing(runs(0), 1_000)).toBe(2_000);
    expect(stable.missing(runs(0), 2_500)).toBe(500);
    expect(stable.missing(runs(1), 2_900)).toBe(2_000);
    expect(stable.missing(runs(1), 4_900)).toBe(0);
    expect(stable.missing(runsOf([pod('Succeeded', [running])]), 5_000)).toBe(0);
  });

  test('what a Pod that is deleted waits for', () => {
    const deleted = { name: 'web', deletionTimestamp: '2026-11-24T00:00:25Z' };
    const ending = { ...pod('Running', [running, { ...running, name: 'side' }]), metadata: deleted };
    expect(endingText(ending, now)).toBe('app, side still run, and have 25 s (Ctrl-C again ends it at once)');
    expect(endingText(pod('Running', [running]), now)).toBeUndefined();
  });
});
