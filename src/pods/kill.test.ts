import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { observed, running } from '../../test/pods/observed.ts';
import { BEGIN, busybox, makePod, pass, sidecar, virtualTime } from '../../test/pods/world.ts';
import { FakeRuntime, type Program } from '../cri/fake.ts';
import { testContainer } from '../cri/testing-config.ts';
import type { Container, PodSpec } from '../kube/generated/objects.ts';
import { killAll } from './act.ts';
import { systemClock } from './clock.ts';
import { HookError, type RunHook } from './hooks.ts';

beforeEach(virtualTime);
afterEach(() => void vi.useRealTimers());

const SPEC: Partial<PodSpec> = {
  initContainers: [sidecar('s1'), busybox('init'), sidecar('s2'), sidecar('s3')],
  containers: [busybox('a'), busybox('b')],
};

/** The Pod with preStop hooks for these containers; a hook's command is the container's name. */
function withHooks(names: string[]): Partial<PodSpec> {
  const hooked = (container: Container): Container =>
    names.includes(container.name)
      ? { ...container, lifecycle: { preStop: { exec: { command: [container.name] } } } }
      : container;
  return {
    initContainers: SPEC.initContainers?.map(hooked),
    containers: SPEC.containers?.map(hooked) ?? [],
  } as PodSpec;
}

/** Kills a Pod whose containers run these programs; tells who was asked when, with how much time, and when all had ended. Seconds. */
async function kill(
  programs: Record<string, Program>,
  gracePeriodSeconds: number,
  {
    hurryAfter,
    hooks = {},
  }: { hurryAfter?: number; hooks?: Record<string, { takesMs?: number; fails?: boolean }> } = {},
) {
  const runtime = new FakeRuntime({ images: ['busybox'] });
  const pod = makePod('p', withHooks(Object.keys(hooks)));
  const ids = new Map<string, string>();
  const names = Object.keys(programs);
  const sandboxConfig = {
    metadata: { name: 'p', uid: 'u', namespace: 'default', attempt: 0 },
    hostname: 'p',
    logDirectory: '/logs',
    portMappings: [],
    labels: {},
    annotations: {},
    linux: { cgroupParent: '', namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } },
  } as const;
  const sandbox = await runtime.runPodSandbox({ ...sandboxConfig, portMappings: [] });
  for (const name of names) {
    runtime.script(name, programs[name] ?? {});
    const id = await runtime.createContainer(sandbox, testContainer({ metadata: { name, attempt: 0 } }), {
      ...sandboxConfig,
      portMappings: [],
    });
    await runtime.startContainer(id);
    ids.set(id, name);
  }
  const seconds = () => (Date.now() - BEGIN) / 1000;
  const asked: string[] = [];
  const stop = runtime.stopContainer.bind(runtime);
  vi.spyOn(runtime, 'stopContainer').mockImplementation((id, timeout) => {
    asked.push(`${seconds()} ${ids.get(id)} ${timeout}`);
    return stop(id, timeout);
  });
  const events: string[] = [];
  const event = (_: unknown, type: string, reason: string, message: string) =>
    void events.push(`${type} ${reason} ${message}`);
  const hurry = new AbortController();
  const containers = [...ids].map(([id, name]) => running(name, { id }));
  const hook: RunHook = async (handler, _, signal) => {
    const { takesMs = 0, fails = false } = hooks[handler.exec?.command?.[0] ?? ''] ?? {};
    await new Promise((resolve, reject) => {
      setTimeout(resolve, takesMs);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    if (fails) throw new HookError('no');
  };
  const tools = { runtime, events: { event }, clock: systemClock, hook, hostIPs: [] };
  let ended: number | undefined;
  const killed = killAll(tools, pod, observed(containers), gracePeriodSeconds, hurry.signal).then(() => {
    ended = seconds();
  });
  if (hurryAfter !== undefined) setTimeout(() => hurry.abort(), hurryAfter * 1000);
  await pass(120_000);
  await killed;
  return { asked, ended, events };
}

test('main containers at once, sidecars in reverse order, all within one grace period', async () => {
  const slow = { termAfterMs: 1000 };
  const { asked, ended } = await kill({ a: slow, b: slow, s1: slow, s2: slow, s3: slow }, 30);
  expect(asked).toEqual(['0 a 30', '0 b 30', '1 s3 29', '2 s2 28', '3 s1 27']);
  expect(ended).toBe(4);
});

test('everybody is told at once', async () => {
  const { events } = await kill({ a: {}, s1: {} }, 30);
  expect(events).toEqual(['Normal Killing Stopping container a', 'Normal Killing Stopping container s1']);
});

test('when a main container uses up the grace, the sidecars get SIGTERM exactly then, all at once, with two seconds', async () => {
  const { asked, ended, events } = await kill(
    { a: { ignoresTerm: true }, s1: { termAfterMs: 1000 }, s2: { ignoresTerm: true } },
    3,
  );
  expect(asked).toEqual(['0 a 3', '3 s1 2', '3 s2 2']);
  expect(ended).toBe(5);
  expect(events.filter((line) => line.startsWith('Warning'))).toEqual([
    'Warning ExceededGracePeriod Container a did not stop within 3 s of SIGTERM and was killed',
    'Warning ExceededGracePeriod Container s2 did not stop within 2 s of SIGTERM and was killed',
  ]);
});

test('all preStop hooks run at once, those of sidecars too, and use up the grace of their own container', async () => {
  const hooks = { a: { takesMs: 4000 }, s1: { takesMs: 6000 }, s2: { takesMs: 1000 } };
  const { asked, events } = await kill({ a: {}, b: {}, s1: {}, s2: {} }, 30, { hooks });
  expect(asked).toEqual(['0 b 30', '4 a 26', '4 s2 26', '6 s1 24']);
  expect(events.filter((line) => line.startsWith('Warning'))).toEqual([]);
});

test('a hook that outlasts the grace is waited for no longer: SIGTERM, two seconds, and it counts as failed', async () => {
  const { asked, ended, events } = await kill({ a: { ignoresTerm: true }, s1: {} }, 5, {
    hooks: { a: { takesMs: 60_000 } },
  });
  expect(asked).toEqual(['5 a 2', '5 s1 2']);
  expect(ended).toBe(7);
  expect(events.filter((line) => line.includes('PreStop'))).toEqual(['Warning FailedPreStopHook PreStopHook failed']);
});

test('a hook that fails is told, and the container ends all the same', async () => {
  const { asked, events } = await kill({ a: {} }, 30, { hooks: { a: { takesMs: 1000, fails: true } } });
  expect(asked).toEqual(['1 a 29']);
  expect(events).toEqual(['Normal Killing Stopping container a', 'Warning FailedPreStopHook PreStopHook failed']);
});

test('without grace no hook runs', async () => {
  const { asked } = await kill({ a: {} }, 0, { hooks: { a: { takesMs: 1000 } } });
  expect(asked).toEqual(['0 a 2']);
});

test('in a hurry no hook is waited for', async () => {
  const { asked } = await kill({ a: {} }, 30, { hurryAfter: 3, hooks: { a: { takesMs: 10_000 } } });
  expect(asked).toEqual(['3 a 2']);
});

test('without grace everybody still has two seconds', async () => {
  const { asked, ended } = await kill({ a: { ignoresTerm: true } }, 0);
  expect(asked).toEqual(['0 a 2']);
  expect(ended).toBe(2);
});

test('a container that needs its whole grace and obeys is not named', async () => {
  const { events } = await kill({ a: { termAfterMs: 2999 } }, 3);
  expect(events).toEqual(['Normal Killing Stopping container a']);
});

test('in a hurry nobody waits for anybody any more', async () => {
  const { asked, ended } = await kill({ a: { ignoresTerm: true }, s1: { ignoresTerm: true } }, 30, { hurryAfter: 5 });
  expect(asked).toEqual(['0 a 30', '5 a 2', '5 s1 2']);
  expect(ended).toBe(7);
});

test('one that cannot be stopped does not hold up the others, and is told', async () => {
  const runtime = new FakeRuntime();
  const stopped: string[] = [];
  vi.spyOn(runtime, 'stopContainer').mockImplementation(async (id) => {
    if (id === 'a/0') throw new Error('stuck');
    stopped.push(id);
  });
  const tools = { runtime, events: { event: () => {} }, clock: systemClock, hook: async () => {}, hostIPs: [] };
  const killed = killAll(tools, makePod('p', SPEC), observed([running('a'), running('b'), running('s1')]), 30);
  await expect(killed).rejects.toThrow('stuck');
  expect(stopped).toEqual(['b/0', 's1/0']);
});
