import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Runtime } from '../cri/runtime.ts';
import { startTestContainerd, type TestContainerd } from '../cri/testing-containerd.ts';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { memoryStore } from '../store/memory-store.ts';
import { PodLoop } from './loop.ts';
import { readMachine } from './machine.ts';
import { podPaths } from './paths.ts';
import { podParts } from './pod-parts.ts';
import { podKey } from './pod-spec.ts';

/** The loop with a real containerd, and what a test asks of both. */
const network = { bridge: 'outfitpod2', podCidr: '10.201.10.0/24' };
const store = memoryStore();
const events: string[] = [];

let containerd: TestContainerd;
let runtime: Runtime;
let loop: PodLoop;

beforeAll(async () => {
  containerd = await startTestContainerd('loop', network);
  runtime = containerd.runtime;
  await runtime.pullImage('busybox');
  await runtime.pullImage('outfit.local/pause:1');
  loop = await newLoop();
});

afterAll(async () => {
  await loop?.stop();
  await containerd?.close();
});

/** A test that fails leaves nothing to the next one. */
afterEach(async () => {
  for (const pod of store.list({ group: '', resource: 'pods' }).items) await store.delete(podKey(pod as Pod));
  await until('nothing is worked for', () => loop.size === 0);
  events.length = 0;
});

/** As after a start of the node. */
async function newLoop(): Promise<PodLoop> {
  const { places, log } = containerd;
  const machine = await readMachine(places.home);
  const recorder = {
    event: (pod: Pod, type: string, reason: string, message: string) =>
      void events.push(`${pod.metadata?.name} ${type} ${reason} ${message}`),
  };
  const paths = podPaths(places.home);
  const parts = podParts({ paths, store, events: recorder, nodeName: 'node1', machine, cgroupRoot: places.cgroup });
  const hostIPs = machine.addresses;
  const made = new PodLoop({
    store,
    runtime,
    parts,
    events: recorder,
    schedulerEvents: recorder,
    taintEvents: recorder,
    log,
    nodeName: 'node1',
    hostIPs,
    owner: 'e2e',
  });
  await made.start();
  return made;
}

async function create(name: string, spec: Partial<PodSpec> = {}, script = 'sleep 1000'): Promise<void> {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    spec: { containers: [shell('c', script)], nodeName: 'node1', terminationGracePeriodSeconds: 10, ...spec },
  };
  await store.create(podKey(pod), pod as KubeObject);
}

function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  const trap = `trap 'exit 0' TERM; ${script} & wait $!`;
  const command = ['/bin/sh', '-c', trap];
  return { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', command, ...more };
}

function get(name: string): Pod | undefined {
  return store.get({ group: '', resource: 'pods', namespace: 'shop', name }) as Pod | undefined;
}

function status(name: string): PodStatus {
  return get(name)?.status ?? {};
}

function container(name: string): ContainerStatus | undefined {
  return status(name).containerStatuses?.[0];
}

async function until(what: string, condition: () => boolean, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} did not come to pass: ${JSON.stringify([...events.slice(-10)])}`);
    await sleep(5);
  }
}

async function remove(name: string): Promise<void> {
  const pod = get(name);
  if (!pod) throw new Error(`no pod ${name}`);
  await store.update(podKey(pod), (current) => ({
    ...current,
    metadata: { ...current.metadata, deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: 10 },
  }));
  await until(`${name} is gone`, () => get(name) === undefined);
}

test('a Pod lives and dies, and nothing of it is left', async () => {
  const begun = performance.now();
  await create('web', { volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }] });
  await until('web runs', () => status('web').phase === 'Running');
  const up = performance.now() - begun;
  expect(status('web').podIP).toMatch(/^10\.201\.10\./);
  expect(container('web')).toMatchObject({ ready: true, started: true, image: 'docker.io/library/busybox:latest' });
  const ending = performance.now();
  await remove('web');
  const down = performance.now() - ending;
  expect(await runtime.listPodSandboxes()).toEqual([]);
  expect(await runtime.listContainers()).toEqual([]);
  expect(await readdir(join(containerd.places.home, 'pods'))).toEqual([]);
  expect(await readdir(join(containerd.places.home, 'logs'))).toEqual([]);
  containerd.log.info({ up: Math.round(up), down: Math.round(down) }, 'milliseconds');
});

test('a crash: at once again, then CrashLoopBackOff', async () => {
  await create('crash', {}, 'exit 3');
  await until('crash waits', () => container('crash')?.state?.waiting?.reason === 'CrashLoopBackOff');
  expect(container('crash')).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 3 } } });
  await remove('crash');
});

test('sidecar and run to completion', async () => {
  const initContainers = [shell('side', 'sleep 1000', { restartPolicy: 'Always' }), shell('init', 'true')];
  await create('job', { restartPolicy: 'Never', initContainers }, 'sleep 1');
  await until('job ends', () => status('job').phase === 'Succeeded');
  await until('its sandbox is down', () => status('job').conditions?.[0]?.status === 'False');
  expect(status('job').initContainerStatuses?.map(({ state }) => state?.terminated?.exitCode)).toEqual([0, 0]);
  await store.delete({ group: '', resource: 'pods', namespace: 'shop', name: 'job' });
  await until('nothing works for it', () => loop.size === 0);
  expect(await runtime.listPodSandboxes()).toEqual([]);
});

test('a restart of the node: nothing is restarted, what died is noticed', async () => {
  await create('a');
  await create('b');
  await until('both run', () => [status('a'), status('b')].every(({ phase }) => phase === 'Running'));
  const before = status('a');
  await loop.stop();
  const b = container('b')?.containerID?.replace('containerd://', '') ?? '';
  await runtime.stopContainer(b, 0);
  loop = await newLoop();
  await until('b is restarted', () => container('b')?.restartCount === 1 && container('b')?.ready === true);
  expect(status('a')).toEqual(before);
  expect(await runtime.listPodSandboxes()).toHaveLength(2);
  await Promise.all([remove('a'), remove('b')]);
});

test('a sandbox whose process dies is made anew', async () => {
  await create('web');
  await until('web runs', () => status('web').phase === 'Running');
  const [sandbox] = await runtime.listPodSandboxes({ labels: { 'io.kubernetes.pod.uid': 'uid-web' } });
  const { pid } = await runtime.podSandboxStatus(sandbox?.id ?? '');
  process.kill(pid ?? 0, 'SIGKILL');
  await until('web runs again', () => container('web')?.restartCount === 1 && container('web')?.ready === true);
  expect(events).toContain('web Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.');
  await remove('web');
});

test('deleted while it starts', async () => {
  for (let delay = 0; delay <= 200; delay += 20) {
    await create('quick');
    await sleep(delay);
    await remove('quick');
  }
  expect(await runtime.listPodSandboxes()).toEqual([]);
});

test('ten at once', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `many${index}`);
  await Promise.all(names.map((name) => create(name)));
  await until('all run', () => names.every((name) => status(name).phase === 'Running'));
  await Promise.all(names.map(remove));
  expect(await runtime.listPodSandboxes()).toEqual([]);
  expect(loop.size).toBe(0);
});
