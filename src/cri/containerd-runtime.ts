import type { Logger } from 'pino';
import { cgroupDriverOf } from './cgroup-driver.ts';
import { containerdEvents } from './containerd-events.ts';
import { type Connection, connect, type UnaryOptions } from './grpc.ts';
import { dropBrokenResults } from './network/cached-results.ts';
import { watchDownloads } from './pull-progress.ts';
import { type ExecResult, type PullOptions, type Runtime, RuntimeError, type RuntimeVersion } from './runtime.ts';
import { settled } from './settled.ts';
import { wireContainerConfig, wireSandboxConfig } from './wire-config.ts';
import {
  containerOfWire,
  containerStatusOfWire,
  imageOfWire,
  runtimeStatusOfWire,
  sandboxOfWire,
  sandboxStatusOfWire,
  statsOfWire,
  type WireContainer,
  type WireContainerStatus,
  type WireImage,
  type WireRuntimeStatus,
  type WireSandbox,
  type WireSandboxStatus,
  type WireStats,
} from './wire-status.ts';

export interface ContainerdRuntimeOptions {
  /** Path of the socket, absolute, or as `unix:///…`. */
  socket: string;
  log: Logger;
}

/**
 * The port over CRI v1: containerd 1.6 and newer, private or the user's own. Opens no connection before the first call. Calls have
 * the kubelet's deadlines (two minutes, four for what may pull or set up a network); a pull ends only by its signal.
 */
export function containerdRuntime({ socket, log }: ContainerdRuntimeOptions): Runtime {
  const connection = connect(socket.replace(/^unix:\/\//, ''));
  const { runtime, image } = services(connection);
  const idempotent = (done: Promise<unknown>) => done.then(() => {}, ignoreNotFound);

  const port: Runtime = {
    version: () => version(connection, socket),
    status: () => runtime<WireRuntimeStatus>('Status', {}).then(runtimeStatusOfWire),
    cgroupDriver: () =>
      runtime<{ info: Record<string, string> }>('Status', { verbose: true }).then(({ info }) => cgroupDriverOf(info)),

    runPodSandbox: (config, signal) =>
      runtime<{ podSandboxId: string }>(
        'RunPodSandbox',
        { config: wireSandboxConfig(config) },
        { timeoutMs: LONG_MS, signal },
      ).then(({ podSandboxId }) => podSandboxId),
    stopPodSandbox: (podSandboxId) =>
      idempotent(despiteBrokenResults(podSandboxId, () => runtime('StopPodSandbox', { podSandboxId }))),
    removePodSandbox: (podSandboxId) =>
      idempotent(despiteBrokenResults(podSandboxId, () => runtime('RemovePodSandbox', { podSandboxId }))),
    podSandboxStatus: (podSandboxId) =>
      runtime<WireSandboxStatus>('PodSandboxStatus', { podSandboxId, verbose: true }).then(sandboxStatusOfWire),
    listPodSandboxes: ({ labels = {} } = {}) =>
      runtime<{ items: WireSandbox[] }>('ListPodSandbox', { filter: { labelSelector: labels } }).then(({ items }) =>
        items.map(sandboxOfWire),
      ),

    createContainer: (podSandboxId, config, sandbox) =>
      runtime<{ containerId: string }>('CreateContainer', {
        podSandboxId,
        config: wireContainerConfig(config),
        sandboxConfig: wireSandboxConfig(sandbox),
      }).then(({ containerId }) => containerId),
    startContainer: (containerId) => runtime('StartContainer', { containerId }).then(() => {}),
    stopContainer: (containerId, timeoutSeconds) =>
      idempotent(
        runtime(
          'StopContainer',
          { containerId, timeout: timeoutSeconds },
          { timeoutMs: SHORT_MS + timeoutSeconds * 1000 },
        ),
      ),
    removeContainer: (containerId) => idempotent(runtime('RemoveContainer', { containerId })),
    containerStatus: (containerId) =>
      runtime<{ status: WireContainerStatus }>('ContainerStatus', { containerId }).then(({ status }) =>
        containerStatusOfWire(status),
      ),
    listContainers: ({ podSandboxId = '', labels = {} } = {}) =>
      runtime<{ containers: WireContainer[] }>('ListContainers', {
        filter: { podSandboxId, labelSelector: labels },
      }).then(({ containers }) => containers.map(containerOfWire)),
    reopenContainerLog: (containerId) => runtime('ReopenContainerLog', { containerId }).then(() => {}),

    execSync: (containerId, cmd, timeout) =>
      runtime<ExecResult>(
        'ExecSync',
        { containerId, cmd, timeout },
        { timeoutMs: timeout > 0 ? SHORT_MS + timeout * 1000 : undefined },
      ),
    exec: ({ command: cmd, ...request }) => url(runtime('Exec', { ...request, cmd })),
    attach: (request) => url(runtime('Attach', request)),
    portForward: (podSandboxId, port) => url(runtime('PortForward', { podSandboxId, port })),

    imageStatus: (name) =>
      image<{ image: WireImage | null }>('ImageStatus', { image: { image: name } }).then((answer) =>
        answer.image ? imageOfWire(answer.image) : undefined,
      ),
    pullImage: (name, options) => pull(connection, name, options),
    removeImage: (name) => idempotent(image('RemoveImage', { image: { image: name } })),
    listImages: () => image<{ images: WireImage[] }>('ListImages', {}).then(({ images }) => images.map(imageOfWire)),

    listContainerStats: () =>
      runtime<{ stats: WireStats[] }>('ListContainerStats', {}).then(({ stats }) => stats.map(statsOfWire)),

    events: (signal) =>
      containerdEvents({ connection, log, signal, settled: (id, deleted) => settled(port, id, { deleted, signal }) }),
    close: () => connection.close(),
  };
  return port;
}

const SHORT_MS = 120_000;
const LONG_MS = 240_000;

type Service = <Response>(method: string, request: object, options?: UnaryOptions) => Promise<Response>;

function services(connection: Connection): { runtime: Service; image: Service } {
  return {
    runtime: (method, request, options = { timeoutMs: SHORT_MS }) =>
      connection.call(`runtime.v1.RuntimeService/${method}`, request, options),
    image: (method, request, options = { timeoutMs: SHORT_MS }) =>
      connection.call(`runtime.v1.ImageService/${method}`, request, options),
  };
}

async function version(connection: Connection, socket: string): Promise<RuntimeVersion> {
  try {
    return await services(connection).runtime<RuntimeVersion>('Version', { version: 'v1' });
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'Unimplemented') throw error;
    const needed = 'Outfit needs one that does: containerd 1.6 or newer with its CRI plugin enabled';
    throw new RuntimeError('Unimplemented', `the container runtime at ${socket} does not speak CRI v1; ${needed}`, {
      cause: error,
    });
  }
}

async function pull(
  connection: Connection,
  name: string,
  { auth, signal, onProgress }: PullOptions = {},
): Promise<string> {
  const finished = new AbortController();
  const watched = onProgress && watchDownloads(connection, onProgress, finished.signal);
  try {
    const request = { image: { image: name }, ...(auth && { auth: { serverAddress: '', ...auth } }) };
    const answer = await services(connection).image<{ imageRef: string }>('PullImage', request, { signal });
    return answer.imageRef;
  } finally {
    finished.abort();
    await watched;
  }
}

async function url(answer: Promise<{ url: string }>): Promise<string> {
  return (await answer).url;
}

/** Once more where a cut-off result of CNI stood in the way: the same would fail for ever. */
async function despiteBrokenResults<T>(sandboxId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (dropBrokenResults(sandboxId) === 0) throw error;
    return call();
  }
}

/** containerd 1.6 answers NotFound where CRI asks for success. */
function ignoreNotFound(error: unknown): void {
  if (!(error instanceof RuntimeError) || error.code !== 'NotFound') throw error;
}
