import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRuntime } from './fake.ts';
import { runtimeContract } from './runtime.contract.ts';
import { type ContainerConfig, RuntimeError } from './runtime.ts';
import { testContainer, testSandbox } from './testing-config.ts';

runtimeContract('the fake', async () => {
  const runtime = new FakeRuntime({ images: ['busybox'], registry: { alpine: { bytes: 5 } } });
  const exec = ([command]: string[]) =>
    ({ prints: { stdout: 'hello\n' }, fails: { exitCode: 4 }, hangs: { takesMs: 60_000 } })[command ?? ''] ?? {};
  const behaves = (behaviour: string) => (config: ContainerConfig) => config.command[0] === behaviour;
  runtime.script(behaves('waits'), { termExitCode: 7, exec });
  runtime.script(behaves('deaf'), { ignoresTerm: true });
  runtime.script(behaves('completes'), { exitsAfterMs: 10 });
  runtime.script(behaves('fails-with-3'), { exitsAfterMs: 10, exitCode: 3 });
  runtime.script(behaves('cannot-start'), { failsToStart: 'exec: "nothing": no such file' });
  return {
    runtime,
    image: 'busybox',
    fullImage: 'docker.io/library/busybox:latest',
    pullable: 'alpine',
    missing: 'example.com/missing:1',
    command: (behaviour) => [behaviour],
    exec: { prints: ['prints'], fails: ['fails'], hangs: ['hangs'] },
    logDirectory: '/var/log/pods',
    cgroupParent: '/outfit/test',
  };
});

const SANDBOX = testSandbox();
const CONTAINER = testContainer({ image: 'nginx' });

describe('what the fake adds for tests', () => {
  let runtime: FakeRuntime;
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') });
    runtime = new FakeRuntime({ images: ['nginx'] });
  });
  afterEach(() => void vi.useRealTimers());

  async function running(): Promise<{ sandbox: string; container: string }> {
    const sandbox = await runtime.runPodSandbox(SANDBOX);
    const container = await runtime.createContainer(sandbox, CONTAINER, SANDBOX);
    await runtime.startContainer(container);
    return { sandbox, container };
  }

  it('lives on virtual time', async () => {
    runtime.script('nginx', { exitsAfterMs: 60_000, exitCode: 1 });
    const { container } = await running();
    await vi.advanceTimersByTimeAsync(59_999);
    expect((await runtime.containerStatus(container)).state).toBe('RUNNING');
    await vi.advanceTimersByTimeAsync(1);
    expect(await runtime.containerStatus(container)).toMatchObject({
      state: 'EXITED',
      exitCode: 1,
      startedAt: '2026-01-01T00:00:00.000000000Z',
      finishedAt: '2026-01-01T00:01:00.000000000Z',
    });
  });

  it('lets a container die, by itself or out of memory', async () => {
    const { container } = await running();
    runtime.exit(container, 137, true);
    expect(await runtime.containerStatus(container)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  it('lets a sandbox die', async () => {
    const { sandbox, container } = await running();
    runtime.killSandbox(sandbox);
    expect((await runtime.podSandboxStatus(sandbox)).state).toBe('NOTREADY');
    expect((await runtime.containerStatus(container)).state).toBe('EXITED');
  });

  it('fails as often as it is told', async () => {
    runtime.fail('imageStatus', new RuntimeError('Unavailable', 'try again'), { times: 1 });
    await expect(runtime.imageStatus('nginx')).rejects.toMatchObject({ code: 'Unavailable' });
    expect(await runtime.imageStatus('nginx')).toBeDefined();
    runtime.fail('imageStatus', new Error('for ever'), { matches: ([name]) => name === 'nginx' });
    await expect(runtime.imageStatus('nginx')).rejects.toThrow('for ever');
    expect(await runtime.imageStatus('redis')).toBeUndefined();
    runtime.heal();
    expect(await runtime.imageStatus('nginx')).toBeDefined();
  });

  it('is away, and containers go on meanwhile', async () => {
    const { container } = await running();
    runtime.available = false;
    await expect(runtime.listContainers()).rejects.toMatchObject({ code: 'Unavailable' });
    runtime.exit(container, 2);
    runtime.available = true;
    expect(await runtime.containerStatus(container)).toMatchObject({ state: 'EXITED', exitCode: 2 });
  });

  it('takes its time, which a signal cuts short', async () => {
    runtime.delay('pullImage', 1000);
    const controller = new AbortController();
    const pulling = runtime.pullImage('redis', { signal: controller.signal });
    const reason = new Error('deleted');
    controller.abort(reason);
    await expect(pulling).rejects.toBe(reason);
  });

  it('remembers the calls', async () => {
    await running();
    await runtime.listContainers();
    expect(runtime.changes()).toEqual(['runPodSandbox', 'createContainer', 'startContainer']);
    expect(runtime.calls.at(-1)).toEqual({ method: 'listContainers', args: [{}] });
  });
});
