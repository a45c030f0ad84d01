import { describe, expect, test } from 'vitest';
import { exited, observed, running, sandbox } from '../../test/pods/observed.ts';
import { BEGIN, busybox, makePod, sidecar } from '../../test/pods/world.ts';
import type { Container, Pod, PodSpec } from '../kube/generated/objects.ts';
import type { BackOff } from './backoff.ts';
import { type Health, WITHOUT_PROBES } from './health.ts';
import { NOTHING_OBSERVED, type Observed, type ObservedContainer } from './observed.ts';
import { backOffKey, type Plan, type PlanInput, plan } from './plan.ts';

/** A plan in few words; what is not named is empty. */
interface Words {
  killPod?: string;
  sandbox?: string;
  kill?: string[];
  start?: string[];
  wait?: string[];
  remove?: string[];
  /** Seconds from now. */
  wake?: number;
}

interface Case {
  name: string;
  spec?: Partial<PodSpec>;
  pod?: (pod: Pod) => Pod;
  observed?: Observed;
  containers?: ObservedContainer[];
  backOffs?: [Container, BackOff][];
  health?: Partial<Health>;
  expected: Words;
}

const A = busybox('a');
const B = busybox('b');
const ALL_WELL = [running('a'), running('b')];

/** The base of all cases: two main containers that run in a ready sandbox, restartPolicy Always. */
function planOf({ spec = {}, pod = (p) => p, containers = ALL_WELL, backOffs = [], health = {}, ...rest }: Case): Plan {
  const input: PlanInput = {
    pod: pod(makePod('p', { containers: [A, B], ...spec })),
    observed: rest.observed ?? observed(containers),
    now: BEGIN,
    health: { ...WITHOUT_PROBES, ...health },
    backOffs: new Map(backOffs.map(([container, backOff]) => [backOffKey(container), backOff])),
  };
  return plan(input);
}

function inWords({ killPod, createSandbox, kill, start, waiting, remove, wakeAt }: Plan): Words {
  const removed = [...remove.containers.map(({ id }) => id), ...remove.sandboxes.map(({ id }) => id)];
  const seconds = (time: number) => (time - BEGIN) / 1000;
  return {
    ...(killPod && { killPod: `${killPod.reason} ${killPod.gracePeriodSeconds}s` }),
    ...(createSandbox && {
      sandbox: [createSandbox.attempt, ...createSandbox.replaces.map(({ id }) => `for ${id}`)].join(' '),
    }),
    ...(kill.length > 0 && { kill: kill.map(({ container, message }) => `${container.id}: ${message}`) }),
    ...(start.length > 0 && {
      start: start.map(
        ({ container, attempt, replaces }) => `${container.name}/${attempt}${replaces ? ` for ${replaces}` : ''}`,
      ),
    }),
    ...(waiting.length > 0 && {
      wait: waiting.map(({ container, message, until }) => `${container.name} ${seconds(until)}s: ${message}`),
    }),
    ...(removed.length > 0 && { remove: removed }),
    ...(wakeAt !== undefined && { wake: seconds(wakeAt) }),
  };
}

const deleted = (pod: Pod): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-11-23T18:00:30Z', deletionGracePeriodSeconds: 12 },
});
const inPhase =
  (phase: string) =>
  (pod: Pod): Pod => ({ ...pod, status: { ...pod.status, phase } });
const startedAgo =
  (seconds: number) =>
  (pod: Pod): Pod => ({ ...pod, status: { ...pod.status, startTime: new Date(BEGIN - seconds * 1000).toISOString() } });
const dead = sandbox({ state: 'NOTREADY', ips: [] });

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

const SANDBOXES: Case[] = [
  {
    name: 'a dead sandbox: everything begins anew',
    observed: observed([exited('a', 137), exited('b', 137)], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/1', 'b/1'] },
  },
  {
    name: 'dead before any container was made',
    observed: observed([], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/0', 'b/0'] },
  },
  {
    name: 'OnFailure: what had succeeded is not run again',
    spec: { restartPolicy: 'OnFailure' },
    observed: observed([exited('a', 0), exited('b', 137)], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['b/1'] },
  },
  {
    name: 'OnFailure and all had succeeded: finished',
    spec: { restartPolicy: 'OnFailure' },
    observed: observed([exited('a', 0), exited('b', 0)], [dead]),
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'Never: a Pod whose containers ran is finished',
    spec: { restartPolicy: 'Never' },
    observed: observed([exited('a', 137), exited('b', 137)], [dead]),
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'Never: a Pod that ran nothing yet gets its sandbox',
    spec: { restartPolicy: 'Never' },
    observed: observed([running('a', { state: 'CREATED' })], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/0 for a/0', 'b/0'] },
  },
  {
    name: 'a sandbox without address is of no use',
    observed: observed(ALL_WELL, [sandbox({ ips: [] })]),
    expected: { sandbox: '1 for sandbox-0', start: ['a/1', 'b/1'] },
  },
  {
    name: 'two ready sandboxes are one too many',
    observed: observed(ALL_WELL, [sandbox({ attempt: 1 }), sandbox()]),
    expected: { sandbox: '2 for sandbox-1 for sandbox-0', start: ['a/1', 'b/1'] },
  },
  {
    name: 'with init containers the first of them begins',
    spec: { initContainers: [busybox('i'), busybox('j')] },
    observed: observed([exited('a', 137), exited('i', 0), exited('j', 0)], [dead]),
    expected: { sandbox: '1 for sandbox-0', start: ['i/1'] },
  },
  {
    name: 'in the new sandbox the second init container runs again, though it ran in the old one',
    spec: { initContainers: [busybox('i'), busybox('j')] },
    observed: observed(
      [exited('i', 0, { attempt: 1, sandboxId: 'sandbox-1' }), exited('a', 137), exited('i', 0), exited('j', 0)],
      [sandbox({ attempt: 1 }), dead],
    ),
    expected: { start: ['j/1'] },
  },
  {
    name: 'a crash in the old sandbox counts for the back-off',
    observed: observed([exited('a', 137), exited('b', 137)], [dead]),
    backOffs: [[B, { delayMs: 10_000, since: BEGIN - 5_000 }]],
    expected: {
      sandbox: '1 for sandbox-0',
      start: ['a/1'],
      wait: ['b 9s: back-off 10s restarting failed container=b pod=p_default(uid-p)'],
      wake: 9,
    },
  },
];

const I = busybox('i');
const J = busybox('j');
const INIT = { initContainers: [I, J], containers: [A] };

const INIT_CONTAINERS: Case[] = [
  {
    name: 'a new Pod begins with the first',
    spec: INIT,
    observed: NOTHING_OBSERVED,
    expected: { sandbox: '0', start: ['i/0'] },
  },
  { name: 'an empty sandbox begins with the first', spec: INIT, containers: [], expected: { start: ['i/0'] } },
  { name: 'while the first runs nothing else starts', spec: INIT, containers: [running('i')], expected: {} },
  { name: 'after the first the second', spec: INIT, containers: [exited('i')], expected: { start: ['j/0'] } },
  {
    name: 'after the last the main containers',
    spec: INIT,
    containers: [exited('j'), exited('i')],
    expected: { start: ['a/0'] },
  },
  { name: 'a failed one is run again', spec: INIT, containers: [exited('i', 1)], expected: { start: ['i/1'] } },
  {
    name: 'a failed one is run again under OnFailure',
    spec: { ...INIT, restartPolicy: 'OnFailure' },
    containers: [exited('i', 1)],
    expected: { start: ['i/1'] },
  },
  {
    name: 'under Never a failed one is the end of the Pod',
    spec: { ...INIT, restartPolicy: 'Never' },
    containers: [exited('i', 1)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'a failed one has back-off',
    spec: INIT,
    containers: [exited('i', 1, { attempt: 1 })],
    backOffs: [[I, { delayMs: 10_000, since: BEGIN - 2_000 }]],
    expected: { wait: ['i 9s: back-off 10s restarting failed container=i pod=p_default(uid-p)'], wake: 9 },
  },
  {
    name: 'made and never started: made again, also under Never',
    spec: { ...INIT, restartPolicy: 'Never' },
    containers: [running('i', { state: 'CREATED' })],
    expected: { start: ['i/0 for i/0'] },
  },
  {
    name: 'in a state nobody knows: killed and made anew',
    spec: INIT,
    containers: [running('i', { state: 'UNKNOWN' })],
    expected: { kill: ['i/0: Init container is in "unknown" state, try killing it before restart'], start: ['i/1'] },
  },
  {
    name: 'after initialization it is never run again, whatever was removed',
    spec: INIT,
    containers: [running('a')],
    expected: {},
  },
  {
    name: 'a main container that ended proves initialization too',
    spec: INIT,
    containers: [exited('a', 1), exited('j', 1), exited('i')],
    expected: { start: ['a/1'] },
  },
];

const S = sidecar('s');
const T = sidecar('t');
const SIDECARS = { initContainers: [S, T], containers: [A] };
const waitingFor = (name: string): Partial<Health> => ({ started: (container) => container.name !== name });

const NATIVE_SIDECARS: Case[] = [
  { name: 'the first starts alone', spec: SIDECARS, containers: [], expected: { start: ['s/0'] } },
  { name: 'when it has started, the next', spec: SIDECARS, containers: [running('s')], expected: { start: ['t/0'] } },
  {
    name: 'while its startup probe has not succeeded, nothing',
    spec: SIDECARS,
    containers: [running('s')],
    health: waitingFor('s'),
    expected: {},
  },
  {
    name: 'after the last the main containers',
    spec: SIDECARS,
    containers: [running('t'), running('s')],
    expected: { start: ['a/0'] },
  },
  {
    name: 'the last holds the main containers up too',
    spec: SIDECARS,
    containers: [running('t'), running('s')],
    health: waitingFor('t'),
    expected: {},
  },
  { name: 'all well', spec: SIDECARS, containers: [running('a'), running('t'), running('s')], expected: {} },
  {
    name: 'one that ended is restarted beside the main container',
    spec: SIDECARS,
    containers: [running('a'), running('t'), exited('s', 1)],
    expected: { start: ['s/1'] },
  },
  {
    name: 'also after exit 0 and under Never',
    spec: { ...SIDECARS, restartPolicy: 'Never' },
    containers: [running('a'), exited('t', 0), running('s')],
    expected: { start: ['t/1'] },
  },
  {
    name: 'also before initialization',
    spec: SIDECARS,
    containers: [exited('s', 1)],
    expected: { start: ['s/1'] },
  },
  {
    name: 'an earlier one is restarted while a later one is being started',
    spec: SIDECARS,
    containers: [running('t'), exited('s', 1)],
    health: waitingFor('t'),
    expected: { start: ['s/1'] },
  },
  {
    name: 'restarted in the order of the manifest',
    spec: SIDECARS,
    containers: [running('a'), exited('t', 1), exited('s', 1)],
    expected: { start: ['s/1', 't/1'] },
  },
  {
    name: 'one whose record is gone is started again after initialization',
    spec: SIDECARS,
    containers: [running('a'), running('t')],
    expected: { start: ['s/0'] },
  },
  {
    name: 'its liveness does not hold the next one up',
    spec: SIDECARS,
    containers: [running('s')],
    health: { failing: () => 'liveness' },
    expected: { kill: ['s/0: Init container s failed liveness probe'], start: ['s/1', 't/0'] },
  },
  {
    name: 'a failed startup probe restarts it and holds the next one up',
    spec: SIDECARS,
    containers: [running('s')],
    health: { failing: () => 'startup', started: () => false },
    expected: { kill: ['s/0: Init container s failed startup probe'], start: ['s/1'] },
  },
  {
    name: 'another image restarts it',
    spec: { ...SIDECARS, initContainers: [sidecar('s', { image: 'nginx' }), T] },
    containers: [running('a'), running('t'), running('s')],
    expected: { kill: ['s/0: Init container s definition changed'], start: ['s/1'] },
  },
  {
    name: 'has back-off',
    spec: SIDECARS,
    containers: [running('a'), running('t'), exited('s', 1)],
    backOffs: [[S, { delayMs: 10_000, since: BEGIN }]],
    expected: { wait: ['s 9s: back-off 10s restarting failed container=s pod=p_default(uid-p)'], wake: 9 },
  },
  {
    name: 'when the main containers have finished, the Pod is killed and no sidecar restarted',
    spec: { ...SIDECARS, restartPolicy: 'Never' },
    containers: [exited('a', 0), running('t'), exited('s', 1)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'a regular init container after a sidecar runs beside it',
    spec: { initContainers: [S, I], containers: [A] },
    containers: [running('s')],
    expected: { start: ['i/0'] },
  },
  {
    name: 'a failing init container after a sidecar is repeated, the sidecar goes on',
    spec: { initContainers: [S, I], containers: [A] },
    containers: [exited('i', 1), running('s')],
    expected: { start: ['i/1'] },
  },
  {
    name: 'both have failed: both again',
    spec: { initContainers: [S, I], containers: [A] },
    containers: [exited('i', 1), exited('s', 1)],
    expected: { start: ['s/1', 'i/1'] },
  },
  {
    name: 'under Never a failed init container ends the Pod, sidecars and all',
    spec: { initContainers: [S, I], containers: [A], restartPolicy: 'Never' },
    containers: [exited('i', 1), exited('s', 1)],
    expected: { killPod: 'Finished 30s' },
  },
  {
    name: 'an init container before a sidecar is through: the sidecar starts',
    spec: { initContainers: [I, S], containers: [A] },
    containers: [exited('i')],
    expected: { start: ['s/0'] },
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

describe.each([
  ['life', LIFE],
  ['restarts', RESTARTS],
  ['back-off', BACK_OFF],
  ['changes', CHANGES],
  ['the end of a Pod', ENDS],
  ['sandboxes', SANDBOXES],
  ['init containers', INIT_CONTAINERS],
  ['native sidecars', NATIVE_SIDECARS],
  ['what is left over', LEFTOVERS],
])('%s', (_, cases) => {
  test.each(cases)('$name', (one) => {
    expect(inWords(planOf(one))).toEqual(one.expected);
  });
});

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
