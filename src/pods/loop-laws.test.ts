import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { busybox, pass, sidecar, virtualTime, World } from '../../test/pods/world.ts';
import type { Method } from '../cri/fake.ts';
import { RuntimeError } from '../cri/runtime.ts';

beforeEach(virtualTime);
afterEach(() => void vi.useRealTimers());

const NAMES = ['p0', 'p1', 'p2'] as const;
const METHODS: Method[] = [
  'listPodSandboxes',
  'runPodSandbox',
  'createContainer',
  'startContainer',
  'stopContainer',
  'stopPodSandbox',
  'removePodSandbox',
  'containerStatus',
];

type Step =
  | { do: 'create'; name: string; policy: string; withSidecar: boolean }
  | { do: 'delete' | 'force'; name: string }
  | { do: 'image'; name: string; image: string }
  | { do: 'exit'; which: number; code: number }
  | { do: 'kill sandbox'; which: number }
  | { do: 'fail'; method: Method; times: number }
  | { do: 'restart' }
  | { do: 'down'; ms: number }
  | { do: 'pass'; ms: number };

const name = fc.constantFrom(...NAMES);
const which = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      name,
      policy: fc.constantFrom('Always', 'OnFailure', 'Never'),
      withSidecar: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'force' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('image' as const), name, image: fc.constantFrom('busybox', 'nginx') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('exit' as const), which, code: fc.constantFrom(0, 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill sandbox' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      method: fc.constantFrom(...METHODS),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('down' as const), ms: fc.integer({ min: 1, max: 5_000 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 20_000 }) }) },
);

let uid = 0;

async function carryOut(world: World, one: Step): Promise<void> {
  switch (one.do) {
    case 'create': {
      if (world.get(one.name)) return;
      const initContainers = one.withSidecar ? [sidecar('s'), busybox('init')] : [];
      uid += 1;
      await world.create(one.name, { restartPolicy: one.policy, initContainers }, { uid: `u${uid}` });
      return;
    }
    case 'delete':
      if (world.get(one.name) && !world.get(one.name)?.metadata?.deletionTimestamp) await world.delete(one.name);
      return;
    case 'force':
      if (world.get(one.name)) await world.forceDelete(one.name);
      return;
    case 'image': {
      const { image } = one;
      if (!world.get(one.name)) return;
      await world.edit(one.name, (pod) => ({
        ...pod,
        spec: { ...pod.spec, containers: [busybox('c', { image })] },
      }));
      return;
    }
    case 'exit': {
      const containers = await listed(() => world.runtime.listContainers());
      const found = containers.filter(({ state }) => state === 'RUNNING')[one.which];
      if (found) world.runtime.exit(found.id, one.code);
      return;
    }
    case 'kill sandbox': {
      const sandboxes = await listed(() => world.runtime.listPodSandboxes());
      const found = sandboxes[one.which];
      if (found) world.runtime.killSandbox(found.id);
      return;
    }
    case 'fail':
      world.runtime.fail(one.method, new RuntimeError('Failed', 'no luck'), { times: one.times });
      return;
    case 'restart': {
      const stopped = world.loop.stop();
      await pass(2_000);
      await stopped;
      world.runtime.heal();
      world.newLoop();
      await world.loop.start();
      return;
    }
    case 'down':
      world.runtime.available = false;
      await pass(one.ms);
      world.runtime.available = true;
      return;
    case 'pass':
      await pass(one.ms);
  }
}

/** A list that a test asks for does not use up a failure that was meant for the loop. */
async function listed<T>(list: () => Promise<T[]>): Promise<T[]> {
  return list().catch(() => []);
}

/** What must be true at every moment. */
async function neverTwice(world: World): Promise<void> {
  const sandboxes = await listed(() => world.runtime.listPodSandboxes());
  const ready = sandboxes.filter(({ state }) => state === 'READY').map(({ metadata }) => metadata.uid);
  expect(new Set(ready).size).toBe(ready.length);
  const containers = await listed(() => world.runtime.listContainers());
  const running = containers
    .filter(({ state }) => state === 'RUNNING')
    .map(({ labels, metadata }) => `${labels['io.kubernetes.pod.uid']} ${metadata.name}`);
  expect(new Set(running).size).toBe(running.length);
}

test('whatever happens: no sandbox and no container twice; in the end the status is true, and what was deleted has left nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const world = new World();
      world.runtime.script('init', { exitsAfterMs: 500 });
      world.runtime.delay('runPodSandbox', 80);
      world.runtime.delay('startContainer', 45);
      world.runtime.delay('stopPodSandbox', 100);
      await world.loop.start();
      for (const one of steps) {
        await carryOut(world, one);
        await neverTwice(world);
      }
      world.runtime.heal();
      await pass(10 * 60_000);

      const containers = await world.runtime.listContainers();
      for (const name of NAMES) {
        const pod = world.get(name);
        if (!pod) continue;
        expect(pod.metadata?.deletionTimestamp).toBeUndefined();
        const running = containers
          .filter(({ labels, state }) => labels['io.kubernetes.pod.uid'] === pod.metadata?.uid && state === 'RUNNING')
          .map(({ metadata }) => `${metadata.name} ${metadata.attempt}`);
        const { initContainerStatuses = [], containerStatuses = [], phase } = pod.status ?? {};
        const said = [...initContainerStatuses, ...containerStatuses]
          .filter(({ state }) => state?.running)
          .map((status) => `${status.name} ${status.restartCount}`);
        expect(said.sort()).toEqual(running.sort());
        const isEnded = phase === 'Succeeded' || phase === 'Failed';
        expect(running.length > 0).toBe(!isEnded);
      }
      for (const name of NAMES) if (world.get(name)) await world.delete(name);
      await pass(60_000);
      expect(NAMES.filter((name) => world.get(name))).toEqual([]);
      expect(await world.sandboxes()).toEqual([]);
      expect(await world.containers()).toEqual([]);
      expect([...world.parts.pods]).toEqual([]);
      expect(world.loop.size).toBe(0);
      await world.close();
    }),
    { numRuns: 60 },
  );
}, 60_000);
