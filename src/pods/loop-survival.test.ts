import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { busybox, pass, sidecar, virtualTime, World } from '../../test/pods/world.ts';
import type { Method } from '../cri/fake.ts';
import { RuntimeError } from '../cri/runtime.ts';

let world: World;

beforeEach(() => {
  virtualTime();
  world = new World();
});

afterEach(async () => {
  await world.close();
  vi.useRealTimers();
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The node process dies without a word and another one starts, `meanwhile` later. */
async function restart(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
  const stopped = world.loop.stop();
  await pass(3 * SECOND);
  await stopped;
  await meanwhile();
  world.runtime.calls.length = 0;
  world.newLoop();
  await world.loop.start();
  await pass();
}

async function killSandbox(): Promise<void> {
  for (const { id } of await world.runtime.listPodSandboxes()) world.runtime.killSandbox(id);
}

describe('after a restart of the node', () => {
  test('running containers are taken up: nothing is made, started or stopped', async () => {
    await world.loop.start();
    await world.create('web', { initContainers: [sidecar('side')] });
    await pass();
    const before = world.status('web');
    await restart();
    expect(world.runtime.changes()).toEqual([]);
    expect(world.status('web')).toEqual(before);
  });

  test('restart counts go on from what the runtime has', async () => {
    world.runtime.script('c', { exitsAfterMs: 0, exitCode: 1 });
    await world.loop.start();
    await world.create('crash');
    await pass(15 * SECOND);
    expect(world.container('crash', 'c').restartCount).toBe(2);
    world.runtime.script('c', {});
    await restart();
    expect(world.container('crash', 'c')).toMatchObject({ restartCount: 3, state: { running: {} } });
  });

  test('what died meanwhile is noticed and restarted', async () => {
    await world.loop.start();
    await world.create('web', { containers: [busybox('a'), busybox('b')] });
    await pass();
    await restart(async () => world.runtime.exit(await world.idOf('b'), 7));
    expect(await world.containers()).toEqual(['a/0 RUNNING', 'b/0 EXITED', 'b/1 RUNNING']);
    expect(world.container('web', 'b').lastState?.terminated?.exitCode).toBe(7);
  });

  test('what ended for good meanwhile is told', async () => {
    await world.loop.start();
    await world.create('job', { restartPolicy: 'Never' });
    await pass();
    await restart(async () => world.runtime.exit(await world.idOf('c'), 0));
    expect(world.rows.at(-1)).toBe('job Succeeded c=Completed');
  });

  test.each([
    ['while the node was away', async () => restart(killSandbox)],
    ['before the eyes of the node', killSandbox],
  ])('the network of a Pod that has ended by the end of its sandbox %s is taken down, once', async (_, end) => {
    await world.loop.start();
    await world.create('job', { restartPolicy: 'Never' });
    await pass();
    world.runtime.calls.length = 0;
    await end();
    await pass(5 * MINUTE);
    expect(world.status('job').phase).toBe('Failed');
    expect(world.runtime.changes()).toEqual(['stopPodSandbox']);
    await restart();
    await pass(5 * MINUTE);
    expect(world.runtime.changes()).toEqual(['stopPodSandbox']);
  });

  test('a Pod deleted meanwhile with its object is removed, files too', async () => {
    await world.loop.start();
    await world.create('web');
    await pass();
    await restart(() => world.forceDelete('web'));
    await pass(3 * SECOND);
    expect(await world.sandboxes()).toEqual([]);
    expect([...world.parts.pods]).toEqual([]);
  });

  test('files of a Pod that is long gone are removed', async () => {
    world.parts.pods.add('uid-old');
    await world.loop.start();
    await pass();
    expect(world.parts.log).toEqual(['release uid-old', 'remove uid-old']);
  });

  test('a deletion that had begun goes on', async () => {
    world.runtime.script('c', { termAfterMs: 10 * SECOND });
    await world.loop.start();
    await world.create('web');
    await pass();
    await world.delete('web');
    await pass(SECOND);
    await restart();
    await pass(10 * SECOND);
    expect(world.get('web')).toBeUndefined();
    expect(await world.sandboxes()).toEqual([]);
  });

  test('a container that was made and never started is made again under its number', async () => {
    world.runtime.delay('startContainer', MINUTE);
    await world.loop.start();
    await world.create('web');
    await pass(SECOND);
    expect(await world.containers()).toEqual(['c/0 CREATED']);
    // The old process is gone before its call to start has any effect.
    world.runtime.fail('startContainer', new RuntimeError('Cancelled', 'the client went away'), { times: 1 });
    await pass(MINUTE);
    world.runtime.delay('startContainer', 0);
    await restart();
    await pass(MINUTE);
    expect(await world.containers()).toEqual(['c/0 RUNNING']);
    expect(world.container('web', 'c').restartCount).toBe(0);
  });

  test('a start that the end of the node cut short is no failure of the container, which has never run', async () => {
    const cancelled = 'failed to create containerd task: failed to create shim task: context canceled: unknown';
    world.runtime.script('c', { failsToStart: cancelled });
    await world.loop.start();
    await world.create('web', { restartPolicy: 'Never' });
    await pass();
    world.runtime.script('c', {});
    await restart();
    await pass(MINUTE);
    expect(await world.containers()).toEqual(['c/0 RUNNING']);
    expect(world.status('web').phase).toBe('Running');
    expect(world.container('web', 'c')).toMatchObject({ restartCount: 0, lastState: {} });
  });

  test('after a reboot Pods begin anew in a new sandbox; restart counts go on', async () => {
    await world.loop.start();
    await world.create('web', { initContainers: [busybox('init')] });
    world.runtime.script('init', { exitsAfterMs: 0 });
    await pass();
    await restart(async () => {
      for (const { id } of await world.runtime.listPodSandboxes()) world.runtime.killSandbox(id);
    });
    expect(await world.sandboxes()).toEqual(['web/0 NOTREADY', 'web/1 READY']);
    expect(world.rows.at(-1)).toBe('web Running init=Completed(1) c=running(1)');
  });

  test('when the runtime has lost everything, restart counts come from the status', async () => {
    await world.loop.start();
    await world.create('web');
    await pass();
    await restart(async () => {
      for (const { id } of await world.runtime.listPodSandboxes()) await world.runtime.removePodSandbox(id);
    });
    expect(await world.containers()).toEqual(['c/1 RUNNING']);
    expect(world.container('web', 'c').restartCount).toBe(1);
  });

  test('other people’s sandboxes on the same containerd are left alone', async () => {
    const foreign = await world.parts.sandboxConfig({ metadata: { name: 'x', namespace: 'y', uid: 'z' } }, 0);
    await world.runtime.runPodSandbox(foreign);
    await world.loop.start();
    await pass(3 * SECOND);
    expect(await world.sandboxes()).toEqual(['x/0 READY']);
  });
});

describe('stop and drain', () => {
  test('stop leaves containers as they are', async () => {
    await world.loop.start();
    await world.create('web');
    await pass();
    await world.loop.stop();
    expect(await world.containers()).toEqual(['c/0 RUNNING']);
  });

  test('drain stops all within their grace period and keeps the objects; the next start begins them anew', async () => {
    world.runtime.script('c', { termAfterMs: 2 * SECOND, termExitCode: 0 });
    await world.loop.start();
    await world.create('always');
    await world.create('never', { restartPolicy: 'Never' });
    await pass();
    const drained = world.loop.drain();
    await pass(2 * SECOND);
    await drained;
    expect(await world.sandboxes()).toEqual(['always/0 NOTREADY', 'never/0 NOTREADY']);
    await world.create('late');
    await pass(SECOND);
    await restart();
    expect(world.rows.slice(-3)).toContain('late Running c=running');
    expect(world.status('always').phase).toBe('Running');
    expect(world.container('always', 'c')).toMatchObject({ restartCount: 1, state: { running: {} } });
    expect(world.status('never').phase).toBe('Succeeded');
  });

  test('drain ends in spite of a runtime that does not answer', async () => {
    await world.loop.start();
    await world.create('web');
    await pass();
    world.runtime.available = false;
    let isDrained = false;
    void world.loop.drain().then(() => {
      isDrained = true;
    });
    await pass(10 * SECOND);
    expect(isDrained).toBe(true);
  });

  test('start rejects when the runtime does not answer', async () => {
    world.runtime.available = false;
    await expect(world.loop.start()).rejects.toMatchObject({ code: 'Unavailable' });
  });
});

describe('when the runtime fails once, a Pod still lives and dies', () => {
  const METHODS: Method[] = [
    'listPodSandboxes',
    'listContainers',
    'runPodSandbox',
    'podSandboxStatus',
    'imageStatus',
    'createContainer',
    'startContainer',
    'containerStatus',
    'stopContainer',
    'stopPodSandbox',
    'removePodSandbox',
  ];
  const CODES = ['Failed', 'Unavailable', 'DeadlineExceeded'] as const;

  test.each(METHODS.flatMap((method) => CODES.map((code) => ({ method, code }))))(
    '$method: $code',
    async ({ method, code }) => {
      await world.loop.start();
      world.runtime.fail(method, new RuntimeError(code, 'no luck'), { times: 1 });
      await world.create('web');
      await pass(15 * SECOND);
      expect(world.status('web').phase).toBe('Running');
      expect((await world.sandboxes()).filter((line) => line.endsWith(' READY'))).toHaveLength(1);
      world.runtime.fail(method, new RuntimeError(code, 'no luck'), { times: 1 });
      await world.delete('web');
      await pass(45 * SECOND);
      expect(world.get('web')).toBeUndefined();
      expect(await world.sandboxes()).toEqual([]);
    },
  );
});

test('while containerd is down nothing is said of the Pod; afterwards all goes on', async () => {
  await world.loop.start();
  await world.create('web');
  await pass();
  world.runtime.available = false;
  await world.create('new');
  await pass(30 * SECOND);
  expect(world.rows.at(-1)).toBe('new Pending c=ContainerCreating');
  expect(world.eventsOf('new')).toEqual([]);
  world.runtime.available = true;
  await pass(2 * SECOND);
  expect(world.status('new').phase).toBe('Running');
  expect(await world.containers()).toEqual(['c/0 RUNNING', 'c/0 RUNNING']);
});

test('a sandbox that cannot be made is tried at growing intervals, and says why each time', async () => {
  await world.loop.start();
  world.runtime.fail('runPodSandbox', new RuntimeError('Failed', 'no address left'));
  await world.create('web');
  await pass(30 * SECOND);
  const failed = 'Warning FailedCreatePodSandBox Failed to create pod sandbox: no address left';
  // At 0, 1, 3, 7, 15 and 25 s.
  expect(world.eventsOf('web')).toEqual(Array(6).fill(failed));
  expect(world.rows.at(-1)).toBe('web Pending c=ContainerCreating');
  world.runtime.heal();
  await pass(10 * SECOND);
  expect(world.status('web').phase).toBe('Running');
});

test('volumes that cannot be made hold the Pod up before its sandbox', async () => {
  await world.loop.start();
  world.parts.failVolumes = new Error(
    'MountVolume.SetUp failed for volume "v" : hostPath type check failed: /x is not a directory',
  );
  await world.create('web');
  await pass();
  expect(world.eventsOf('web')).toEqual([
    'Warning FailedMount MountVolume.SetUp failed for volume "v" : hostPath type check failed: /x is not a directory',
  ]);
  expect(await world.sandboxes()).toEqual([]);
  world.parts.failVolumes = undefined;
  await pass(10 * SECOND);
  expect(world.status('web').phase).toBe('Running');
});

test('a disk that has no room for the files of a container is told at the container, and tried again', async () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  world.parts.failConfig = () => error;
  await world.loop.start();
  await world.create('web');
  await pass(2 * SECOND);
  expect(world.container('web', 'c').state?.waiting).toEqual({
    reason: 'CreateContainerConfigError',
    message: 'ENOSPC: no space left on device, write',
  });
  expect(world.eventsOf('web')).toContain('Warning Failed Error: ENOSPC: no space left on device, write');
  world.parts.failConfig = undefined;
  await pass(20 * SECOND);
  expect(world.status('web').phase).toBe('Running');
});

test('an exit that the runtime’s lists show later than its events is found all the same', async () => {
  await world.loop.start();
  await world.create('web');
  await pass();
  const real = world.runtime.listContainers.bind(world.runtime);
  const stale = (await real()).map((container) => ({ ...container }));
  const lists = vi.spyOn(world.runtime, 'listContainers').mockImplementation(async () => stale);
  world.runtime.exit(await real().then(([c]) => c?.id ?? ''), 1);
  await pass();
  lists.mockRestore();
  expect(world.container('web', 'c').restartCount).toBe(0);
  await pass(100);
  expect(world.container('web', 'c').restartCount).toBe(1);
});

test('an exit that no event told of is found within a minute', async () => {
  vi.spyOn(world.runtime, 'events').mockImplementation((signal) => silence(signal));
  await world.loop.start();
  await world.create('web', { restartPolicy: 'Never' });
  await pass();
  world.runtime.exit(await world.idOf('c'), 0);
  await pass(2 * SECOND);
  expect(world.status('web').phase).toBe('Running');
  await pass(MINUTE);
  expect(world.status('web').phase).toBe('Succeeded');
});

test('a runtime without event stream is asked each second', async () => {
  vi.spyOn(world.runtime, 'events').mockReturnValue((async function* none() {})());
  await world.loop.start();
  await world.create('web', { restartPolicy: 'Never' });
  await pass();
  world.runtime.exit(await world.idOf('c'), 0);
  await pass(SECOND);
  expect(world.status('web').phase).toBe('Succeeded');
});

test('after the event stream broke everything is looked at', async () => {
  let tell = () => {};
  vi.spyOn(world.runtime, 'events').mockImplementation(async function* broken(signal) {
    await new Promise<void>((resolve) => {
      tell = resolve;
    });
    yield { id: '', type: 'other' } as const;
    yield* silence(signal);
  });
  await world.loop.start();
  await world.create('web', { restartPolicy: 'Never' });
  await pass();
  world.runtime.exit(await world.idOf('c'), 0);
  tell();
  await pass();
  expect(world.status('web').phase).toBe('Succeeded');
});

async function* silence(signal: AbortSignal): AsyncGenerator<never> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

test('a clock that is set back by an hour holds nothing up', async () => {
  await world.loop.start();
  world.runtime.script('c', { exitsAfterMs: 0, exitCode: 1 });
  world.runtime.fail('createContainer', new RuntimeError('Failed', 'no'), {
    matches: ([, config]) => JSON.stringify(config).includes('"d"'),
  });
  await world.create('crash');
  await world.create('bad', { containers: [busybox('d')] });
  await world.create('pull', { containers: [busybox('e', { image: 'no:1' })] });
  await pass(15 * SECOND);
  vi.setSystemTime(Date.now() - 3_600_000);
  world.runtime.heal();
  world.runtime.images.script('no:1', { bytes: 1 });
  world.runtime.script('c', {});
  await pass(MINUTE);
  expect(['crash', 'bad', 'pull'].map((name) => world.status(name).phase)).toEqual(['Running', 'Running', 'Running']);
});

describe.each([
  ['forward', 3 * 60 * MINUTE],
  ['back', -3 * 60 * MINUTE],
])('a clock that is set %s by three hours', (_, jump) => {
  const jumps = () => vi.setSystemTime(Date.now() + jump);

  test('restarts and ends nothing that runs, nor does its probes any harm', async () => {
    const probe = { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 1 };
    await world.loop.start();
    await world.create('web', { containers: [busybox('c', { livenessProbe: probe, readinessProbe: probe })] });
    await pass(5 * SECOND);
    const before = world.container('web', 'c');
    jumps();
    await pass(5 * SECOND);
    expect(world.container('web', 'c')).toEqual(before);
    expect(world.status('web').phase).toBe('Running');
  });

  test('makes no back-off longer than it is', async () => {
    world.runtime.script('c', { exitsAfterMs: 0, exitCode: 1 });
    await world.loop.start();
    await world.create('crash');
    await pass(25 * SECOND);
    const { restartCount } = world.container('crash', 'c');
    jumps();
    await pass(41 * SECOND);
    expect(world.container('crash', 'c').restartCount).toBeGreaterThan(restartCount);
  });

  test('leaves a container that ends its whole grace period, and no more', async () => {
    world.runtime.script('c', { termAfterMs: 10 * MINUTE });
    await world.loop.start();
    const preStop = { sleep: { seconds: 10 } };
    await world.create('web', { containers: [busybox('c', { lifecycle: { preStop } })] });
    await pass();
    await world.delete('web');
    await pass(SECOND);
    jumps();
    await pass(28 * SECOND);
    expect(world.get('web')).toBeDefined();
    await pass(5 * SECOND);
    expect(world.get('web')).toBeUndefined();
  });
});

test('a status that cannot be written (disk full) is written later', async () => {
  await world.loop.start();
  const update = vi.spyOn(world.store, 'update').mockRejectedValue(new Error('no space left on device'));
  await world.create('web');
  await pass(5 * SECOND);
  update.mockRestore();
  await pass(10 * SECOND);
  expect(world.status('web').phase).toBe('Running');
  expect(await world.sandboxes()).toEqual(['web/0 READY']);
});
