import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exited, observed, running, sandbox } from '../../test/pods/observed.ts';
import { BEGIN, busybox, makePod, pass, sidecar, virtualTime, World } from '../../test/pods/world.ts';
import type { ContainerStatus, EphemeralContainer, Pod, PodSpec } from '../kube/generated/objects.ts';
import { plan } from './plan.ts';
import { terminationOrder } from './termination-order.ts';

const debug = (name = 'debug', more: Partial<EphemeralContainer> = {}): EphemeralContainer => ({
  ...busybox(name),
  ...more,
});
const HEALTHY = { started: () => true, ready: () => true, failing: () => undefined };
const started = (spec: Partial<PodSpec>, told: Partial<ContainerStatus>[] = []): Pod => {
  const pod = makePod('web', { nodeName: 'node1', ...spec });
  return { ...pod, status: { ...pod.status, ephemeralContainerStatuses: told as ContainerStatus[] } };
};
const startsOf = (pod: Pod, seen = observed([running('c')])) =>
  plan({ pod, observed: seen, now: BEGIN, health: HEALTHY, backOffs: new Map() }).start.map(
    ({ container, attempt, replaces }) => `${container.name}/${attempt}${replaces ? ` for ${replaces}` : ''}`,
  );

describe('an ephemeral container is started', () => {
  const spec: Partial<PodSpec> = { ephemeralContainers: [debug()] };
  const init: Partial<PodSpec> = { ...spec, initContainers: [busybox('i')] };
  test.each<[string, Pod, Parameters<typeof observed>, string[]]>([
    ['when it is new', started(spec), [[running('c')]], ['debug/0']],
    ['not while it runs', started(spec), [[running('c'), running('debug')]], []],
    ['not after it ended, well or badly', started(spec), [[running('c'), exited('debug', 1)]], []],
    ['before the Pod is initialized', started(init), [[running('i')]], ['debug/0']],
    ['before init containers', started(init), [[]], ['debug/0', 'i/0']],
    [
      'when it was made and never begun',
      started(spec),
      [[running('c'), running('debug', { state: 'CREATED' })]],
      ['debug/0 for debug/0'],
    ],
    ['not when its state is unknown', started(spec), [[running('c'), running('debug', { state: 'UNKNOWN' })]], []],
    [
      'not again in a new sandbox',
      started(spec),
      [[exited('debug', 137, { sandboxId: 'sandbox-0' })], [sandbox({ attempt: 1 })]],
      ['c/0'],
    ],
    [
      'not when the runtime has lost it',
      started(spec, [{ name: 'debug', containerID: 'containerd://1' }]),
      [[running('c')]],
      [],
    ],
    [
      'not when nobody knows its end',
      started(spec, [{ name: 'debug', state: { terminated: { exitCode: 137 } } }]),
      [[running('c')]],
      [],
    ],
    [
      'again when its image could not be pulled',
      started(spec, [{ name: 'debug', state: { waiting: { reason: 'ErrImagePull' } } }]),
      [[running('c')]],
      ['debug/0'],
    ],
    ['not in a Pod that is done', started({ ...spec, restartPolicy: 'Never' }), [[exited('c')]], []],
  ])('%s', (_, pod, seen, expected) => {
    expect(startsOf(pod, observed(...seen))).toEqual(expected);
  });

  test('in a Pod of two sidecars nobody waits for its end', () => {
    const pod = makePod('web', { initContainers: [sidecar('s1'), sidecar('s2')], ephemeralContainers: [debug()] });
    const alive = ['c', 's1', 's2', 'debug'].map((name) => running(name));
    expect(terminationOrder(pod, alive).map(({ container, after }) => [container.name, after])).toEqual([
      ['c', []],
      ['s1', ['c', 's2']],
      ['s2', ['c']],
      ['debug', []],
    ]);
  });
});

describe('in the life of a Pod', () => {
  let world: World;
  beforeEach(() => {
    virtualTime();
    world = new World();
    void world.loop.start();
  });
  afterEach(async () => {
    await world.close();
    vi.useRealTimers();
  });
  const add = (name: string, ...containers: EphemeralContainer[]) =>
    world.edit(name, (pod) => ({ ...pod, spec: { ...pod.spec!, ephemeralContainers: containers } }));
  const shown = () => (world.status('web').ephemeralContainerStatuses ?? []) as ContainerStatus[];

  test('it runs beside the others, is not ready, and its end changes nothing', async () => {
    await world.create('web');
    await pass(2_000);
    await add('web', debug('z'), debug('a', { targetContainerName: 'c' }));
    await pass(2_000);
    expect(shown()).toEqual(
      ['a', 'z'].map((name) => ({
        containerID: expect.stringMatching(/^containerd:/),
        image: expect.any(String),
        imageID: expect.any(String),
        lastState: {},
        name,
        ready: false,
        resources: {},
        restartCount: 0,
        state: { running: { startedAt: expect.any(String) } },
      })),
    );
    const before = world.status('web');
    world.runtime.exit(await world.idOf('a'), 3);
    await pass(60_000);
    expect(shown().map(({ state }) => state?.terminated?.exitCode)).toEqual([3, undefined]);
    expect(await world.containers()).toHaveLength(3);
    expect(world.status('web')).toEqual({ ...before, ephemeralContainerStatuses: expect.anything() });
    expect(world.eventsOf('web').slice(-6)).toEqual(
      ['z', 'a'].flatMap((name) => [
        'Normal Pulled Container image "busybox" already present on machine',
        `Normal Created Created container: ${name}`,
        `Normal Started Started container ${name}`,
      ]),
    );
  });

  test('the node that comes back knows it, and does not start it again', async () => {
    await world.create('web');
    await add('web', debug());
    await pass(3_000);
    const stopping = world.loop.stop();
    await pass(5_000);
    await stopping;
    world.runtime.exit(await world.idOf('debug'), 0);
    void world.newLoop().start();
    await pass(3_000);
    expect(await world.containers()).toEqual(expect.arrayContaining(['c/0 RUNNING', 'debug/0 EXITED']));
    expect(shown()[0]?.state?.terminated?.reason).toBe('Completed');
  });

  test('its target is the container that runs now; one that was never made is waited for', async () => {
    const targets: (string | undefined)[] = [];
    world.parts.failConfig = ({ container, targetId }) => {
      if (container.name === 'debug') targets.push(targetId);
      return undefined;
    };
    await world.create('web', { initContainers: [busybox('i')] });
    await add('web', debug('debug', { targetContainerName: 'c' }));
    await pass(1_000);
    expect(shown()[0]?.state?.waiting).toEqual({
      message: 'unable to find target container c',
      reason: 'CreateContainerConfigError',
    });
    world.runtime.exit(await world.idOf('i'), 0);
    await pass(60_000);
    expect(targets).toEqual([await world.idOf('c')]);
    expect(shown()[0]?.state?.running).toBeDefined();
  });

  test('it ends with the Pod', async () => {
    await world.create('web');
    await add('web', debug());
    await pass(3_000);
    await world.delete('web', 1);
    await pass(10_000);
    expect(world.get('web')).toBeUndefined();
    expect(await world.containers()).toEqual([]);
    expect(world.eventsOf('web')).toContain('Normal Killing Stopping container debug');
  });
});
