import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  type PodSandbox,
  type Runtime,
  RuntimeError,
  type SandboxState,
} from '../cri/runtime.ts';
import type { Pod } from '../kube/generated/objects.ts';

/** Labels and annotations that the kubelet puts on sandboxes and containers (`pkg/kubelet/types/labels.go`). */
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';
export const HASH_ANNOTATION = 'io.kubernetes.container.hash';

export interface ObservedSandbox {
  id: string;
  attempt: number;
  state: SandboxState;
  createdAt: string;
  /** Empty on the host's network, and when the sandbox is not ready. */
  ips: string[];
}

export interface ObservedContainer {
  id: string;
  sandboxId: string;
  name: string;
  attempt: number;
  state: ContainerState;
  /** As the runtime spells it: docker.io/library/nginx:latest. */
  image: string;
  imageRef: string;
  user?: ContainerStatus['user'];
  /** `containerHash` of the spec it was made from. */
  hash: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  exitCode: number;
  reason: string;
  /** The runtime's, and what the container itself left as its message. */
  message: string;
}

/** What the runtime has of one Pod. Both lists are newest first. */
export interface Observed {
  sandboxes: ObservedSandbox[];
  containers: ObservedContainer[];
}

export const NOTHING_OBSERVED: Observed = { sandboxes: [], containers: [] };

/** The newest container of this name, in whatever sandbox. */
export function newest(containers: ObservedContainer[], name: string): ObservedContainer | undefined {
  return containers.find((container) => container.name === name);
}

/** Where the Pod is reached from this machine: its first address, or the machine's where the Pod is on its network; '' while it has none. */
export function podAddress(
  { spec }: Pod,
  { sandboxes }: { sandboxes: { ips: string[] }[] },
  hostIPs: string[],
): string {
  return (spec?.hostNetwork ? hostIPs[0] : sandboxes[0]?.ips[0]) ?? '';
}

/** The runtime may have a process for it. */
export function isAlive({ state }: ObservedContainer): boolean {
  return state === 'RUNNING' || state === 'UNKNOWN';
}

export interface ObserveOptions {
  runtime: Runtime;
  labels: Record<string, string>;
  /** What an ended container left as its message; never rejects. */
  lastWords(status: ContainerStatus): Promise<string>;
}

/**
 * Asks the runtime for everything that carries `labels`. What cannot have changed since `previous` is not asked for again;
 * `doubted` names containers whose old facts may be wrong all the same (an out-of-memory report comes after the exit).
 */
export async function observe(
  options: ObserveOptions,
  previous: Observed = NOTHING_OBSERVED,
  doubted: ReadonlySet<string> = new Set(),
): Promise<Observed> {
  const { runtime, labels } = options;
  const [sandboxes, containers] = await Promise.all([
    runtime.listPodSandboxes({ labels }),
    runtime.listContainers({ labels }),
  ]);
  const [observedSandboxes, observedContainers] = await Promise.all([
    Promise.all(sandboxes.map((sandbox) => observeSandbox(runtime, sandbox, previous))),
    Promise.all(containers.map((container) => observeContainer(options, container, previous, doubted))),
  ]);
  return {
    sandboxes: observedSandboxes.filter((sandbox) => sandbox !== undefined).sort(newestFirst),
    containers: observedContainers.filter((container) => container !== undefined).sort(newestFirst),
  };
}

async function observeSandbox(
  runtime: Runtime,
  { id, metadata, state, createdAt }: PodSandbox,
  previous: Observed,
): Promise<ObservedSandbox | undefined> {
  const known = previous.sandboxes.find((sandbox) => sandbox.id === id && sandbox.state === state);
  if (known && (state === 'NOTREADY' || known.ips.length > 0)) return known;
  const facts = { id, attempt: metadata.attempt, state, createdAt };
  if (state === 'NOTREADY') return { ...facts, ips: [] };
  const status = await runtime.podSandboxStatus(id).catch(goneIsNothing);
  return (
    status && { ...facts, state: status.state, ips: [status.ip, ...status.additionalIps].filter((ip) => ip !== '') }
  );
}

async function observeContainer(
  { runtime, lastWords }: ObserveOptions,
  container: Container,
  previous: Observed,
  doubted: ReadonlySet<string>,
): Promise<ObservedContainer | undefined> {
  const known = previous.containers.find(({ id, state }) => id === container.id && state === container.state);
  if (known && !doubted.has(container.id)) return known;
  const status = await runtime.containerStatus(container.id).catch(goneIsNothing);
  if (!status) return undefined;
  const facts = containerFacts(status, container.podSandboxId);
  if (facts.state !== 'EXITED') return facts;
  return { ...facts, message: [facts.message, await lastWords(status)].filter((text) => text !== '').join(': ') };
}

function containerFacts(status: ContainerStatus, sandboxId: string): ObservedContainer {
  const { id, metadata, image, imageRef, user, annotations, createdAt, startedAt, finishedAt } = status;
  return {
    id,
    sandboxId,
    name: metadata.name,
    attempt: metadata.attempt,
    state: wasCutShort(status) ? 'CREATED' : status.state,
    image,
    imageRef,
    ...(user && { user }),
    hash: annotations[HASH_ANNOTATION] ?? '',
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
  };
}

/**
 * The node was killed while it started the container: containerd then gives the start up (`failed to create containerd task: … context canceled`).
 * That is no failure of the container, which has never run.
 */
function wasCutShort({ state, reason, message }: ContainerStatus): boolean {
  return state === 'EXITED' && reason === 'StartError' && message.includes('context canceled');
}

/** What was removed between two calls is simply not there. */
function goneIsNothing(error: unknown): undefined {
  if (error instanceof RuntimeError && error.code === 'NotFound') return undefined;
  throw error;
}

function newestFirst(a: { attempt: number; createdAt: string }, b: { attempt: number; createdAt: string }): number {
  return b.attempt - a.attempt || (a.createdAt < b.createdAt ? 1 : -1);
}
