import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exited, observed, running, sandbox } from '../../test/pods/observed.ts';
import { BEGIN, busybox, makePod, sidecar } from '../../test/pods/world.ts';
import type { ContainerStateWaiting, Pod, PodCondition, PodStatus } from '../kube/generated/objects.ts';
import { WITHOUT_PROBES } from './health.ts';
import { NOTHING_OBSERVED, type ObservedContainer } from './observed.ts';
import { podStatus, type StatusInput } from './status.ts';

const NOW = '2026-11-23T18:00:00Z';
const BEFORE = '2026-11-23T17:00:00Z';

function statusOf(pod: Pod, containers: ObservedContainer[], more: Partial<StatusInput> = {}): PodStatus {
  return podStatus({
    pod,
    observed: observed(containers),
    health: WITHOUT_PROBES,
    waiting: new Map(),
    hostIPs: ['192.0.2.1'],
    now: BEGIN,
    ...more,
  });
}

/** `Ready=False ContainersNotReady containers with unready status: [c]` */
function conditions({ conditions: all = [] }: PodStatus): string[] {
  return all.map(({ type, status, reason, message }) =>
    [`${type}=${status}`, reason, message].filter(Boolean).join(' '),
  );
}

function states({ initContainerStatuses = [], containerStatuses = [] }: PodStatus): string[] {
  return [...initContainerStatuses, ...containerStatuses].map(({ name, state, ready, started }) => {
    const word = state?.running ? 'running' : (state?.terminated?.reason ?? state?.waiting?.reason);
    return `${name}=${word}${ready ? ' ready' : ''}${started ? ' started' : ''}`;
  });
}

const READY_CONDITIONS = [
  'PodReadyToStartContainers=True',
  'Initialized=True',
  'Ready=True',
  'ContainersReady=True',
  'PodScheduled=True',
];

describe('conditions', () => {
  test('a new Pod', () => {
    expect(conditions(statusOf(makePod('p'), [], { observed: NOTHING_OBSERVED }))).toEqual([
      'PodReadyToStartContainers=False',
      'Initialized=True',
      'Ready=False ContainersNotReady containers with unready status: [c]',
      'ContainersReady=False ContainersNotReady containers with unready status: [c]',
      'PodScheduled=True',
    ]);
  });

  test('a new Pod with init containers', () => {
    const pod = makePod('p', {
      initContainers: [busybox('i'), sidecar('s')],
      containers: [busybox('a'), busybox('b')],
    });
    expect(conditions(statusOf(pod, [], { observed: NOTHING_OBSERVED }))).toEqual([
      'PodReadyToStartContainers=False',
      'Initialized=False ContainersNotInitialized containers with incomplete status: [i s]',
      'Ready=False ContainersNotReady containers with unready status: [s a b]',
      'ContainersReady=False ContainersNotReady containers with unready status: [s a b]',
      'PodScheduled=True',
    ]);
  });

  test('all runs', () => {
    expect(conditions(statusOf(makePod('p'), [running('c')]))).toEqual(READY_CONDITIONS);
  });

  test('a sidecar that is not ready makes the Pod not ready', () => {
    const pod = makePod('p', { initContainers: [sidecar('s')] });
    const health = { ...WITHOUT_PROBES, ready: ({ name }: ObservedContainer) => name !== 's' };
    expect(conditions(statusOf(pod, [running('c'), running('s')], { health }))[3]).toBe(
      'ContainersReady=False ContainersNotReady containers with unready status: [s]',
    );
  });

  test('a sidecar that restarts does not take Initialized back', () => {
    const pod = makePod('p', { initContainers: [sidecar('s')] });
    expect(conditions(statusOf(pod, [running('c'), exited('s', 1)]))[1]).toBe('Initialized=True');
  });

  test('Succeeded', () => {
    const pod = makePod('p', { restartPolicy: 'Never' });
    const gone = observed([exited('c')], [sandbox({ state: 'NOTREADY', ips: [] })]);
    expect(conditions(statusOf(pod, [], { observed: gone, ended: true }))).toEqual([
      'PodReadyToStartContainers=False',
      'Initialized=True PodCompleted',
      'Ready=False PodCompleted',
      'ContainersReady=False PodCompleted',
      'PodScheduled=True',
    ]);
  });

  test('Failed', () => {
    const pod = makePod('p', { restartPolicy: 'Never' });
    expect(conditions(statusOf(pod, [exited('c', 3)]))).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=False PodFailed',
      'ContainersReady=False PodFailed',
      'PodScheduled=True',
    ]);
  });

  test.each([
    { gate: undefined, said: 'corresponding condition of pod readiness gate "g" does not exist.' },
    { gate: 'False', said: 'the status of pod readiness gate "g" is not "True", but False' },
    { gate: 'Unknown', said: 'the status of pod readiness gate "g" is not "True", but Unknown' },
  ])('readiness gate: $gate', ({ gate, said }) => {
    const pod = makePod('p', { readinessGates: [{ conditionType: 'g' }] });
    if (gate) pod.status = { conditions: [{ type: 'g', status: gate }] };
    expect(conditions(statusOf(pod, [running('c')]))).toContain(`Ready=False ReadinessGatesNotReady ${said}`);
  });

  test('a time moves only with its status', () => {
    const old: PodCondition[] = [
      { type: 'Ready', status: 'False', lastTransitionTime: BEFORE, reason: 'ContainersNotReady' },
      { type: 'PodScheduled', status: 'True', lastTransitionTime: BEFORE },
      { type: 'mine', status: 'True', lastTransitionTime: BEFORE },
    ];
    const pod = makePod('p');
    pod.status = { conditions: old };
    const times = (statusOf(pod, [running('c')]).conditions ?? []).map((c) => `${c.type} ${c.lastTransitionTime}`);
    expect(times).toEqual([
      `mine ${BEFORE}`,
      `PodReadyToStartContainers ${NOW}`,
      `Initialized ${NOW}`,
      `Ready ${NOW}`,
      `ContainersReady ${NOW}`,
      `PodScheduled ${BEFORE}`,
    ]);
  });
});

describe('containers', () => {
  const waits = (reason: string, message = 'because') =>
    new Map<string, ContainerStateWaiting>([['c', { reason, message }]]);

  test('before anything: ContainerCreating, or PodInitializing where there are init containers', () => {
    expect(states(statusOf(makePod('p'), []))).toEqual(['c=ContainerCreating']);
    expect(states(statusOf(makePod('p', { initContainers: [busybox('i')] }), []))).toEqual([
      'i=PodInitializing',
      'c=PodInitializing',
    ]);
  });

  test('a container that waits has the manifest’s image and no id', () => {
    expect(statusOf(makePod('p'), []).containerStatuses).toEqual([
      {
        image: 'busybox',
        imageID: '',
        lastState: {},
        name: 'c',
        ready: false,
        restartCount: 0,
        started: false,
        state: { waiting: { reason: 'ContainerCreating' } },
      },
    ]);
  });

  test('an ended container', () => {
    const status = statusOf(makePod('p', { restartPolicy: 'Never' }), [exited('c', 3, { message: 'oh' })]);
    expect(status.containerStatuses?.[0]?.state).toEqual({
      terminated: {
        containerID: 'containerd://c/0',
        exitCode: 3,
        finishedAt: '2026-11-23T17:59:59Z',
        message: 'oh',
        reason: 'Error',
        startedAt: BEFORE,
      },
    });
  });

  test('the attempt is the restart count, the one before is lastState', () => {
    const [c] =
      statusOf(makePod('p'), [running('c', { attempt: 4 }), exited('c', 2, { attempt: 3 })]).containerStatuses ?? [];
    expect(c).toMatchObject({
      restartCount: 4,
      containerID: 'containerd://c/4',
      lastState: { terminated: { exitCode: 2 } },
    });
  });

  test.each([
    { policy: 'Always', exitCode: 0, expected: 'c=CrashLoopBackOff' },
    { policy: 'Always', exitCode: 1, expected: 'c=CrashLoopBackOff' },
    { policy: 'OnFailure', exitCode: 1, expected: 'c=CrashLoopBackOff' },
    { policy: 'OnFailure', exitCode: 0, expected: 'c=Completed' },
    { policy: 'Never', exitCode: 1, expected: 'c=Error' },
  ])('a waiting reason after exit $exitCode under $policy', ({ policy, exitCode, expected }) => {
    const pod = makePod('p', { restartPolicy: policy });
    expect(states(statusOf(pod, [exited('c', exitCode)], { waiting: waits('CrashLoopBackOff') }))).toEqual([expected]);
  });

  test('in a crash loop the end moves to lastState and the id stays', () => {
    const [c] =
      statusOf(makePod('p'), [exited('c', 1)], { waiting: waits('CrashLoopBackOff') }).containerStatuses ?? [];
    expect(c).toMatchObject({
      containerID: 'containerd://c/0',
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'because' } },
      lastState: { terminated: { exitCode: 1 } },
    });
  });

  test('a running container has no waiting reason', () => {
    expect(states(statusOf(makePod('p'), [running('c')], { waiting: waits('ErrImagePull') }))).toEqual([
      'c=running ready started',
    ]);
  });

  test('a container that was never made shows why', () => {
    expect(states(statusOf(makePod('p'), [], { waiting: waits('ErrImagePull') }))).toEqual(['c=ErrImagePull']);
  });

  test('a deleted Pod shows how it ended, not that it would restart', () => {
    const pod = makePod('p', {}, { deletionTimestamp: NOW });
    expect(states(statusOf(pod, [exited('c', 1)], { waiting: waits('CrashLoopBackOff') }))).toEqual(['c=Error']);
  });

  test('an init container is ready when it has done its work; a sidecar while it runs', () => {
    const pod = makePod('p', { initContainers: [busybox('i'), sidecar('s')] });
    expect(states(statusOf(pod, [running('s'), exited('i')]))).toEqual([
      'i=Completed ready',
      's=running ready started',
      'c=PodInitializing',
    ]);
  });

  test('a running init container has started but is not ready', () => {
    const pod = makePod('p', { initContainers: [busybox('i')] });
    expect(states(statusOf(pod, [running('i')]))[0]).toBe('i=running started');
  });

  test('not started means not ready', () => {
    const health = { ...WITHOUT_PROBES, started: () => false };
    expect(states(statusOf(makePod('p'), [running('c')], { health }))).toEqual(['c=running']);
  });

  test('how a container ended is not forgotten with the container', () => {
    const pod = makePod('p', { restartPolicy: 'Never' });
    pod.status = statusOf(pod, [exited('c', 3)]);
    expect(statusOf(pod, []).containerStatuses).toEqual(pod.status.containerStatuses);
  });

  test('a running container that vanished counts as restarted, its end unknown', () => {
    const pod = makePod('p');
    pod.status = statusOf(pod, [running('c', { attempt: 2 })]);
    const status = statusOf(pod, []);
    expect(status.phase).toBe('Running');
    expect(status.containerStatuses?.[0]).toMatchObject({
      restartCount: 3,
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: {
        terminated: {
          exitCode: 137,
          reason: 'ContainerStatusUnknown',
          message: 'The container could not be located when the pod was deleted.  The container used to be Running',
        },
      },
    });
  });

  test('as whom it began, where the runtime tells', () => {
    const user = { uid: 1000, gid: 1000, supplementalGroups: [1000, 60_000] };
    const [c] = statusOf(makePod('p'), [running('c', { user })]).containerStatuses ?? [];
    expect(c?.user).toEqual({ linux: user });
    expect(statusOf(makePod('p'), [running('c')]).containerStatuses?.[0]).not.toHaveProperty('user');
  });

  test('mounts, resources', () => {
    const container = busybox('c', {
      resources: { requests: { cpu: '1' } },
      volumeMounts: [
        { name: 'v', mountPath: '/v' },
        { name: 'w', mountPath: '/w', readOnly: true },
      ],
    });
    const [c] = statusOf(makePod('p', { containers: [container] }), [running('c')]).containerStatuses ?? [];
    expect(c).toMatchObject({
      allocatedResources: { cpu: '1' },
      resources: { requests: { cpu: '1' } },
      volumeMounts: [
        { name: 'v', mountPath: '/v' },
        { name: 'w', mountPath: '/w', readOnly: true, recursiveReadOnly: 'Disabled' },
      ],
    });
  });
});

test('statuses of main and ephemeral containers are sorted by name, those of init containers and conditions as in the manifest', () => {
  const [initContainers, containers] = [
    ['j', 'i'].map((name) => busybox(name)),
    ['b', 'a'].map((name) => busybox(name)),
  ];
  const ephemeralContainers = ['e', 'd'].map((name) => ({ name, image: 'busybox' }));
  const status = statusOf(makePod('p', { initContainers, containers, ephemeralContainers }), []);
  const names = (list: { name: string }[] = []) => list.map(({ name }) => name);
  expect(names(status.containerStatuses)).toEqual(['a', 'b']);
  expect(names(status.initContainerStatuses)).toEqual(['j', 'i']);
  expect(names(status.ephemeralContainerStatuses)).toEqual(['d', 'e']);
  expect(conditions(status)[3]).toBe('ContainersReady=False ContainersNotReady containers with unready status: [b a]');
});

test.each<[string | undefined, boolean, string]>([
  [undefined, true, 'Disabled'],
  ['Disabled', true, 'Disabled'],
  ['IfPossible', true, 'Enabled'],
  ['IfPossible', false, 'Disabled'],
  ['Enabled', true, 'Enabled'],
  ['Enabled', false, 'Disabled'],
])('a read-only mount with recursiveReadOnly %s, where the runtime can (%s): %s', (mode, recursiveReadOnly, told) => {
  const mount = { name: 'v', mountPath: '/v', readOnly: true, ...(mode && { recursiveReadOnly: mode }) };
  const pod = makePod('p', { containers: [busybox('c', { volumeMounts: [mount] })] });
  const [c] = statusOf(pod, [running('c')], { runtime: { recursiveReadOnly } }).containerStatuses ?? [];
  expect(c?.volumeMounts).toEqual([{ name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: told }]);
});

describe('the end', () => {
  test('what was never made ends ContainerStatusUnknown, Failed', () => {
    const status = statusOf(makePod('p'), [], { ended: true });
    expect(status.phase).toBe('Failed');
    expect(status.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
    });
  });

  test('deleted during init: what init never reached keeps waiting', () => {
    const pod = makePod('p', { initContainers: [busybox('i'), busybox('j')] });
    const status = statusOf(pod, [exited('i', 143)], { ended: true });
    expect(status.phase).toBe('Failed');
    expect(states(status)).toEqual(['i=Error', 'j=PodInitializing', 'c=PodInitializing']);
  });

  test('deleted before any init container was made: the first is lost', () => {
    const pod = makePod('p', { initContainers: [busybox('i'), busybox('j')] });
    expect(states(statusOf(pod, [], { ended: true }))).toEqual([
      'i=ContainerStatusUnknown',
      'j=PodInitializing',
      'c=PodInitializing',
    ]);
  });

  test('a finished Pod tells one story a container', () => {
    const pod = makePod('p', { restartPolicy: 'OnFailure' });
    const [c] =
      statusOf(pod, [exited('c', 0, { attempt: 1 }), exited('c', 1)], { ended: true }).containerStatuses ?? [];
    expect(c).toMatchObject({ lastState: {}, restartCount: 1, state: { terminated: { exitCode: 0 } } });
  });

  test('finished init containers stay ready', () => {
    const pod = makePod('p', { restartPolicy: 'Never', initContainers: [busybox('i')] });
    expect(states(statusOf(pod, [exited('c'), exited('i')], { ended: true }))).toEqual([
      'i=Completed ready',
      'c=Completed',
    ]);
  });

  test('a Pod has not Failed while a sidecar has still to be stopped, though its conditions say that it will have', () => {
    const pod = makePod('p', { restartPolicy: 'Never', initContainers: [sidecar('s'), busybox('i')] });
    const status = statusOf(pod, [exited('i', 1), running('s')]);
    expect(status.phase).toBe('Pending');
    expect(conditions(status)).toContain('Ready=False PodFailed');
    expect(states(status)).toEqual(['s=running ready started', 'i=Error', 'c=PodInitializing']);
    expect(statusOf({ ...pod, status }, [exited('i', 1), exited('s', 143)]).phase).toBe('Failed');
  });

  test('past its deadline it keeps its phase, and tells no reason, until its containers have ended', () => {
    const failure = { reason: 'DeadlineExceeded', message: 'too long' };
    const pod = { ...makePod('p'), status: { phase: 'Running' } };
    const status = statusOf(pod, [running('c')], { failure });
    expect(status).toMatchObject({ phase: 'Running' });
    expect(status.reason).toBeUndefined();
    expect(statusOf({ ...pod, status }, [exited('c', 137)], { failure })).toMatchObject({
      phase: 'Failed',
      ...failure,
    });
  });

  test('one ended 0, one 4: Failed', () => {
    const pod = makePod('p', { restartPolicy: 'Never', containers: [busybox('a'), busybox('b')] });
    expect(statusOf(pod, [exited('a', 0), exited('b', 4)]).phase).toBe('Failed');
  });

  test('past its deadline: Failed with the reason, whatever the containers say; and so it stays', () => {
    const failure = { reason: 'DeadlineExceeded', message: 'too long' };
    const pod = makePod('p');
    pod.status = statusOf(pod, [exited('c', 0)], { ended: true, failure });
    expect(pod.status).toMatchObject({ phase: 'Failed', ...failure });
    expect(statusOf(pod, [exited('c', 0)], { ended: true })).toMatchObject({ phase: 'Failed', ...failure });
  });
});

test('beside a running sidecar a main container in a crash loop makes the Pod Pending; without sidecar it is Running', () => {
  const waiting = new Map([['c', { reason: 'CrashLoopBackOff' }]]);
  const withSidecar = makePod('p', { initContainers: [sidecar('s')] });
  expect(statusOf(withSidecar, [exited('c', 1), running('s')], { waiting }).phase).toBe('Pending');
  expect(statusOf(makePod('p'), [exited('c', 1)], { waiting }).phase).toBe('Running');
});

test('addresses: the sandbox’s; kept when it is gone; the machine’s on its network', () => {
  const pod = makePod('p');
  pod.status = statusOf(pod, [running('c')]);
  expect(pod.status).toMatchObject({ podIP: '10.244.0.2', podIPs: [{ ip: '10.244.0.2' }], hostIP: '192.0.2.1' });
  expect(statusOf(pod, [], { observed: NOTHING_OBSERVED }).podIP).toBe('10.244.0.2');
  expect(statusOf(makePod('p', { hostNetwork: true }), [running('c')]).podIP).toBe('192.0.2.1');
  expect(statusOf(makePod('q'), [], { observed: NOTHING_OBSERVED }).podIP).toBeUndefined();
});

test('start time and QoS class are set once', () => {
  const pod = makePod('p');
  pod.status = { startTime: BEFORE, qosClass: 'Guaranteed' };
  expect(statusOf(pod, [])).toMatchObject({ startTime: BEFORE, qosClass: 'Guaranteed' });
  pod.status = {};
  expect(statusOf(pod, [])).toMatchObject({ startTime: NOW, qosClass: 'BestEffort' });
});

describe('laws', () => {
  const container = fc.constantFrom(
    running('c'),
    exited('c', 0),
    exited('c', 1),
    running('c', { state: 'CREATED' }),
    running('c', { state: 'UNKNOWN' }),
  );
  const containers = fc.array(container, { maxLength: 2 });
  const policy = fc.constantFrom('Always', 'OnFailure', 'Never');

  test('a terminal phase never goes back', () => {
    fc.assert(
      fc.property(
        containers,
        policy,
        fc.constantFrom('Succeeded', 'Failed'),
        fc.boolean(),
        (seen, restartPolicy, phase, ended) => {
          const pod = makePod('p', { restartPolicy });
          pod.status = { phase };
          expect(statusOf(pod, seen, { ended }).phase).toBe(phase);
        },
      ),
    );
  });

  test('what has ended is Succeeded or Failed', () => {
    fc.assert(
      fc.property(containers, policy, (seen, restartPolicy) => {
        expect(['Succeeded', 'Failed']).toContain(
          statusOf(makePod('p', { restartPolicy }), seen, { ended: true }).phase,
        );
      }),
    );
  });

  test('computing a status from itself changes nothing', () => {
    fc.assert(
      fc.property(containers, policy, fc.boolean(), (seen, restartPolicy, ended) => {
        const pod = makePod('p', { restartPolicy });
        const once = statusOf(pod, seen, { ended });
        const twice = statusOf({ ...pod, status: once }, seen, { ended, now: BEGIN + 5000 });
        expect(twice).toEqual(once);
      }),
    );
  });
});
