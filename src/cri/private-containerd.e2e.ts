import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, truncateSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PodCgroups } from './cgroups.ts';
import { writeRegistryHosts } from './containerd/configuration.ts';
import { type PrivateContainerd, type StartOptions, startContainerd } from './containerd/start.ts';
import { containerdRuntime } from './containerd-runtime.ts';
import { leftovers } from './leftovers.ts';
import { cachedResults } from './network/cached-results.ts';
import { setUpHostNetwork, tearDownHostNetwork } from './network/host-network.ts';
import { nodePlaces } from './places.ts';
import { reset } from './reset.ts';
import type { ContainerConfig, PodSandboxConfig, Runtime } from './runtime.ts';
import { NAMESPACES, testContainer, testSandbox } from './testing-config.ts';
import { startTestRegistry, type TestRegistry } from './testing-registry.ts';

const NOTHING = { processes: [], mounts: [], networkNamespaces: [], links: [], rules: [], cgroups: [], files: [] };
const network = { bridge: 'outfitcri1', podCidr: '10.201.8.0/24' };
const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
const places = nodePlaces(realpathSync(mkdtempSync(join(tmpdir(), 'outfit-cri-'))));

let registry: TestRegistry;
let runtime: Runtime;
let containerd: PrivateContainerd;

function start(change: Partial<StartOptions> = {}): Promise<PrivateContainerd> {
  const registries = { local: registry.url, upstream: false };
  return startContainerd({
    places,
    runtime,
    network,
    registries,
    sandboxImage: 'outfit.local/pause:1',
    log,
    ...change,
  });
}

function sandboxConfig(uid: string, change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  return testSandbox({
    metadata: { name: uid, uid, namespace: 'default', attempt: 0 },
    hostname: uid,
    logDirectory: join(places.home, 'logs', uid),
    linux: { cgroupParent: new PodCgroups(places.cgroup).path(uid), namespaces: NAMESPACES },
    ...change,
  });
}

function containerConfig(command: string[], change: Partial<ContainerConfig> = {}): ContainerConfig {
  return testContainer({ command, ...change });
}

async function run(
  sandbox: PodSandboxConfig,
  container: ContainerConfig,
): Promise<{ sandboxId: string; containerId: string }> {
  const sandboxId = await runtime.runPodSandbox(sandbox);
  const containerId = await runtime.createContainer(sandboxId, container, sandbox);
  await runtime.startContainer(containerId);
  return { sandboxId, containerId };
}

async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await sleep(10);
  }
}

beforeAll(async () => {
  registry = await startTestRegistry();
  await setUpHostNetwork(network, { places, log });
  runtime = containerdRuntime({ socket: places.containerd.socket, log });
  containerd = await start();
  await runtime.pullImage('busybox');
});

afterAll(async () => {
  await containerd?.stop();
  runtime?.close();
  registry?.close();
  await reset({ places, log });
  rmSync(places.home, { recursive: true, force: true });
  expect(await leftovers(places)).toEqual(NOTHING);
});

describe('a Pod on the private containerd', () => {
  it('writes its log in the CRI format, and long lines in parts', async () => {
    const script = 'echo out; echo err >&2; head -c 20000 /dev/zero | busybox tr "\\0" x; echo; sleep 60';
    const { containerId } = await run(sandboxConfig('logs'), containerConfig(['sh', '-c', script]));
    const { logPath } = await runtime.containerStatus(containerId);
    const lines = () =>
      readFileSync(logPath, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' '));
    await until(() => lines().length === 4);
    expect(lines().map(([time]) => Number.isNaN(Date.parse(time ?? '')))).toEqual([false, false, false, false]);
    const entries = lines().map(([, stream, tag, text = '']) => [
      stream,
      tag,
      text.startsWith('x') ? text.length : text,
    ]);
    expect(entries.filter(([stream]) => stream === 'stdout')).toEqual([
      ['stdout', 'F', 'out'],
      ['stdout', 'P', 16_384],
      ['stdout', 'F', 20_000 - 16_384],
    ]);
    expect(entries).toContainEqual(['stderr', 'F', 'err']);
    await runtime.reopenContainerLog(containerId);
  });

  it('is killed when it takes more memory than its limit', async () => {
    const linux = { resources: { memoryLimitInBytes: 16 << 20 }, security: {}, namespaces: NAMESPACES };
    // In its first instant containerd does not listen for the kernel's word yet.
    const command = 'sleep 2; exec dd if=/dev/zero of=/dev/null bs=64M count=1';
    const greedy = containerConfig(['sh', '-c', command], { linux });
    const { containerId } = await run(sandboxConfig('oom'), greedy);
    // containerd tells of the exit and of its reason one after the other, in any order.
    await until(async () => {
      const { state, reason } = await runtime.containerStatus(containerId);
      return state === 'EXITED' && reason === 'OOMKilled';
    }, 60_000);
    expect(await runtime.containerStatus(containerId)).toMatchObject({ exitCode: 137 });
  });

  it('is reached at its address, its host port, and by exec and port-forward through their URLs', async () => {
    const portMappings = [{ protocol: 'TCP' as const, containerPort: 8080, hostPort: 18_080, hostIp: '' }];
    const sandbox = sandboxConfig('web', { portMappings });
    const serve = containerConfig(['sh', '-c', 'echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp']);
    const { sandboxId, containerId } = await run(sandbox, serve);
    const { ip } = await runtime.podSandboxStatus(sandboxId);
    await until(() =>
      get(`http://${ip}:8080/`).then(
        (body) => body === 'hello\n',
        () => false,
      ),
    );
    expect(await get('http://127.0.0.1:18080/')).toBe('hello\n');
    const stream = { containerId, stdin: false, stdout: true, stderr: true, tty: false };
    expect(await upgraded(await runtime.exec({ ...stream, command: ['true'] }))).toMatch(/101 Switching Protocols/);
    expect(await upgraded(await runtime.portForward(sandboxId, [8080]))).toMatch(/101 Switching Protocols/);
    expect((await leftovers(places)).rules.filter((rule) => rule.includes('dnat name'))).toHaveLength(1);
    await runtime.stopPodSandbox(sandboxId);
    await runtime.removePodSandbox(sandboxId);
    expect((await leftovers(places)).rules.filter((rule) => rule.includes('dnat name'))).toEqual([]);
  });

  it('goes also when the record of its network was cut off', async () => {
    const { sandboxId } = await run(sandboxConfig('cut-off'), containerConfig(['sleep', '60']));
    const records = cachedResults(places).filter((path) => path.includes(sandboxId));
    expect(records.map((path) => basename(path))).toContain(`${places.cni.network}-${sandboxId}-eth0`);
    for (const path of records) truncateSync(path);
    await runtime.stopPodSandbox(sandboxId);
    await runtime.removePodSandbox(sandboxId);
    expect(cachedResults(places).filter((path) => path.includes(sandboxId))).toEqual([]);
  });

  it('leaves no cgroup once removed', async () => {
    const cgroups = new PodCgroups(places.cgroup);
    const { sandboxId } = await run(sandboxConfig('cgroup'), containerConfig(['sleep', '60']));
    expect(cgroups.pods()).toContain('cgroup');
    await runtime.removePodSandbox(sandboxId);
    await cgroups.removePod('cgroup');
    await cgroups.removePod('cgroup');
    expect(cgroups.pods()).not.toContain('cgroup');
  });
});

describe('images', () => {
  it('of any registry come from the local one first', async () => {
    await runtime.pullImage('quay.example/tools/busybox:2');
    expect(registry.requests).toContain('HEAD /v2/tools/busybox/manifests/2?ns=quay.example');
  });

  it('tell how far their download is, and stop when nobody wants them any more', async () => {
    const seen: { completedBytes: number; totalBytes: number }[] = [];
    await runtime.pullImage('example.com/tools/slow:1', { onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)!.totalBytes).toBeGreaterThan(2 << 20);
    expect(seen.at(-1)!.completedBytes).toBeGreaterThan(seen[0]!.completedBytes);

    await runtime.removeImage('example.com/tools/slow:1');
    const reason = new Error('the Pod was deleted');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    await expect(runtime.pullImage('example.com/tools/slow:1', { signal: controller.signal })).rejects.toBe(reason);
  });

  it('of a registry that is down fail, and say so', async () => {
    writeRegistryHosts(places, { mirrors: [{ registry: '_default', url: 'http://127.0.0.1:1' }], upstream: false });
    await expect(runtime.pullImage('example.com/tools/other:1')).rejects.toMatchObject({
      code: 'Failed',
      message: expect.stringContaining('connection refused'),
    });
    writeRegistryHosts(places, { local: registry.url, upstream: false });
  });
});

describe('the private containerd', () => {
  it('is started again when it is killed; Pods go on, and listeners are told to look', async () => {
    const { containerId } = await run(sandboxConfig('survives'), containerConfig(['sleep', '3600']));
    const before = await runtime.containerStatus(containerId);
    const stop = new AbortController();
    const interrupted = (async () => {
      for await (const event of runtime.events(stop.signal)) if (event.id === '') return true;
      return false;
    })();
    const killed = containerd.pid()!;
    process.kill(killed, 'SIGKILL');
    await until(() => containerd.restarts() === 1);
    expect(containerd.pid()).not.toBe(killed);
    expect(await runtime.containerStatus(containerId)).toEqual(before);
    expect(String((await runtime.execSync(containerId, ['echo', 'alive'], 5)).stdout)).toBe('alive\n');
    expect(await interrupted).toBe(true);
    stop.abort();
  });

  it('is adopted when its starter was killed, and replaced when the configuration has changed', async () => {
    await containerd.stop();
    const node = await startElsewhere();
    const [containerId] = (await runtime.listContainers()).filter((c) => c.state === 'RUNNING').map(({ id }) => id);
    node.kill('SIGKILL');
    await until(() => node.signalCode !== null);

    containerd = await start();
    expect(containerd.adopted).toBe(true);
    expect((await runtime.containerStatus(containerId!)).state).toBe('RUNNING');
    const adopted = containerd.pid()!;
    process.kill(adopted, 'SIGKILL');
    await until(() => containerd.restarts() === 1);

    const pid = containerd.pid();
    containerd.release();
    containerd = await start({ sandboxImage: 'outfit.local/pause:2' });
    expect(containerd.adopted).toBe(false);
    expect(containerd.pid()).not.toBe(pid);
    expect((await runtime.containerStatus(containerId!)).state).toBe('RUNNING');
  });

  it('says why it cannot start', async () => {
    const elsewhere = nodePlaces(realpathSync(mkdtempSync(join(tmpdir(), 'outfit-cri-'))));
    const broken = {
      ...elsewhere,
      containerd: { ...elsewhere.containerd, socket: join(elsewhere.run, 'x'.repeat(100)) },
    };
    const other = containerdRuntime({ socket: broken.containerd.socket, log });
    await expect(start({ places: broken, runtime: other })).rejects.toMatchObject({
      name: 'SetupError',
      code: 'Failed',
      message: /invalid argument|too long/,
    });
    other.close();
    await reset({ places: elsewhere, log });
    rmSync(elsewhere.home, { recursive: true });
  });

  it('is stopped, and started again', async () => {
    await containerd.stop();
    await expect(runtime.version()).rejects.toMatchObject({ code: 'Unavailable' });
    containerd = await start();
    expect((await runtime.version()).runtimeName).toBe('containerd');
  });
});

describe("the host's network", () => {
  it('has our rules once, however often it is set up', async () => {
    await setUpHostNetwork(network, { places, log });
    await setUpHostNetwork(network, { places, log });
    const mark = `-m comment --comment "outfit:${places.id}"`;
    expect((await leftovers(places)).rules.sort()).toEqual([
      `filter: -A FORWARD -d 10.201.8.0/24 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT ${mark} -j ACCEPT`,
      `filter: -A FORWARD -s 10.201.8.0/24 ${mark} -j ACCEPT`,
      `nat: -A POSTROUTING -s 10.201.8.0/24 ! -d 10.201.8.0/24 ${mark} -j MASQUERADE`,
    ]);
  });

  it('is not shared with another node', async () => {
    const other = nodePlaces('/tmp/another-home');
    const options = { places: other, log };
    await expect(setUpHostNetwork(network, options)).rejects.toMatchObject({
      code: 'Taken',
      message: /"outfitcri1" .* --bridge/,
    });
    await expect(setUpHostNetwork({ ...network, bridge: 'outfitcri2' }, options)).rejects.toMatchObject({
      code: 'Taken',
      message: /10\.201\.8\.0\/24 on network interface "outfitcri1": .* --pod-cidr/,
    });
    expect(existsSync(other.run)).toBe(false);
  });
});

describe('reset', () => {
  it('leaves nothing after everything was killed, and may be repeated', async () => {
    await run(sandboxConfig('left-1'), containerConfig(['sleep', '3600']));
    const portMappings = [{ protocol: 'TCP' as const, containerPort: 80, hostPort: 18_081, hostIp: '' }];
    await run(
      sandboxConfig('left-2', { portMappings }),
      containerConfig(['sh', '-c', 'trap "" TERM; while true; do sleep 1; done']),
    );
    containerd.release();
    process.kill(containerd.pid()!, 'SIGKILL');
    const before = await leftovers(places);
    for (const [kind, list] of Object.entries(before)) expect([kind, list.length > 0]).toEqual([kind, true]);

    await reset({ places, log });
    expect(await leftovers(places)).toEqual(NOTHING);
    expect(existsSync(`/sys/class/net/${network.bridge}`)).toBe(false);
    await reset({ places, log });
    await tearDownHostNetwork({ places, log });
  });
});

function get(url: string): Promise<string> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then((response) => response.text());
}

/** The first line of the answer to a SPDY upgrade, which is how kubectl opens these URLs. */
function upgraded(url: string): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`POST ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n`);
      socket.write(
        'X-Stream-Protocol-Version: v4.channel.k8s.io\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n',
      );
    });
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data).split('\r\n')[0] ?? '');
    });
    socket.once('error', reject);
  });
}

/** A node process that starts the containerd of the same places and waits to be killed. */
async function startElsewhere(): Promise<ChildProcess> {
  const options = { home: places.home, network, local: registry.url };
  const code = `
    import { pino } from 'pino';
    import { startContainerd } from './containerd/start.ts';
    import { containerdRuntime } from './containerd-runtime.ts';
    import { nodePlaces } from './places.ts';
    const { home, network, local } = ${JSON.stringify(options)};
    const places = nodePlaces(home);
    const log = pino({ level: 'silent' });
    const runtime = containerdRuntime({ socket: places.containerd.socket, log });
    await startContainerd({ places, runtime, network, registries: { local, upstream: false }, sandboxImage: 'outfit.local/pause:1', log });
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const outfile = join(places.home, 'starter.mjs');
  await build({
    stdin: { contents: code, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  const child = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return child;
}
