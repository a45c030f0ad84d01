import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerConfig, ContainerStatus, PodSandboxConfig, Runtime, RuntimeEvent } from './runtime.ts';
import { NAMESPACES, testContainer, testSandbox } from './testing-config.ts';

/** What containers of the suite do. `waits` takes exit code 7 on SIGTERM; `deaf` has no handler for it. */
export type Behaviour = 'waits' | 'deaf' | 'completes' | 'fails-with-3' | 'cannot-start';

export interface RuntimeHarness {
  runtime: Runtime;
  /** An image that is present, by its short name, and in full. */
  image: string;
  fullImage: string;
  /** One that its registry has and this machine has not. */
  pullable: string;
  /** One that its registry does not have. */
  missing: string;
  /** The command that behaves so. */
  command: (behaviour: Behaviour) => string[];
  /** Commands for execSync. */
  exec: { prints: string[]; fails: string[]; hangs: string[] };
  logDirectory: string;
  cgroupParent: string;
}

const UNKNOWN_ID = 'f'.repeat(64);

/** The contract of the port in runtime.ts, as a suite that every implementation runs. `make` is called once. */
export function runtimeContract(name: string, make: () => Promise<RuntimeHarness>): void {
  describe(`${name} keeps the runtime's contract`, () => {
    let harness: RuntimeHarness;
    let runtime: Runtime;
    let pods = 0;

    beforeAll(async () => {
      harness = await make();
      runtime = harness.runtime;
    });
    afterEach(async () => {
      for (const { id } of await runtime.listPodSandboxes()) {
        await runtime.stopPodSandbox(id);
        await runtime.removePodSandbox(id);
      }
    });
    afterAll(() => runtime.close());

    function sandboxConfig(change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
      pods += 1;
      const metadata = { name: `pod-${pods}`, uid: `uid-${pods}`, namespace: 'default', attempt: 0 };
      return testSandbox({
        metadata,
        hostname: metadata.name,
        logDirectory: `${harness.logDirectory}/${metadata.uid}`,
        labels: { 'io.kubernetes.pod.uid': metadata.uid },
        annotations: { note: 'kept as it is' },
        linux: { cgroupParent: `${harness.cgroupParent}/pod${metadata.uid}`, namespaces: NAMESPACES },
        ...change,
      });
    }

    function containerConfig(behaviour: Behaviour, change: Partial<ContainerConfig> = {}): ContainerConfig {
      return testContainer({
        image: harness.image,
        command: harness.command(behaviour),
        labels: { 'io.kubernetes.container.name': 'main' },
        logPath: 'main_0.log',
        ...change,
      });
    }

    async function created(behaviour: Behaviour): Promise<{ sandboxId: string; containerId: string }> {
      const sandbox = sandboxConfig();
      const sandboxId = await runtime.runPodSandbox(sandbox);
      return { sandboxId, containerId: await runtime.createContainer(sandboxId, containerConfig(behaviour), sandbox) };
    }

    async function started(behaviour: Behaviour): Promise<{ sandboxId: string; containerId: string }> {
      const ids = await created(behaviour);
      await runtime.startContainer(ids.containerId);
      return ids;
    }

    async function exited(containerId: string): Promise<ContainerStatus> {
      for (;;) {
        const status = await runtime.containerStatus(containerId);
        if (status.state === 'EXITED') return status;
        await sleep(10);
      }
    }

    describe('a sandbox', () => {
      it('is ready when it runs, with an address and all it was made with', async () => {
        const config = sandboxConfig();
        const id = await runtime.runPodSandbox(config);
        const status = await runtime.podSandboxStatus(id);
        const { metadata, labels, annotations } = config;
        expect(status).toMatchObject({ id, metadata, labels, annotations, state: 'READY', additionalIps: [] });
        expect(status.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(status.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      });

      it("has no address on the host's network", async () => {
        const linux = { cgroupParent: harness.cgroupParent, namespaces: { ...NAMESPACES, network: 'NODE' as const } };
        const id = await runtime.runPodSandbox(sandboxConfig({ hostname: '', linux }));
        expect((await runtime.podSandboxStatus(id)).ip).toBe('');
      });

      it('reserves its name, uid and attempt', async () => {
        const config = sandboxConfig();
        await runtime.runPodSandbox(config);
        await expect(runtime.runPodSandbox(config)).rejects.toMatchObject({
          name: 'RuntimeError',
          code: 'AlreadyExists',
        });
        await runtime.runPodSandbox({ ...config, metadata: { ...config.metadata, attempt: 1 } });
      });

      it('is listed, by its labels too', async () => {
        const config = sandboxConfig();
        const id = await runtime.runPodSandbox(config);
        await runtime.runPodSandbox(sandboxConfig());
        expect(await runtime.listPodSandboxes()).toHaveLength(2);
        expect((await runtime.listPodSandboxes({ labels: config.labels })).map((sandbox) => sandbox.id)).toEqual([id]);
      });

      it('is not ready and has no address once stopped; its containers have ended', async () => {
        const { sandboxId, containerId } = await started('deaf');
        await runtime.stopPodSandbox(sandboxId);
        expect(await runtime.podSandboxStatus(sandboxId)).toMatchObject({ state: 'NOTREADY', ip: '' });
        expect(await runtime.containerStatus(containerId)).toMatchObject({ state: 'EXITED', exitCode: 137 });
      });

      it('takes its containers away when it is removed', async () => {
        const { sandboxId, containerId } = await started('waits');
        await runtime.removePodSandbox(sandboxId);
        await expect(runtime.podSandboxStatus(sandboxId)).rejects.toMatchObject({ code: 'NotFound' });
        await expect(runtime.containerStatus(containerId)).rejects.toMatchObject({ code: 'NotFound' });
      });

      it('may be stopped and removed again, and when it never was', async () => {
        const id = await runtime.runPodSandbox(sandboxConfig());
        for (const any of [id, id, UNKNOWN_ID]) await runtime.stopPodSandbox(any);
        for (const any of [id, id, UNKNOWN_ID]) await runtime.removePodSandbox(any);
      });

      it('is not waited for once the signal aborts', async () => {
        const reason = new Error('the Pod was deleted');
        await expect(runtime.runPodSandbox(sandboxConfig(), AbortSignal.abort(reason))).rejects.toBe(reason);
      });
    });

    describe('a container', () => {
      it('is created without having run', async () => {
        const { sandboxId, containerId } = await created('waits');
        const status = await runtime.containerStatus(containerId);
        expect(status).toMatchObject({
          id: containerId,
          state: 'CREATED',
          metadata: { name: 'main', attempt: 0 },
          exitCode: 0,
        });
        expect(status).toMatchObject({ startedAt: undefined, finishedAt: undefined, reason: '', message: '' });
        expect(status.logPath).toMatch(/\/main_0\.log$/);
        expect(status.imageRef).toMatch(/^docker\.io\/library\/busybox@sha256:/);
        expect(await runtime.listContainers({ podSandboxId: sandboxId })).toMatchObject([
          { id: containerId, podSandboxId: sandboxId },
        ]);
      });

      it('runs after its start', async () => {
        const { containerId } = await started('waits');
        const status = await runtime.containerStatus(containerId);
        expect(status).toMatchObject({ state: 'RUNNING', finishedAt: undefined });
        expect(status.startedAt).toMatch(/Z$/);
      });

      it.each([
        ['completes', { exitCode: 0, reason: 'Completed' }],
        ['fails-with-3', { exitCode: 3, reason: 'Error' }],
      ] as const)('that %s has exited with %o', async (behaviour, expected) => {
        const { containerId } = await started(behaviour);
        const status = await exited(containerId);
        expect(status).toMatchObject(expected);
        // A quick one may end before its start is noted, so the order of the two is not promised.
        expect([status.startedAt, status.finishedAt]).toEqual([expect.any(String), expect.any(String)]);
      });

      it('that cannot start is exited with 128, StartError and the reason why', async () => {
        const { containerId } = await created('cannot-start');
        await expect(runtime.startContainer(containerId)).rejects.toMatchObject({ code: 'Failed' });
        const status = await runtime.containerStatus(containerId);
        expect(status).toMatchObject({ state: 'EXITED', exitCode: 128, reason: 'StartError' });
        expect(status.message).not.toBe('');
      });

      it('starts once only', async () => {
        const { containerId } = await started('waits');
        await expect(runtime.startContainer(containerId)).rejects.toMatchObject({ code: 'Failed' });
      });

      it('ends on SIGTERM with the code it chooses', async () => {
        const { containerId } = await started('waits');
        await sleep(200); // The shell needs a moment to set its trap.
        await runtime.stopContainer(containerId, 10);
        expect(await runtime.containerStatus(containerId)).toMatchObject({
          state: 'EXITED',
          exitCode: 7,
          reason: 'Error',
        });
      });

      it.each([0, 1])('that is deaf to SIGTERM is killed after %i s', async (seconds) => {
        const { containerId } = await started('deaf');
        const before = Date.now();
        await runtime.stopContainer(containerId, seconds);
        expect(Date.now() - before).toBeGreaterThanOrEqual(seconds * 1000 - 5);
        expect(await runtime.containerStatus(containerId)).toMatchObject({ state: 'EXITED', exitCode: 137 });
      });

      it('may be stopped and removed again, and when it never was', async () => {
        const { containerId } = await started('waits');
        for (const any of [containerId, containerId, UNKNOWN_ID]) await runtime.stopContainer(any, 0);
        for (const any of [containerId, containerId, UNKNOWN_ID]) await runtime.removeContainer(any);
        await expect(runtime.containerStatus(containerId)).rejects.toMatchObject({ code: 'NotFound' });
      });

      it('is removed while it runs', async () => {
        const { sandboxId, containerId } = await started('deaf');
        await runtime.removeContainer(containerId);
        expect(await runtime.listContainers({ podSandboxId: sandboxId })).toEqual([]);
      });

      it('reserves its name and attempt in its sandbox', async () => {
        const sandbox = sandboxConfig();
        const sandboxId = await runtime.runPodSandbox(sandbox);
        const make = (attempt: number) =>
          runtime.createContainer(
            sandboxId,
            containerConfig('waits', { metadata: { name: 'main', attempt } }),
            sandbox,
          );
        await make(0);
        await expect(make(0)).rejects.toMatchObject({ code: 'AlreadyExists' });
        await make(1);
      });

      it('needs a sandbox and an image that are there', async () => {
        const sandbox = sandboxConfig();
        const config = containerConfig('waits');
        await expect(runtime.createContainer(UNKNOWN_ID, config, sandbox)).rejects.toMatchObject({ code: 'NotFound' });
        const sandboxId = await runtime.runPodSandbox(sandbox);
        const imageless = { ...config, image: harness.missing };
        await expect(runtime.createContainer(sandboxId, imageless, sandbox)).rejects.toMatchObject({
          code: 'NotFound',
        });
      });

      it('that is unknown cannot be started, asked or entered', async () => {
        const notFound = { name: 'RuntimeError', code: 'NotFound' };
        await expect(runtime.startContainer(UNKNOWN_ID)).rejects.toMatchObject(notFound);
        await expect(runtime.containerStatus(UNKNOWN_ID)).rejects.toMatchObject(notFound);
        await expect(runtime.execSync(UNKNOWN_ID, ['true'], 0)).rejects.toMatchObject(notFound);
      });

      it('is listed by its labels, and shows in the statistics while it runs', async () => {
        const { containerId } = await started('waits');
        const labels = { 'io.kubernetes.container.name': 'main' };
        expect(await runtime.listContainers({ labels })).toHaveLength(1);
        expect(await runtime.listContainers({ labels: { other: 'label' } })).toEqual([]);
        const [stats] = await runtime.listContainerStats();
        expect(stats).toMatchObject({ containerId, labels });
        expect(stats?.memoryWorkingSetBytes).toBeGreaterThan(0);
      });
    });

    describe('commands in a container', () => {
      it('give their output and exit code', async () => {
        const { containerId } = await started('waits');
        const prints = await runtime.execSync(containerId, harness.exec.prints, 5);
        expect({ ...prints, stdout: String(prints.stdout) }).toMatchObject({ stdout: 'hello\n', exitCode: 0 });
        expect(await runtime.execSync(containerId, harness.exec.fails, 0)).toMatchObject({ exitCode: 4 });
      });

      it('are ended by their timeout', async () => {
        const { containerId } = await started('waits');
        await expect(runtime.execSync(containerId, harness.exec.hangs, 1)).rejects.toMatchObject({
          code: 'DeadlineExceeded',
        });
      });

      it('need a container that runs', async () => {
        const { containerId } = await created('waits');
        await expect(runtime.execSync(containerId, ['true'], 1)).rejects.toMatchObject({ code: 'Failed' });
      });

      it('and attaching and forwarding have a URL on this machine', async () => {
        const { sandboxId, containerId } = await started('waits');
        const request = { containerId, stdin: false, stdout: true, stderr: true, tty: false };
        const urls = await Promise.all([
          runtime.exec({ ...request, command: ['true'] }),
          runtime.attach(request),
          runtime.portForward(sandboxId, []),
        ]);
        for (const url of urls) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/(exec|attach|portforward)\/./);
      });
    });

    describe('images', () => {
      it('are found by short and full name and by id', async () => {
        const image = await runtime.imageStatus(harness.image);
        expect(image?.repoTags).toEqual([harness.fullImage]);
        expect(await runtime.imageStatus(harness.fullImage)).toEqual(image);
        expect(await runtime.imageStatus(image!.id)).toEqual(image);
        expect(image?.size).toBeGreaterThan(0);
        expect((await runtime.listImages()).map(({ id }) => id)).toContain(image?.id);
      });

      it('are pulled, told of, and removed', async () => {
        expect(await runtime.imageStatus(harness.pullable)).toBeUndefined();
        const reference = await runtime.pullImage(harness.pullable);
        expect((await runtime.imageStatus(harness.pullable))?.id).toBe(reference);
        await runtime.removeImage(harness.pullable);
        await runtime.removeImage(harness.pullable);
        expect(await runtime.imageStatus(harness.pullable)).toBeUndefined();
      });

      it('that no registry has are not found', async () => {
        await expect(runtime.pullImage(harness.missing)).rejects.toMatchObject({
          name: 'RuntimeError',
          code: 'NotFound',
        });
      });

      it('are not waited for once the signal aborts', async () => {
        const reason = new Error('the Pod was deleted');
        const pulling = runtime.pullImage(harness.missing, { signal: AbortSignal.abort(reason) });
        await expect(pulling).rejects.toBe(reason);
      });
    });

    describe('events', () => {
      it('tell of a container that ended when its status says so as well', async () => {
        const { containerId } = await created('fails-with-3');
        const stop = new AbortController();
        const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
        const heard = nextOf(events, (event) => event.id === containerId && event.type === 'exited');
        await sleep(50); // A subscription takes effect a moment after it was asked for.
        await runtime.startContainer(containerId);
        await heard;
        expect(await runtime.containerStatus(containerId)).toMatchObject({ state: 'EXITED', exitCode: 3 });
        stop.abort();
        expect(await drained(events)).toBe(true);
      });

      it('tell of a sandbox that ended', async () => {
        const id = await runtime.runPodSandbox(sandboxConfig());
        const stop = new AbortController();
        const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
        const heard = nextOf(events, (event) => event.id === id && event.type === 'exited');
        await sleep(50);
        await runtime.stopPodSandbox(id);
        await heard;
        stop.abort();
      });
    });

    it('tells its version and that it is ready', async () => {
      expect((await runtime.version()).runtimeApiVersion).toBe('v1');
      const { conditions, handlers } = await runtime.status();
      for (const type of ['RuntimeReady', 'NetworkReady'])
        expect(conditions).toContainEqual(expect.objectContaining({ type, status: true }));
      for (const handler of handlers)
        expect(handler).toEqual({
          name: expect.any(String),
          recursiveReadOnlyMounts: expect.any(Boolean),
          userNamespaces: expect.any(Boolean),
        });
      expect(await runtime.cgroupDriver()).toBe('cgroupfs');
    });
  });
}

async function nextOf(
  events: AsyncIterator<RuntimeEvent>,
  matches: (event: RuntimeEvent) => boolean,
): Promise<RuntimeEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error('the events ended');
    if (matches(value)) return value;
  }
}

async function drained(events: AsyncIterator<RuntimeEvent>): Promise<boolean> {
  for (;;) if ((await events.next()).done) return true;
}
