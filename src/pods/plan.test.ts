import { describe, expect, test } from 'vitest';
import { exited, observed, running, sandbox } from '../../test/pods/observed.ts';
import { A, B, type Case, dead, decides, deleted, planOf } from '../../test/pods/plan-table.ts';
import { BEGIN, busybox } from '../../test/pods/world.ts';
import type { Container, Pod } from '../kube/generated/objects.ts';
import type { BackOff } from './backoff.ts';
import { NOTHING_OBSERVED } from './observed.ts';
import { backOffKey } from './plan.ts';

const ALL_WELL = [running('a'), running('b')];

const inPhase =
  (phase: string) =>
  (pod: Pod): Pod => ({ ...pod, status: { ...pod.status, phase } });
const startedAgo =
  (seconds: number) =>
  (pod: Pod): Pod => ({ ...pod, status: { ...pod.status, startTime: new Date(BEGIN - seconds * 1000).toISOString() } });

const LIFE: Case[] = [
  { name: 'everything is well: nothing', expected: {} },
  {
    name: 'a new Pod: sandbox and all containers',
    observed: NOTHING_OBSERVED,
    expected: { sandbox: '0', start: ['a/0', 'b/0'] },
  },
  { name: 'a sandbox and nothing in it: all containers', containers: [], expected: { start: ['a/0', 'b/0'] } },
  { name: 'one container is missing', containers: [running('a')], expected: { start: ['b/0'] } },
  {
    name: 'a container that was made and never started is made again under its number',
    containers: [running('a'), running('b', { state: 'CREATED' })],
    expected: { start: ['b/0 for b/0'] },
  },
  {
    name: 'a container in a state nobody knows is killed and made anew',
    containers: [running('a'), running('b', { state: 'UNKNOWN' })],
    expected: { kill: ['b/0: Container is in "unknown" state, try killing it before restart'], start: ['b/1'] },
  },
  {
    name: 'the runtime lost a container that the status knows: its count goes on',
    containers: [running('a')],
    pod: (pod) => ({
      ...pod,
      status: {
        containerStatuses: [
          { name: 'b', containerID: 'containerd://x', restartCount: 3, image: '', imageID: '', ready: true },
        ],
      },
    }),
    expected: { start: ['b/4'] },
  },
  {
    name: 'a container that never got as far as an id keeps its count',
    containers: [running('a')],
    pod: (pod) => ({
      ...pod,
      status: { containerStatuses: [{ name: 'b', restartCount: 0, image: '', imageID: '', ready: false }] },
    }),
    expected: { start: ['b/0'] },
  },
  {
    name: 'a Pod on the host’s network has no address and needs none',
    spec: { hostNetwork: true },
    observed: observed(ALL_WELL, [sandbox({ ips: [] })]),
    expected: {},
  },
];

const RESTARTS: Case[] = [
  { name: 'Always, exit 1: at once', containers: [running('a'), exited('b', 1)], expected: { start: ['b/1'] } },
  { name: 'Always, exit 0: at once', containers: [running('a'), exited('b', 0)], expected: { start: ['b/1'] } },
  { name: 'Always, all ended', containers: [exited('a', 0), exited('b', 1)], expected: { start: ['a/1', 'b/1'] } },
  {
    name: 'OnFailure, exit 1: at once',
    spec: { restartPolicy: 'OnFailure' },
    containers: [running('a'), exited('b', 1)],
    expected: { start: ['b/1'] },
  },
  {
    name: 'OnFailure, exit 0: stays',
    spec: { restartPolicy: 'OnFailure' },
    containers: [running('a'), exited('b', 0)],
    expected: {},
  },
  {
    name: 'OnFailure, all exit 0: the Pod has finished',
    spec: { restartPolicy: 'OnFailure' },
    containers: [exited('a', 0), exited('b', 0)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'OnFailure, one of two failed: only that one',
    spec: { restartPolicy: 'OnFailure' },
    containers: [exited('a', 0), exited('b', 1)],
    expected: { start: ['b/1'] },
  },
  {
    name: 'Never, exit 1: stays',
    spec: { restartPolicy: 'Never' },
    containers: [running('a'), exited('b', 1)],
    expected: {},
  },
  {
    name: 'Never, all ended: the Pod has finished',
    spec: { restartPolicy: 'Never' },
    containers: [exited('a', 0), exited('b', 1)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'Never, one was not started yet',
    spec: { restartPolicy: 'Never' },
    containers: [exited('a', 0)],
    expected: { start: ['b/0'] },
  },
  {
    name: 'the newest attempt speaks',
    containers: [running('b', { attempt: 5 }), running('a'), exited('b', 1, { attempt: 4 })],
    expected: {},
  },
];

const BACK_OFF: Case[] = [
  {
    name: 'the second crash waits 10 s from the end',
    containers: [running('a'), exited('b', 1, { attempt: 1, secondsAgo: 3 })],
    backOffs: [[B, { delayMs: 10_000, since: BEGIN - 4_000 }]],
    expected: { wait: ['b 7s: back-off 10s restarting failed container=b pod=p_default(uid-p)'], wake: 7 },
  },
  {
    name: 'exit 0 waits as well',
    containers: [running('a'), exited('b', 0, { attempt: 1 })],
    backOffs: [[B, { delayMs: 20_000, since: BEGIN - 4_000 }]],
    expected: { wait: ['b 19s: back-off 20s restarting failed container=b pod=p_default(uid-p)'], wake: 19 },
  },
  {
    name: 'the longest wait is written as Go writes it',
    containers: [running('a'), exited('b', 1, { attempt: 9, secondsAgo: 0 })],
    backOffs: [[B, { delayMs: 300_000, since: BEGIN - 4_000 }]],
    expected: { wait: ['b 300s: back-off 5m0s restarting failed container=b pod=p_default(uid-p)'], wake: 300 },
  },
  {
    name: 'when the wait is over it starts',
    containers: [running('a'), exited('b', 1, { attempt: 1, secondsAgo: 10 })],
    backOffs: [[B, { delayMs: 10_000, since: BEGIN - 11_000 }]],
    expected: { start: ['b/2'] },
  },
  {
    name: 'after more than ten quiet minutes it is forgotten',
    containers: [running('a'), exited('b', 1, { attempt: 6, secondsAgo: 1 })],
    backOffs: [[B, { delayMs: 300_000, since: BEGIN - 601_001 }]],
    expected: { start: ['b/7'] },
  },
  {
    name: 'exactly ten minutes are not quiet enough',
    containers: [running('a'), exited('b', 1, { attempt: 6, secondsAgo: 1 })],
    backOffs: [[B, { delayMs: 300_000, since: BEGIN - 601_000 }]],
    expected: { wait: ['b 299s: back-off 5m0s restarting failed container=b pod=p_default(uid-p)'], wake: 299 },
  },
  {
    name: 'another image is another container',
    spec: { containers: [A, busybox('b', { image: 'nginx' })] },
    containers: [running('a'), exited('b', 1, { attempt: 6 })],
    backOffs: [[B, { delayMs: 300_000, since: BEGIN }]],
    expected: { start: ['b/7'] },
  },
  {
    name: 'other resources make another container',
    spec: { containers: [A, busybox('b', { resources: { limits: { memory: '1Gi' } } })] },
    containers: [running('a'), exited('b', 1, { attempt: 6 })],
    backOffs: [[B, { delayMs: 300_000, since: BEGIN }]],
    expected: { start: ['b/7'] },
  },
  {
    name: 'one waits, the other starts, and the first wait to end wakes',
    containers: [exited('a', 1, { secondsAgo: 2 }), exited('b', 1, { secondsAgo: 4 })],
    backOffs: [
      [A, { delayMs: 20_000, since: BEGIN - 5_000 }],
      [B, { delayMs: 10_000, since: BEGIN - 5_000 }],
    ],
    expected: {
      wait: [
        'a 18s: back-off 20s restarting failed container=a pod=p_default(uid-p)',
        'b 6s: back-off 10s restarting failed container=b pod=p_default(uid-p)',
      ],
      wake: 6,
    },
  },
  {
    name: 'a Pod whose only container waits is not finished',
    spec: { containers: [B], restartPolicy: 'OnFailure' },
    containers: [exited('b', 1)],
    backOffs: [[B, { delayMs: 10_000, since: BEGIN - 5_000 }]],
    expected: { wait: ['b 9s: back-off 10s restarting failed container=b pod=p_default(uid-p)'], wake: 9 },
  },
];

const CHANGES: Case[] = [
  {
    name: 'another image restarts just that container',
    spec: { containers: [A, busybox('b', { image: 'nginx' })] },
    expected: { kill: ['b/0: Container b definition changed, will be restarted'], start: ['b/1'] },
  },
  {
    name: 'also where the policy is Never',
    spec: { restartPolicy: 'Never', containers: [A, busybox('b', { image: 'nginx' })] },
    expected: { kill: ['b/0: Container b definition changed, will be restarted'], start: ['b/1'] },
  },
  {
    name: 'a finished container is not restarted for it',
    spec: { restartPolicy: 'Never', containers: [A, busybox('b', { image: 'nginx' })] },
    containers: [running('a'), exited('b', 0)],
    expected: {},
  },
  {
    name: 'other fields than name and image change nothing',
    spec: { containers: [A, busybox('b', { resources: { limits: { cpu: '1' } } })] },
    expected: {},
  },
  {
    name: 'a failed liveness probe restarts',
    health: { failing: ({ name }) => (name === 'b' ? 'liveness' : undefined) },
    expected: { kill: ['b/0: Container b failed liveness probe, will be restarted'], start: ['b/1'] },
  },
  {
    name: 'a failed startup probe restarts',
    health: { failing: ({ name }) => (name === 'b' ? 'startup' : undefined) },
    expected: { kill: ['b/0: Container b failed startup probe, will be restarted'], start: ['b/1'] },
  },
  {
    name: 'under Never a failed probe kills for good',
    spec: { restartPolicy: 'Never' },
    health: { failing: ({ name }) => (name === 'b' ? 'liveness' : undefined) },
    expected: { kill: ['b/0: Stopping container b'] },
  },
];

const ENDS: Case[] = [
  {
    name: 'a deleted Pod is killed with the grace of its deletion',
    pod: deleted,
    expected: { killPod: 'Deleted 12s' },
  },
  {
    name: 'a deleted Pod starts nothing',
    pod: deleted,
    containers: [exited('b', 1)],
    expected: { killPod: 'Deleted 12s' },
  },
  {
    name: 'a deleted Pod without anything is still to be finished',
    pod: deleted,
    observed: NOTHING_OBSERVED,
    expected: { killPod: 'Deleted 12s' },
  },
  {
    name: 'a Pod that has Failed and left something running is killed',
    pod: inPhase('Failed'),
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'a Pod that has Succeeded and kept its sandbox is killed',
    pod: inPhase('Succeeded'),
    containers: [exited('a'), exited('b')],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'a Pod that has ended and lies still is left alone',
    pod: inPhase('Succeeded'),
    observed: observed([exited('a'), exited('b')], [dead]),
    expected: {},
  },
  {
    name: 'a Pod that has ended is never begun anew, whatever was lost',
    pod: inPhase('Failed'),
    observed: NOTHING_OBSERVED,
    expected: {},
  },
  {
    name: 'before its deadline it lives on',
    spec: { activeDeadlineSeconds: 60 },
    pod: startedAgo(50),
    expected: { wake: 10 },
  },
  {
    name: 'at its deadline it is killed',
    spec: { activeDeadlineSeconds: 60 },
    pod: startedAgo(60),
    expected: { killPod: 'DeadlineExceeded 30s' },
  },
  {
    name: 'a deadline before the Pod has started is none yet',
    spec: { activeDeadlineSeconds: 60 },
    observed: NOTHING_OBSERVED,
    expected: { sandbox: '0', start: ['a/0', 'b/0'] },
  },
  {
    name: 'grace as the manifest says',
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 5 },
    containers: [exited('a'), exited('b')],
    expected: { killPod: 'Finished 5s' },
  },
];

const LEFTOVERS: Case[] = [
  {
    name: 'the container before the current one is kept, older ones go',
    containers: [
      running('b', { attempt: 3 }),
      exited('b', 1, { attempt: 2 }),
      exited('b', 1, { attempt: 1 }),
      exited('b', 1),
      running('a'),
    ],
    expected: { remove: ['b/1', 'b/0'] },
  },
  {
    name: 'in a crash loop the last two are kept',
    containers: [exited('b', 1, { attempt: 2 }), exited('b', 1, { attempt: 1 }), exited('b', 1), running('a')],
    backOffs: [[B, { delayMs: 10_000, since: BEGIN - 5_000 }]],
    expected: {
      wait: ['b 9s: back-off 10s restarting failed container=b pod=p_default(uid-p)'],
      wake: 9,
      remove: ['b/0'],
    },
  },
  {
    name: 'an old sandbox is kept for the logs in it',
    observed: observed(
      [
        running('a', { attempt: 1, sandboxId: 'sandbox-1' }),
        running('b', { attempt: 1, sandboxId: 'sandbox-1' }),
        exited('a', 137),
        exited('b', 137),
      ],
      [sandbox({ attempt: 1 }), dead],
    ),
    expected: {},
  },
  {
    name: 'an old sandbox without kept containers goes, and what was in it',
    observed: observed(
      [
        running('a', { attempt: 2, sandboxId: 'sandbox-2' }),
        running('b', { attempt: 1, sandboxId: 'sandbox-2' }),
        exited('a', 137, { attempt: 1, sandboxId: 'sandbox-2' }),
        exited('a', 137),
      ],
      [sandbox({ attempt: 2 }), { ...dead, id: 'sandbox-1', attempt: 1 }, dead],
    ),
    expected: { remove: ['a/0', 'sandbox-1', 'sandbox-0'] },
  },
];

decides([
  ['life', LIFE],
  ['restarts', RESTARTS],
  ['back-off', BACK_OFF],
  ['changes', CHANGES],
  ['the end of a Pod', ENDS],
  ['what is left over', LEFTOVERS],
]);

describe('what is remembered of a restart', () => {
  const remembered = (delays: [Container, BackOff][]) => {
    const containers = [running('a'), exited('b', 1, { secondsAgo: 10 })];
    return planOf({ name: '', containers, backOffs: delays, expected: {} }).start[0]?.backOff;
  };
  test.each([
    { name: 'first', before: undefined, after: 10_000 },
    { name: 'second', before: 10_000, after: 20_000 },
    { name: 'third', before: 20_000, after: 40_000, since: BEGIN - 40_000 },
  ])('$name', ({ before, after, since = BEGIN - 20_000 }) => {
    const known: [Container, BackOff][] = before === undefined ? [] : [[B, { delayMs: before, since }]];
    const longAgo = [running('a'), exited('b', 1, { secondsAgo: 40 })];
    const { start } = planOf({ name: '', containers: longAgo, backOffs: known, expected: {} });
    expect(start[0]?.backOff).toEqual({ key: backOffKey(B), value: { delayMs: after, since: BEGIN } });
  });
  test('never more than five minutes', () => {
    const containers = [running('a'), exited('b', 1, { secondsAgo: 300 })];
    const { start } = planOf({
      name: '',
      containers,
      backOffs: [[B, { delayMs: 300_000, since: BEGIN - 500_000 }]],
      expected: {},
    });
    expect(start[0]?.backOff?.value.delayMs).toBe(300_000);
  });
  test('a first start is not remembered', () => {
    const { start } = planOf({ name: '', containers: [running('a')], expected: {} });
    expect(start[0]?.backOff).toBeUndefined();
  });
  test('nor is a wait', () => {
    expect(remembered([[B, { delayMs: 20_000, since: BEGIN - 11_000 }]])).toBeUndefined();
  });
});
