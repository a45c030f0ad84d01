import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { busybox, pass, sidecar, virtualTime, World } from '../../test/pods/world.ts';
import type { Program } from '../cri/fake.ts';
import type { Container, Probe } from '../kube/generated/objects.ts';

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
const exec = (word: string) => ({ exec: { command: [word] } });
const probe = (word: string, more: Partial<Probe> = {}): Probe => ({
  ...{ ...exec(word), periodSeconds: 1, failureThreshold: 1 },
  ...more,
});
const post = (word: string): Partial<Container> => ({ lifecycle: { postStart: exec(word) } });
const pre = (word: string): Partial<Container> => ({ lifecycle: { preStop: exec(word) } });

/** Commands of probes and hooks, by their one word: what they exit with, and how long they take. */
const commands = new Map<string, { exitCode?: number; takesMs?: number }>();
beforeEach(() => commands.clear());

/** Lets containers of all names answer such commands, and have these programs besides. */
function script(programs: Record<string, Program> = {}): void {
  for (const name of new Set(['c', 'd', 's', 't', ...Object.keys(programs)]))
    world.runtime.script(name, { ...programs[name], exec: ([word = '']) => commands.get(word) ?? {} });
}

/** What was begun and ended, and the commands that were run in containers. */
function done(): string[] {
  return world.runtime.calls.flatMap(({ method, args }) => {
    if (method === 'execSync') return [(args[1] as string[]).join(' ')];
    if (method === 'createContainer') return [`create ${(args[1] as { metadata: { name: string } }).metadata.name}`];
    return method === 'startContainer' || method === 'stopContainer' ? [method.replace('Container', '')] : [];
  });
}

describe('liveness', () => {
  test('kills with the grace period of the probe, after the preStop hook, and restarts', async () => {
    script({ c: { ignoresTerm: true } });
    commands.set('alive', { exitCode: 1 });
    const livenessProbe = probe('alive', { terminationGracePeriodSeconds: 4 });
    await world.create('web', { containers: [busybox('c', { livenessProbe, ...pre('bye') })] });
    await pass(SECOND);
    commands.clear();
    expect(done()).toEqual(['create c', 'start', 'alive', 'bye', 'stop']);
    await pass(3 * SECOND);
    expect(world.container('web', 'c').restartCount).toBe(0);
    await pass(SECOND);
    expect(world.container('web', 'c')).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 137 } },
    });
    expect(world.eventsOf('web')).toContain('Normal Killing Container c failed liveness probe, will be restarted');
    await pass(10 * SECOND);
    expect(world.container('web', 'c').restartCount).toBe(1);
  });

  test('of a Pod that restarts nothing ends it', async () => {
    script();
    commands.set('alive', { exitCode: 1 });
    await world.create('job', {
      restartPolicy: 'Never',
      containers: [busybox('c', { livenessProbe: probe('alive') })],
    });
    await pass(5 * SECOND);
    expect(world.status('job').phase).toBe('Failed');
    expect(world.eventsOf('job').slice(-2)).toEqual([
      'Warning Unhealthy Liveness probe failed: ',
      'Normal Killing Stopping container c',
    ]);
  });

  test('of a sidecar restarts it even then', async () => {
    script();
    commands.set('alive', { exitCode: 1 });
    const one = sidecar('s', { livenessProbe: probe('alive') });
    await world.create('job', { restartPolicy: 'Never', initContainers: [one] });
    await pass(SECOND);
    commands.clear();
    await pass(5 * SECOND);
    expect(world.container('job', 's').restartCount).toBe(1);
    expect(world.rows.at(-1)).toBe('job Running s=running(1) c=running');
  });

  test('is no matter any more when the Pod ends', async () => {
    script({ c: { ignoresTerm: true } });
    commands.set('alive', { exitCode: 1 });
    const livenessProbe = probe('alive', { failureThreshold: 5, terminationGracePeriodSeconds: 1 });
    await world.create('web', { containers: [busybox('c', { livenessProbe })] });
    await pass(2 * SECOND);
    await world.delete('web', 20);
    await pass(19 * SECOND);
    expect(world.eventsOf('web').filter((line) => line.includes('Killing'))).toEqual([
      'Normal Killing Stopping container c',
    ]);
    expect(world.container('web', 'c').state?.running).toBeDefined();
  });
});

describe('startup and readiness', () => {
  const ready = (name = 'web') => world.status(name).conditions?.find(({ type }) => type === 'Ready')?.status;

  test('a sidecar holds up what comes after it until its startup probe succeeds', async () => {
    script();
    commands.set('up', { exitCode: 1 });
    const startupProbe = probe('up', { failureThreshold: 30 });
    await world.create('web', { initContainers: [sidecar('s', { startupProbe, readinessProbe: probe('ready') })] });
    await pass(3 * SECOND);
    expect(world.rows.at(-1)).toBe('web Pending s=running c=PodInitializing');
    expect(world.container('web', 's')).toMatchObject({ started: false, ready: false });
    commands.clear();
    await pass(2 * SECOND);
    expect(world.rows.at(-1)).toBe('web Running s=running c=running');
    expect([ready(), done().filter((word) => word === 'up').length]).toEqual(['True', 4]);
  });

  test('one whose startup probe fails for good is restarted, and holds up the rest on', async () => {
    script();
    commands.set('up', { exitCode: 1 });
    await world.create('web', { initContainers: [sidecar('s', { startupProbe: probe('up'), ...pre('bye') })] });
    await pass(SECOND);
    commands.clear();
    expect(world.eventsOf('web')).toContain('Normal Killing Init container s failed startup probe');
    expect(done()).toContain('bye');
    await pass(2 * SECOND);
    expect(world.rows.at(-1)).toBe('web Running s=running(1) c=running');
  });

  test('neither readiness nor liveness of a sidecar holds anybody up, but it counts for the Pod', async () => {
    script();
    commands.set('ready', { exitCode: 1 });
    await world.create('web', { initContainers: [sidecar('s', { readinessProbe: probe('ready') })] });
    await pass(3 * SECOND);
    expect([world.rows.at(-1), ready()]).toEqual(['web Running s=running c=running', 'False']);
    commands.clear();
    await pass(SECOND);
    expect(ready()).toBe('True');
  });

  test('readiness comes and goes, also while the Pod ends', async () => {
    script({ c: { termAfterMs: 20 * SECOND } });
    await world.create('web', { containers: [busybox('c', { readinessProbe: probe('ready') })] });
    await pass(0.4 * SECOND);
    expect(ready()).toBe('False');
    await pass(0.2 * SECOND);
    expect(ready()).toBe('True');
    await world.delete('web');
    await pass(2 * SECOND);
    expect(ready()).toBe('True');
    commands.set('ready', { exitCode: 1 });
    await pass(SECOND);
    expect(ready()).toBe('False');
  });

  test('after a restart of the node what runs is asked anew, and nothing is restarted', async () => {
    script();
    await world.create('web', {
      containers: [busybox('c', { startupProbe: probe('up'), readinessProbe: probe('ready') })],
    });
    await pass(3 * SECOND);
    expect(ready()).toBe('True');
    await world.loop.stop();
    const stopped = done().length;
    await pass(10 * SECOND);
    expect(done()).toHaveLength(stopped);
    commands.set('up', { takesMs: 100 });
    await world.newLoop().start();
    await pass();
    expect(world.container('web', 'c')).toMatchObject({ started: false, ready: false, restartCount: 0 });
    await pass(4 * SECOND);
    expect([ready(), world.container('web', 'c').restartCount]).toEqual(['True', 0]);
  });
});

describe('postStart', () => {
  test('is waited for by the container itself and by those after it', async () => {
    script();
    commands.set('hook', { takesMs: 5 * SECOND });
    await world.create('web', { containers: [busybox('c', post('hook')), busybox('d')] });
    await pass(4 * SECOND);
    expect([done(), world.rows.at(-1)]).toEqual([
      ['create c', 'start', 'hook'],
      'web Pending c=ContainerCreating d=ContainerCreating',
    ]);
    await pass(2 * SECOND);
    expect(world.rows.at(-1)).toBe('web Running c=running d=running');
  });

  test('of a sidecar is waited for by the main containers', async () => {
    script();
    commands.set('hook', { takesMs: 5 * SECOND });
    await world.create('web', { initContainers: [sidecar('s', post('hook'))] });
    await pass(4 * SECOND);
    expect(done()).toEqual(['create s', 'start', 'hook']);
    await pass(2 * SECOND);
    expect(world.rows.at(-1)).toBe('web Running s=running c=running');
  });

  test('that fails ends the container, which says why it waits; the others start', async () => {
    script();
    commands.set('hook', { exitCode: 7 });
    await world.create('web', { containers: [busybox('c', post('hook')), busybox('d')] });
    await pass(SECOND);
    expect(world.rows.at(-1)).toBe('web Running c=CrashLoopBackOff(1) d=running');
    expect(world.rows).toContain('web Running c=PostStartHookError d=running');
    expect(world.eventsOf('web').slice(2, 5)).toEqual([
      'Normal Started Started container c',
      'Warning FailedPostStartHook PostStartHook failed',
      'Normal Killing FailedPostStartHook',
    ]);
  });

  test('that hangs does not hold up a deletion', async () => {
    script();
    commands.set('hook', { takesMs: 3_600 * SECOND });
    await world.create('web', { containers: [busybox('c', post('hook')), busybox('d')] });
    await pass(SECOND);
    await world.delete('web');
    await pass(SECOND);
    expect([world.get('web'), await world.containers()]).toEqual([undefined, []]);
    expect(done()).not.toContain('create d');
  });
});

describe('preStop', () => {
  test('runs within the grace period of a deletion; not for a container that has ended', async () => {
    script({ d: { exitsAfterMs: 100 } });
    commands.set('bye', { takesMs: 5 * SECOND });
    const containers = [busybox('c', pre('bye')), busybox('d', pre('never'))];
    await world.create('web', { restartPolicy: 'Never', containers });
    await pass(SECOND);
    await world.delete('web');
    await pass(4 * SECOND);
    expect(done().slice(-1)).toEqual(['bye']);
    await pass(SECOND);
    expect(world.get('web')).toBeUndefined();
    expect(done()).not.toContain('never');
  });

  test('runs for sidecars when the main containers have finished', async () => {
    script({ c: { exitsAfterMs: 100 } });
    await world.create('job', { restartPolicy: 'Never', initContainers: [sidecar('s', pre('bye'))] });
    await pass(SECOND);
    expect([world.status('job').phase, done().slice(-2)]).toEqual(['Succeeded', ['bye', 'stop']]);
  });
});

describe('a sidecar that ends at once', () => {
  beforeEach(async () => {
    await world.loop.stop();
    await world.newLoop({ settlingMs: 150 }).start();
  });

  test('was never started for those that come after it: what was made for them is taken back', async () => {
    script({ s: { exitsAfterMs: 100, exitCode: 3 } });
    await world.create('web', { initContainers: [sidecar('s')] });
    await pass(5 * SECOND);
    expect(world.rows.at(-1)).toBe('web Pending s=CrashLoopBackOff(1) c=PodInitializing');
    expect(await world.containers()).toEqual(['s/0 EXITED', 's/1 EXITED']);
    expect(world.eventsOf('web').filter((line) => line.endsWith(' c'))).toEqual([]);
    expect(world.rows.filter((line) => line.includes('c=running'))).toEqual([]);
  });

  test('one that lives on lets them start, and is told of in the usual order', async () => {
    script();
    await world.create('web', { initContainers: [sidecar('s'), sidecar('t')] });
    await pass(200);
    expect(world.rows.at(-1)).toBe('web Pending s=running t=running c=PodInitializing');
    await pass(200);
    expect(world.rows.at(-1)).toBe('web Running s=running t=running c=running');
    expect(world.eventsOf('web').map((line) => line.split(' ')[1])).toEqual(
      ['s', 't', 'c'].flatMap(() => ['Pulled', 'Created', 'Started']),
    );
  });

  test('a main container that is restarted waits for nobody', async () => {
    script({ c: { exitsAfterMs: 300, exitCode: 1 }, s: { exitsAfterMs: 440 } });
    await world.create('web', { initContainers: [sidecar('s')] });
    await pass(445);
    expect(world.rows.at(-1)).toBe('web Running s=running(1) c=running');
    await pass(20);
    expect(world.rows.at(-1)).toBe('web Running s=running(1) c=running(1)');
  });

  test('a deletion does not wait for it to settle', async () => {
    script();
    await world.create('web', { initContainers: [sidecar('s')] });
    await pass(50);
    await world.delete('web');
    await pass(10);
    expect([world.get('web'), await world.containers()]).toEqual([undefined, []]);
  });
});

describe('last words', () => {
  test('are in the status, and stay with the container before when it is restarted', async () => {
    script({ c: { exitsAfterMs: 100, exitCode: 1 } });
    world.parts.words.set('c', 'out of luck');
    await world.create('web');
    await pass(0.15 * SECOND);
    expect(world.container('web', 'c').lastState?.terminated).toMatchObject({ exitCode: 1, message: 'out of luck' });
  });

  test('of all containers together fit into 12 KiB', async () => {
    script({ c: { exitsAfterMs: 100 }, d: { exitsAfterMs: 100 } });
    for (const name of ['a', 'b', 'c', 'd']) world.parts.words.set(name, 'x'.repeat(4096));
    const containers = ['a', 'b', 'c', 'd'].map((name) => busybox(name));
    for (const { name } of containers) world.runtime.script(name, { exitsAfterMs: 100 });
    await world.create('web', { restartPolicy: 'Never', containers });
    await pass(SECOND);
    const lengths = containers.map(({ name }) => world.container('web', name).state?.terminated?.message?.length);
    expect(lengths).toEqual([3072, 3072, 3072, 3072]);
  });
});
