import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Runtime } from '../cri/runtime.ts';
import { StatusError } from '../kube/errors.ts';
import type { Node, NodeCondition } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { formatTime } from '../kube/time.ts';
import type { Key, Store } from '../store/store.ts';
import type { BackOffRules } from './backoff.ts';
import type { MachineFacts } from './machine.ts';
import { nodeObject, RESTART_BACKOFF_ANNOTATION } from './node.ts';
import type { KnownAbilities } from './runtime-abilities.ts';

/** How often the runtime is asked; a change is written at once. Milliseconds. */
const LOOK_EVERY = 30_000;
/** How often a Node that did not change is written all the same (`nodeStatusReportFrequency`). */
const REPORT_EVERY = 300_000;

export interface KeepNodeOptions {
  store: Pick<Store, 'create' | 'update'>;
  name: string;
  kubernetesVersion: string;
  machine: MachineFacts;
  runtime: Pick<Runtime, 'version' | 'status' | 'listImages'>;
  podCIDR?: string;
  /** Is told what the runtime can, each time it is asked. */
  abilities?: KnownAbilities;
  /** As in PodLoopOptions. */
  backOffRules?: BackOffRules;
  log: Logger;
  /** Milliseconds since the epoch. */
  now?: () => number;
  uuid?: () => string;
}

/**
 * Writes the Node object as it is now, and returns it. What users set stays: labels, annotations, taints, unschedulable.
 * @throws StoreError
 */
export async function registerNode(options: KeepNodeOptions): Promise<Node> {
  const { store, name, now = Date.now, uuid = randomUUID } = options;
  const key: Key = { group: '', resource: 'nodes', namespace: '', name };
  const fresh = await lookAtNode(options);
  const metadata = { ...fresh.metadata, uid: uuid(), creationTimestamp: formatTime(new Date(now())) };
  for (;;) {
    try {
      return (await store.update(
        key,
        (current) => merge(current as Node, fresh, now()) as KubeObject,
      )) as unknown as Node;
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
    try {
      return (await store.create(key, { ...fresh, metadata } as unknown as KubeObject)) as unknown as Node;
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
}

/** Registers the Node and keeps it true until `signal` aborts: a change within half a minute, the heartbeat every five minutes. */
export async function keepNode(options: KeepNodeOptions & { signal: AbortSignal }): Promise<void> {
  const { signal, log } = options;
  while (!signal.aborted) {
    await registerNode(options).catch((error: unknown) => log.warn({ err: error }, 'node status not written'));
    await sleep(LOOK_EVERY, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function lookAtNode(options: KeepNodeOptions): Promise<Node> {
  const { name, kubernetesVersion, machine, runtime, podCIDR, backOffRules, log, now = Date.now } = options;
  const down = (error: unknown) => {
    log.warn({ err: error }, 'container runtime does not answer');
    return undefined;
  };
  const [runtimeVersion, runtimeStatus, images] = await Promise.all([
    runtime.version().catch(() => undefined),
    runtime.status().catch(down),
    runtime.listImages().catch(() => []),
  ]);
  if (runtimeStatus) options.abilities?.learn(runtimeStatus);
  const at = { name, kubernetesVersion, machine, now: now(), ...(podCIDR && { podCIDR }) };
  return nodeObject({ ...at, ...(backOffRules && { backOffRules }), runtimeVersion, runtimeStatus, images });
}

/** The current object with the node's own facts renewed; the very same object when nothing is worth a write. */
function merge(current: Node, fresh: Node, now: number): Node {
  const conditions = mergeConditions(current.status?.conditions ?? [], fresh.status?.conditions ?? []);
  // What the runtime does not tell any more it may not be able to do.
  const { runtimeHandlers: _, features: __, ...kept } = current.status ?? {};
  const status = { ...kept, ...fresh.status, conditions };
  const annotations = mergeAnnotations(current, fresh);
  const merged: Node = {
    ...current,
    metadata: {
      ...current.metadata,
      ...(annotations && { annotations }),
      labels: { ...current.metadata?.labels, ...fresh.metadata?.labels },
    },
    spec: { ...current.spec, ...fresh.spec },
    status,
  };
  return isDue(current, now) || !isDeepStrictEqual(withoutHeartbeats(merged), withoutHeartbeats(current))
    ? merged
    : current;
}

/** Its own annotation comes and goes with the setting; those of others stay. */
function mergeAnnotations(current: Node, fresh: Node): Record<string, string> | undefined {
  if (!current.metadata?.annotations && Object.keys(fresh.metadata?.annotations ?? {}).length === 0) return undefined;
  const { [RESTART_BACKOFF_ANNOTATION]: _, ...others } = current.metadata?.annotations ?? {};
  return { ...others, ...fresh.metadata?.annotations };
}

/** A condition that is as before keeps the time since when it is so; foreign conditions stay. */
function mergeConditions(current: NodeCondition[], fresh: NodeCondition[]): NodeCondition[] {
  const own = fresh.map((condition) => {
    const before = current.find(({ type }) => type === condition.type);
    const isSame = before?.status === condition.status;
    return isSame ? { ...condition, lastTransitionTime: before.lastTransitionTime } : condition;
  });
  return [...own, ...current.filter(({ type }) => !fresh.some((condition) => condition.type === type))];
}

function isDue({ status }: Node, now: number): boolean {
  const heartbeat = status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
  return heartbeat === undefined || now - Date.parse(heartbeat) >= REPORT_EVERY;
}

function withoutHeartbeats(node: Node): unknown {
  const conditions = (node.status?.conditions ?? []).map(({ lastHeartbeatTime: _, ...condition }) => condition);
  return { ...node, status: { ...node.status, conditions } };
}

function isReason(error: unknown, reason: string): boolean {
  return error instanceof StatusError && error.reason === reason;
}
