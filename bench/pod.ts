import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pino from 'pino';
import { containerdRuntime } from '../src/cri/containerd-runtime.ts';
import type { PodSandboxConfig, Runtime } from '../src/cri/runtime.ts';
import { NAMESPACES, testContainer, testSandbox } from '../src/cri/testing-config.ts';
import { atMost, type Figure } from './figures.ts';
import { answers, type BenchNode, processTime, timed, until } from './node.ts';

const run = promisify(execFile);
const PODS = '/api/v1/namespaces/default/pods';
const MANIFEST = 'examples/web-app/pod.yaml';

interface BenchContainer {
  name: string;
  image: string;
  command?: string[];
}
const MAIN: BenchContainer = { name: 'main-container', image: 'nginx' };
const SIDECAR: BenchContainer = { name: 'sidecar-container', image: 'busybox', command: ['sleep', '100000'] };

/**
 * From the request to HTTP 200 of the story's Pod, images present: by bare CRI calls, by the node's API, and by `kubectl create`, in turn,
 * so that the ratios hold when the machine's speed drifts. The Pod's pull policy is Always, so all of them ask the (local) registry.
 */
export async function podTimes(node: BenchNode, runs: number): Promise<Figure[]> {
  const { containerd } = await node.status();
  const runtime = containerdRuntime({ socket: containerd.socket, log: pino({ level: 'silent' }) });
  const hasKubectl = spawnSync('kubectl', ['version', '--client'], { env: node.env }).status === 0;
  const cri: number[] = [];
  const api: number[] = [];
  const criWithSidecar: number[] = [];
  const apiWithSidecar: number[] = [];
  const kubectl: number[] = [];
  const kubectlAlone: number[] = [];
  await viaApi(node);
  for (let i = 0; i < runs; i++) {
    cri.push(await bare(node, runtime, `bare-${i}`, [MAIN]));
    api.push(await viaApi(node));
    criWithSidecar.push(await bare(node, runtime, `bare-sidecar-${i}`, [SIDECAR, MAIN]));
    apiWithSidecar.push(await viaApi(node, [SIDECAR]));
    if (!hasKubectl) continue;
    kubectl.push(await viaKubectl(node));
    kubectlAlone.push(
      await processTime(node.env, 'kubectl', 'create', '--dry-run=server', '-f', join(process.argv[2]!, MANIFEST)),
    );
  }
  runtime.close();
  return [
    atMost('bare CRI calls to HTTP 200', 'ms', cri),
    atMost('API request to HTTP 200', 'ms', api),
    atMost(
      'API request / bare CRI',
      'times',
      api.map((ms, i) => ms / cri[i]!),
      1.3,
    ),
    atMost('with a native sidecar: bare CRI calls to HTTP 200', 'ms', criWithSidecar),
    atMost('with a native sidecar: API request to HTTP 200', 'ms', apiWithSidecar),
    atMost(
      'with a native sidecar: API request less bare CRI',
      'ms',
      apiWithSidecar.map((ms, i) => ms - criWithSidecar[i]!),
    ),
    ...(hasKubectl
      ? [
          atMost('kubectl create to HTTP 200', 'ms', kubectl),
          atMost("kubectl's own process (create --dry-run=server)", 'ms', kubectlAlone),
          atMost(
            "kubectl create, less kubectl's own process / bare CRI",
            'times',
            kubectl.map((ms, i) => (ms - kubectlAlone[i]!) / cri[i]!),
          ),
        ]
      : []),
    ...(await podmanTimes(node, runs)),
  ];
}

async function viaApi(node: BenchNode, sidecars: readonly BenchContainer[] = []): Promise<number> {
  const pod = {
    metadata: { name: 'web-app' },
    spec: {
      initContainers: sidecars.map((one) => ({ ...one, imagePullPolicy: 'IfNotPresent', restartPolicy: 'Always' })),
      containers: [{ ...MAIN, ports: [{ containerPort: 80 }] }],
    },
  };
  const page = await watchedPage(node);
  const ms = await timed(() => Promise.all([node.api('POST', PODS, pod), page.answered()]));
  await removed(node);
  return ms;
}

async function viaKubectl(node: BenchNode): Promise<number> {
  const page = await watchedPage(node);
  const ms = await timed(async () => {
    const created = run('kubectl', ['create', '-f', join(process.argv[2]!, MANIFEST)], { env: node.env });
    await Promise.all([created, page.answered()]);
  });
  await removed(node);
  return ms;
}

/** Watches for the Pod's address from now on. */
async function watchedPage(node: BenchNode): Promise<{ answered(): Promise<void> }> {
  const { found } = await node.watchPod('web-app', ({ status }) => status?.podIP);
  return {
    answered: async () => {
      const ip = await found;
      await until(() => answers(ip));
    },
  };
}

async function removed(node: BenchNode): Promise<void> {
  await node.api('DELETE', `${PODS}/web-app`, { gracePeriodSeconds: 1 });
  await node.gone('web-app');
}

/** The calls that a kubelet needs for this Pod, and nothing between them. */
async function bare(
  node: BenchNode,
  runtime: Runtime,
  name: string,
  containers: readonly BenchContainer[],
): Promise<number> {
  const sandbox = testSandbox({
    metadata: { name, uid: randomUUID(), namespace: 'bench', attempt: 0 },
    hostname: name,
    logDirectory: join(node.home, 'bare', name),
    linux: { cgroupParent: '', namespaces: NAMESPACES },
  });
  for (const { name: container } of containers) mkdirSync(join(sandbox.logDirectory, container), { recursive: true });
  let id = '';
  const ms = await timed(async () => {
    id = await runtime.runPodSandbox(sandbox);
    const { ip } = await runtime.podSandboxStatus(id);
    await runtime.pullImage(MAIN.image);
    for (const one of containers) await startBare(runtime, id, one, sandbox);
    await until(() => answers(ip));
  });
  await runtime.stopPodSandbox(id);
  await runtime.removePodSandbox(id);
  return ms;
}

async function startBare(runtime: Runtime, id: string, one: BenchContainer, sandbox: PodSandboxConfig): Promise<void> {
  const { name, image, command = [] } = one;
  const config = testContainer({ metadata: { name, attempt: 0 }, image, command, logPath: `${name}/0.log` });
  await runtime.startContainer(await runtime.createContainer(id, config, sandbox));
}

/** `podman kube play` of the same manifest with a hostPort, where podman is installed and can run it. */
async function podmanTimes(node: BenchNode, runs: number): Promise<Figure[]> {
  if (spawnSync('podman', ['--version']).status !== 0) return leftOut('it is not installed');
  const given = giveImage(node);
  try {
    return await playTimes(runs);
  } catch (error) {
    return leftOut((error as Error).message);
  } finally {
    if (given.length > 0) spawnSync('podman', ['image', 'rm', '--force', ...given]);
  }
}

function leftOut(reason: string): Figure[] {
  console.error(`bench: podman is left out: ${reason.trim()}`);
  return [];
}

const PODMAN_IMAGE = 'docker.io/library/nginx:latest';

/** The nginx that the node has, for podman too, from the node's registry; the names under which podman then has it. None when it had one already. */
function giveImage(node: BenchNode): string[] {
  if (spawnSync('podman', ['image', 'exists', PODMAN_IMAGE]).status === 0) return [];
  const hosts = readFileSync(join(node.home, 'containerd/certs.d/docker.io/hosts.toml'), 'utf8');
  const registry = /127\.0\.0\.1:\d+/.exec(hosts)?.[0];
  const name = `${registry}/library/nginx:latest`;
  spawnSync('podman', ['pull', '--quiet', '--tls-verify=false', name]);
  spawnSync('podman', ['tag', name, PODMAN_IMAGE]);
  return [name, PODMAN_IMAGE];
}

async function playTimes(runs: number): Promise<Figure[]> {
  const manifest = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-app' },
    spec: {
      containers: [
        {
          image: PODMAN_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          name: 'main-container',
          ports: [{ containerPort: 80, hostPort: 80 }],
        },
      ],
    },
  });
  const podman: number[] = [];
  const kube = (...args: string[]) =>
    spawnSync('podman', ['kube', ...args, '-'], { input: manifest, encoding: 'utf8' });
  for (let i = 0; i < runs; i++) {
    try {
      podman.push(
        await timed(async () => {
          const played = kube('play');
          if (played.status !== 0) throw new Error(`podman kube play failed: ${played.stderr}`);
          await until(() => answers('127.0.0.1'));
        }),
      );
    } finally {
      kube('down');
    }
  }
  return [atMost('podman kube play to HTTP 200', 'ms', podman)];
}
