import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BEGIN, busybox, pass, sidecar, virtualTime, World } from '../../test/pods/world.ts';

let world: World;

beforeEach(async () => {
  virtualTime();
  world = new World();
  await world.loop.start();
});

afterEach(async () => {
  await world.close();
  vi.useRealTimers();
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;

test('a Pod starts: sandbox, then each container created and started in order', async () => {
  await world.create('web', { containers: [busybox('app', { image: 'nginx' }), busybox('helper')] });
  await pass();
  expect(world.rows).toEqual([
    'web Pending',
    'web Pending app=ContainerCreating helper=ContainerCreating',
    'web Running app=running helper=running',
  ]);
  expect(world.eventsOf('web')).toEqual([
    'Normal Pulled Container image "nginx" already present on machine',
    'Normal Created Created container: app',
    'Normal Started Started container app',
    'Normal Pulled Container image "busybox" already present on machine',
    'Normal Created Created container: helper',
    'Normal Started Started container helper',
  ]);
  expect(world.runtime.changes()).toEqual([
    'runPodSandbox',
    'createContainer',
    'startContainer',
    'createContainer',
    'startContainer',
  ]);
});

test('its status is whole', async () => {
  await world.create('web');
  await pass();
  const time = '2026-11-23T18:00:00Z';
  const condition = (type: string) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: time });
  const id = await world.idOf('c');
  expect(world.status('web')).toEqual({
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
    containerStatuses: [
      {
        containerID: `containerd://${id}`,
        image: 'busybox',
        imageID: expect.stringMatching(/^docker.io\/library\/busybox@sha256:/),
        lastState: {},
        name: 'c',
        ready: true,
        resources: {},
        restartCount: 0,
        started: true,
        state: { running: { startedAt: time } },
      },
    ],
    hostIP: '192.0.2.1',
    hostIPs: [{ ip: '192.0.2.1' }],
    phase: 'Running',
    podIP: '10.244.0.3',
    podIPs: [{ ip: '10.244.0.3' }],
    qosClass: 'BestEffort',
    startTime: time,
  });
});

test('graceful deletion: SIGTERM, a last row with the end, then nothing is left', async () => {
  world.runtime.script('c', { termAfterMs: 3 * SECOND, termExitCode: 0 });
  await world.create('web');
  await pass();
  world.rows.length = 0;
  world.events.length = 0;
  await world.delete('web');
  await pass(2 * SECOND);
  expect(world.rows).toEqual(['web Running deleting c=running']);
  await pass(SECOND);
  expect(world.rows).toEqual([
    'web Running deleting c=running',
    'web Succeeded deleting c=Completed',
    'deleted web Succeeded deleting c=Completed',
  ]);
  expect(world.eventsOf('web')).toEqual(['Normal Killing Stopping container c']);
  expect(world.get('web')).toBeUndefined();
  expect(await world.sandboxes()).toEqual([]);
  expect(await world.containers()).toEqual([]);
  expect(world.parts.log).toEqual(['release uid-web', 'remove uid-web']);
  expect(world.loop.size).toBe(0);
});

test('a deleted Pod of a node that is not there goes, one of a node that is there stays', async () => {
  await world.store.create(
    { group: '', resource: 'nodes', namespace: '', name: 'there' },
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'there' } },
  );
  await world.create('stray', { nodeName: 'elsewhere' });
  await world.create('waits', { nodeName: 'elsewhere' });
  await world.create('foreign', { nodeName: 'there' });
  await world.delete('stray');
  await world.delete('foreign');
  await pass();
  expect(['stray', 'waits', 'foreign'].map((name) => world.get(name)?.metadata?.name)).toEqual([
    undefined,
    'waits',
    'foreign',
  ]);
  await world.store.delete({ group: '', resource: 'nodes', namespace: '', name: 'there' });
  await pass(MINUTE);
  expect(world.get('foreign')).toBeUndefined();
  expect(world.runtime.changes()).toEqual([]);
});

test('a container that ignores SIGTERM takes the whole grace period and is named', async () => {
  world.runtime.script('c', { ignoresTerm: true });
  await world.create('web', { terminationGracePeriodSeconds: 7 });
  await pass();
  await world.delete('web');
  await pass(7 * SECOND - 1);
  expect(world.get('web')).toBeDefined();
  await pass(1);
  expect(world.get('web')).toBeUndefined();
  expect(world.rows.at(-1)).toBe('deleted web Failed deleting c=Error');
  expect(world.eventsOf('web').slice(-2)).toEqual([
    'Normal Killing Stopping container c',
    'Warning ExceededGracePeriod Container c did not stop within 7 s of SIGTERM and was killed',
  ]);
});

test('with --now a container still has two seconds', async () => {
  world.runtime.script('c', { ignoresTerm: true });
  await world.create('web');
  await pass();
  await world.delete('web', 1);
  await pass(2 * SECOND - 1);
  expect(world.get('web')).toBeDefined();
  await pass(1);
  expect(world.get('web')).toBeUndefined();
});

test('a second delete with less grace does not hasten the kill under way', async () => {
  world.runtime.script('c', { ignoresTerm: true });
  await world.create('web', { terminationGracePeriodSeconds: 25 });
  await pass();
  await world.delete('web');
  await pass(SECOND);
  await world.delete('web', 2);
  await pass(20 * SECOND);
  expect(world.get('web')).toBeDefined();
  await pass(4 * SECOND);
  expect(world.get('web')).toBeUndefined();
});

test('--force: the object is gone at once, the containers within two seconds', async () => {
  world.runtime.script('c', { ignoresTerm: true });
  await world.create('web');
  await pass();
  await world.forceDelete('web');
  await pass(2 * SECOND);
  expect(await world.containers()).toEqual([]);
  expect(await world.sandboxes()).toEqual([]);
});

test('--force while a graceful end is under way hastens it', async () => {
  world.runtime.script('c', { ignoresTerm: true });
  await world.create('web');
  await pass();
  await world.delete('web');
  await pass(5 * SECOND);
  await world.forceDelete('web');
  await pass(2 * SECOND);
  expect(await world.containers()).toEqual([]);
});

test('a Pod that is made anew under the same name at once is another Pod', async () => {
  world.runtime.script('c', { termAfterMs: SECOND });
  await world.create('web', {}, { uid: 'one' });
  await pass();
  await world.forceDelete('web');
  await world.create('web', {}, { uid: 'two' });
  await pass();
  expect(world.rows.at(-1)).toBe('web Running c=running');
  expect(await world.containers()).toEqual(['c/0 RUNNING', 'c/0 RUNNING']);
  await pass(SECOND);
  expect(await world.containers()).toEqual(['c/0 RUNNING']);
  expect(world.get('web')?.metadata?.uid).toBe('two');
});

test('somebody’s finalizer keeps the object until it is taken off', async () => {
  await world.create('web', {}, { finalizers: ['example.com/wait'] });
  await pass();
  await world.delete('web');
  await pass(SECOND);
  expect(await world.containers()).toEqual([]);
  expect(world.get('web')?.metadata?.deletionGracePeriodSeconds).toBe(0);
  expect(world.status('web').phase).toBe('Failed');
  await world.edit('web', ({ metadata: { finalizers: _, ...metadata } = {}, ...pod }) => ({ ...pod, metadata }));
  await pass();
  expect(world.get('web')).toBeUndefined();
});

test('deleted while it starts: nothing more is started, nothing is left', async () => {
  world.runtime.delay('runPodSandbox', SECOND);
  await world.create('web');
  await pass(500);
  await world.delete('web');
  await pass(2 * SECOND);
  expect(world.get('web')).toBeUndefined();
  expect(await world.sandboxes()).toEqual([]);
  expect(world.runtime.changes()).not.toContain('createContainer');
  expect(world.rows.at(-1)).toBe('deleted web Failed deleting c=ContainerStatusUnknown');
});

test('deleted while an image is pulled: the pull is given up', async () => {
  world.runtime.images.script('example.com/big:1', { bytes: 1e9 });
  world.runtime.delay('pullImage', 10 * MINUTE);
  await world.create('web', { containers: [busybox('c', { image: 'example.com/big:1' })] });
  await pass(SECOND);
  await world.delete('web');
  await pass(SECOND);
  expect(world.get('web')).toBeUndefined();
  expect(await world.sandboxes()).toEqual([]);
});

test('crash loop: 0, 10, 20, 40 s, Error before CrashLoopBackOff, one BackOff event a crash', async () => {
  world.runtime.script('c', { exitsAfterMs: 0, exitCode: 1 });
  await world.create('crash');
  await pass();
  expect(world.rows).toEqual([
    'crash Pending',
    'crash Pending c=ContainerCreating',
    'crash Running c=Error',
    'crash Running c=Error(1)',
    'crash Running c=CrashLoopBackOff(1)',
  ]);
  const starts = () => world.runtime.changes().filter((method) => method === 'startContainer').length;
  const counts: number[] = [starts()];
  for (const wait of [10, 20, 40, 80, 160, 300, 300]) {
    await pass(wait * SECOND - 1);
    counts.push(starts());
    await pass(1);
    counts.push(starts());
  }
  expect(counts).toEqual([2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9]);
  expect(world.container('crash', 'c')).toMatchObject({
    restartCount: 8,
    state: {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 5m0s restarting failed container=c pod=crash_default(uid-crash)',
      },
    },
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  });
  const backOff = 'Warning BackOff Back-off restarting failed container c in pod crash_default(uid-crash)';
  expect(world.eventsOf('crash').filter((event) => event === backOff)).toHaveLength(8);
  expect(await world.containers()).toEqual(['c/7 EXITED', 'c/8 EXITED']);
  expect(world.parts.log).toContain('remove log crash c/0');
});

test('a container that ran for long restarts at once again', async () => {
  world.runtime.script('c', { exitsAfterMs: 0, exitCode: 1 });
  await world.create('crash');
  await pass(MINUTE);
  world.runtime.script('c', { exitsAfterMs: 11 * MINUTE, exitCode: 1 });
  await pass(10 * SECOND);
  expect(world.container('crash', 'c').restartCount).toBe(4);
  await pass(11 * MINUTE);
  expect(world.container('crash', 'c')).toMatchObject({ restartCount: 5, state: { running: {} } });
});

test('another image restarts just that container, whatever its back-off', async () => {
  await world.create('web', { containers: [busybox('a'), busybox('b')] });
  await pass();
  world.events.length = 0;
  await world.edit('web', (pod) => ({
    ...pod,
    spec: { ...pod.spec, containers: [busybox('a'), busybox('b', { image: 'nginx' })] },
  }));
  await pass();
  expect(await world.containers()).toEqual(['a/0 RUNNING', 'b/0 EXITED', 'b/1 RUNNING']);
  expect(world.eventsOf('web')).toEqual([
    'Normal Killing Container b definition changed, will be restarted',
    'Normal Pulled Container image "nginx" already present on machine',
    'Normal Created Created container: b',
    'Normal Started Started container b',
  ]);
});

test('a better image given while a bad one is pulled is taken up at once', async () => {
  world.runtime.images.script('example.com/slow:1', { bytes: 1e9 });
  world.runtime.delay('pullImage', 10 * MINUTE);
  await world.create('web', { containers: [busybox('c', { image: 'example.com/slow:1' })] });
  await pass(SECOND);
  await world.edit('web', (pod) => ({ ...pod, spec: { ...pod.spec, containers: [busybox('c')] } }));
  await pass();
  expect(world.status('web').phase).toBe('Running');
  expect(await world.sandboxes()).toEqual(['web/0 READY']);
});

test('an image that is not there: ErrImagePull, ImagePullBackOff, and again', async () => {
  await world.create('web', { containers: [busybox('c', { image: 'nosuch:1' })] });
  await pass();
  expect(world.rows.at(-1)).toBe('web Pending c=ErrImagePull');
  await pass(2 * SECOND);
  expect(world.container('web', 'c').state?.waiting).toEqual({
    reason: 'ImagePullBackOff',
    message:
      'Back-off pulling image "nosuch:1": ErrImagePull: failed to resolve reference "docker.io/library/nosuch:1": docker.io/library/nosuch:1: not found',
  });
  await pass(8 * SECOND);
  expect(world.eventsOf('web')).toEqual([
    'Normal Pulling Pulling image "nosuch:1"',
    'Warning Failed Failed to pull image "nosuch:1": failed to resolve reference "docker.io/library/nosuch:1": docker.io/library/nosuch:1: not found',
    'Warning Failed Error: ErrImagePull',
    'Normal BackOff Back-off pulling image "nosuch:1"',
    'Warning Failed Error: ImagePullBackOff',
    'Normal Pulling Pulling image "nosuch:1"',
    'Warning Failed Failed to pull image "nosuch:1": failed to resolve reference "docker.io/library/nosuch:1": docker.io/library/nosuch:1: not found',
    'Warning Failed Error: ErrImagePull',
  ]);
  world.runtime.images.script('nosuch:1', { bytes: 5 });
  await pass(20 * SECOND);
  expect(world.status('web').phase).toBe('Running');
  expect(world.eventsOf('web')).toContain(
    'Normal Pulled Successfully pulled image "nosuch:1" in 0s (0s including waiting). Image size: 5 bytes.',
  );
});

test('two containers, one without image: the other runs, the Pod is Pending', async () => {
  const never = busybox('b', { image: 'nosuch', imagePullPolicy: 'Never' });
  await world.create('web', { containers: [busybox('a'), never] });
  await pass();
  expect(world.rows.at(-1)).toBe('web Pending a=running b=ErrImageNeverPull');
  expect(world.eventsOf('web').slice(-2)).toEqual([
    'Warning ErrImageNeverPull Container image "nosuch" is not present with pull policy of Never',
    'Warning Failed Error: ErrImageNeverPull',
  ]);
});

test.each([
  { name: 'Never, exit 0', restartPolicy: 'Never', exitCode: 0, end: 'p Succeeded c=Completed' },
  { name: 'Never, exit 3', restartPolicy: 'Never', exitCode: 3, end: 'p Failed c=Error' },
  { name: 'OnFailure, exit 0', restartPolicy: 'OnFailure', exitCode: 0, end: 'p Succeeded c=Completed' },
])('run to completion: $name', async ({ restartPolicy, exitCode, end }) => {
  world.runtime.script('c', { exitsAfterMs: SECOND, exitCode });
  await world.create('p', { restartPolicy });
  await pass(MINUTE);
  expect(world.rows.at(-1)).toBe(end);
  expect(await world.sandboxes()).toEqual(['p/0 NOTREADY']);
  expect(await world.containers()).toEqual(['c/0 EXITED']);
  expect(world.status('p').conditions?.[0]).toMatchObject({ type: 'PodReadyToStartContainers', status: 'False' });
  expect(world.status('p').podIP).toBe('10.244.0.3');
  expect(world.parts.log).toEqual(['release uid-p']);
  // The API removes a Pod that has ended at once.
  await world.forceDelete('p');
  await pass();
  expect(await world.sandboxes()).toEqual([]);
});

test('OnFailure restarts until it works', async () => {
  let runs = 0;
  world.runtime.script(({ metadata }) => metadata.attempt < 2 && ++runs > 0, { exitsAfterMs: 0, exitCode: 1 });
  await world.create('p', { restartPolicy: 'OnFailure' });
  await pass(5 * SECOND);
  expect(world.rows.at(-1)).toBe('p Running c=CrashLoopBackOff(1)');
  world.runtime.script('c', { exitsAfterMs: SECOND });
  await pass(MINUTE);
  expect(world.rows.at(-1)).toBe('p Succeeded c=Completed(2)');
});

test('a command that is not there: RunContainerError, then back-off', async () => {
  world.runtime.script('c', { failsToStart: 'exec: "/nosuch": no such file or directory' });
  await world.create('bad');
  await pass();
  expect(world.container('bad', 'c').state?.waiting).toEqual({
    reason: 'RunContainerError',
    message: 'exec: "/nosuch": no such file or directory',
  });
  expect(world.eventsOf('bad').at(-1)).toBe('Warning Failed Error: exec: "/nosuch": no such file or directory');
  await pass(5 * SECOND);
  expect(world.rows.at(-1)).toBe('bad Running c=CrashLoopBackOff(1)');
});

test('a command that is not there, restartPolicy Never: Failed, StartError', async () => {
  world.runtime.script('c', { failsToStart: 'exec: "/nosuch": no such file or directory' });
  await world.create('bad', { restartPolicy: 'Never' });
  await pass(SECOND);
  expect(world.container('bad', 'c').state?.terminated).toMatchObject({
    exitCode: 128,
    reason: 'StartError',
    startedAt: '1970-01-01T00:00:00Z',
  });
  expect(world.rows.at(-1)).toBe('bad Failed c=StartError');
});

test('out of memory', async () => {
  world.runtime.script('c', { exitsAfterMs: SECOND, oomKilled: true });
  await world.create('fat', { restartPolicy: 'Never' });
  await pass(SECOND);
  expect(world.rows.at(-1)).toBe('fat Failed c=OOMKilled');
  expect(world.container('fat', 'c').state?.terminated?.exitCode).toBe(137);
});

test('a sandbox that dies is made anew with everything in it', async () => {
  await world.create('web', { initContainers: [busybox('init')], containers: [busybox('c')] });
  world.runtime.script('init', { exitsAfterMs: 0 });
  await pass(SECOND);
  expect(await world.containers()).toEqual(['init/0 EXITED', 'c/0 RUNNING']);
  const [sandbox] = await world.runtime.listPodSandboxes();
  world.runtime.killSandbox(sandbox?.id ?? '');
  await pass(SECOND);
  expect(await world.sandboxes()).toEqual(['web/0 NOTREADY', 'web/1 READY']);
  expect(await world.containers()).toEqual(['init/0 EXITED', 'c/0 EXITED', 'init/1 EXITED', 'c/1 RUNNING']);
  expect(world.eventsOf('web')).toContain(
    'Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.',
  );
  expect(world.rows.at(-1)).toBe('web Running init=Completed(1) c=running(1)');
});

test('init containers run one after the other, then sidecars stay beside the main container', async () => {
  world.runtime.script('one', { exitsAfterMs: SECOND });
  world.runtime.script('two', { exitsAfterMs: SECOND });
  await world.create('web', { initContainers: [busybox('one'), sidecar('side'), busybox('two')] });
  await pass(10 * SECOND);
  expect(world.rows).toEqual([
    'web Pending',
    'web Pending one=PodInitializing side=PodInitializing two=PodInitializing c=PodInitializing',
    'web Pending one=running side=PodInitializing two=PodInitializing c=PodInitializing',
    'web Pending one=Completed side=PodInitializing two=PodInitializing c=PodInitializing',
    'web Pending one=Completed side=running two=PodInitializing c=PodInitializing',
    'web Pending one=Completed side=running two=running c=PodInitializing',
    'web Pending one=Completed side=running two=Completed c=PodInitializing',
    'web Running one=Completed side=running two=Completed c=running',
  ]);
});

test('a run-to-completion Pod ends when its main container has ended: its sidecar is stopped then', async () => {
  world.runtime.script('c', { exitsAfterMs: 4 * SECOND });
  await world.create('native', { restartPolicy: 'Never', initContainers: [sidecar('logger')] });
  await pass(MINUTE);
  expect(world.rows.at(-1)).toBe('native Succeeded logger=Error c=Completed');
  expect(world.eventsOf('native').at(-1)).toBe('Normal Killing Stopping container logger');
});

test('sidecars end in reverse order after the main containers, within one grace period', async () => {
  for (const name of ['main', 's1', 's2']) world.runtime.script(name, { termAfterMs: SECOND });
  const containers = [busybox('main')];
  await world.create('web', { initContainers: [sidecar('s1'), sidecar('s2')], containers });
  await pass();
  await world.delete('web');
  await pass(MINUTE);
  const stops = world.runtime.calls.filter(({ method }) => method === 'stopContainer').map(({ args }) => args);
  // Ids of containers count up: sandbox 1, s1 2, s2 3, main 4.
  expect(stops.map(([id]) => Number(`0x${id}`))).toEqual([4, 3, 2]);
  expect(stops.map(([, timeout]) => timeout)).toEqual([30, 29, 28]);
});

test('the deadline of a Pod ends it as Failed', async () => {
  world.runtime.script('c', { termExitCode: 0 });
  await world.create('late', { activeDeadlineSeconds: 5 });
  await pass(4 * SECOND);
  expect(world.rows.at(-1)).toBe('late Running c=running');
  await pass(SECOND);
  expect(world.rows.at(-1)).toBe('late Failed c=Completed');
  expect(world.status('late')).toMatchObject({
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
});

test('a readiness gate is read from the conditions that others write', async () => {
  await world.create('web', { readinessGates: [{ conditionType: 'example.com/ready' }] });
  await pass();
  const ready = () => world.status('web').conditions?.find(({ type }) => type === 'Ready');
  expect(ready()).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
  await world.edit('web', (pod) => ({
    ...pod,
    status: {
      ...pod.status,
      conditions: [...(pod.status?.conditions ?? []), { type: 'example.com/ready', status: 'True' }],
    },
  }));
  await pass();
  expect(ready()).toMatchObject({ status: 'True' });
  expect(world.status('web').conditions?.map(({ type }) => type)).toContain('example.com/ready');
});

test('fifty Pods at once', async () => {
  world.runtime.delay('runPodSandbox', 80);
  world.runtime.delay('startContainer', 45);
  for (let index = 0; index < 50; index++) await world.create(`p${index}`);
  await pass(5 * SECOND);
  const phases = Array.from({ length: 50 }, (_, index) => world.status(`p${index}`).phase);
  expect(new Set(phases)).toEqual(new Set(['Running']));
  for (let index = 0; index < 50; index++) await world.delete(`p${index}`);
  await pass(5 * SECOND);
  expect(await world.sandboxes()).toEqual([]);
  expect(world.loop.size).toBe(0);
  expect(Date.now()).toBe(BEGIN + 10 * SECOND);
});

test('an idle Pod costs nothing but a look each minute', async () => {
  await world.create('web');
  await pass(SECOND);
  world.runtime.calls.length = 0;
  await pass(30 * SECOND);
  expect(world.runtime.calls).toEqual([]);
});
