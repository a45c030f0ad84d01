import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Runtime } from '../../cri/runtime.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import type { Store } from '../../store/store.ts';
import { type Clock, systemClock } from '../clock.ts';
import { CONTAINER_NAME_LABEL } from '../labels.ts';
import { POD_UID_LABEL } from '../observed.ts';
import type { PodPaths } from '../paths.ts';
import { allContainers, isDeleted, isTerminal, podUid } from '../pod-spec.ts';
import { diskUsage } from './disk-usage.ts';
import { isOnDisk, overuse, podStorageLimit, sizeLimit } from './storage-limits.ts';

export interface KeepWithinLimitsOptions {
  store: Pick<Store, 'list'>;
  runtime: Pick<Runtime, 'listContainerStats'>;
  paths: PodPaths;
  nodeName: string;
  log: Logger;
  /** Ends the Pod, and says why. */
  evict(uid: string, message: string): void;
}

/** The kubelet's `evictionMonitoringPeriod`, in milliseconds; here from the end of one look to the next. */
const LOOK_EVERY = 10_000;

/**
 * Looks how much disk the Pods of this node take that have a limit for it, one after the other, and evicts those that take more, until `signal` aborts.
 * Costs nothing for Pods without such limits.
 */
export async function keepWithinLimits(
  options: KeepWithinLimitsOptions & { signal: AbortSignal; clock?: Clock },
): Promise<void> {
  const { signal, clock = systemClock, log } = options;
  while (!signal.aborted) {
    await pause(clock, LOOK_EVERY, signal);
    if (!signal.aborted)
      await evictGreedyPods(options).catch((error: unknown) => log.warn({ err: error }, 'use of disk not looked at'));
  }
}

/** One look at all Pods. */
export async function evictGreedyPods(options: KeepWithinLimitsOptions): Promise<void> {
  const { store, nodeName, evict } = options;
  const pods = (store.list({ group: '', resource: 'pods' }).items as Pod[]).filter(
    (pod) => pod.spec?.nodeName === nodeName && !isTerminal(pod) && !isDeleted(pod) && hasLimits(pod),
  );
  const layers = pods.some((pod) => podStorageLimit(pod) !== undefined) ? await writableLayers(options) : [];
  for (const pod of pods) {
    const own = layers.filter(({ uid }) => uid === podUid(pod));
    const why = overuse(pod, { volumes: await volumes(pod, options), containers: await containers(pod, own, options) });
    if (why !== undefined) evict(podUid(pod), why);
  }
}

function hasLimits(pod: Pod): boolean {
  return podStorageLimit(pod) !== undefined || (pod.spec?.volumes ?? []).some((one) => sizeLimit(one) !== undefined);
}

/** Only what can exceed a limit is measured, and no further than to the largest limit that it can exceed. */
async function volumes(pod: Pod, { paths }: KeepWithinLimitsOptions): Promise<Map<string, number>> {
  const ofPod = podStorageLimit(pod);
  const used = new Map<string, number>();
  for (const volume of (pod.spec?.volumes ?? []).filter(isOnDisk)) {
    const limits = [ofPod, sizeLimit(volume)].filter((limit) => limit !== undefined);
    if (limits.length === 0) continue;
    const path = paths.volume(podUid(pod), 'kubernetes.io~empty-dir', volume.name);
    used.set(volume.name, await diskUsage(path, Math.max(...limits)));
  }
  return used;
}

interface Layer {
  uid: string;
  container: string;
  bytes: number;
}

async function writableLayers({ runtime }: KeepWithinLimitsOptions): Promise<Layer[]> {
  const stats = await runtime.listContainerStats();
  return stats.map(({ labels, writableLayerBytes: bytes = 0 }) => ({
    uid: labels[POD_UID_LABEL] ?? '',
    container: labels[CONTAINER_NAME_LABEL] ?? '',
    bytes,
  }));
}

async function containers(pod: Pod, layers: Layer[], { paths }: KeepWithinLimitsOptions): Promise<Map<string, number>> {
  const limit = podStorageLimit(pod);
  const used = new Map<string, number>();
  if (limit === undefined) return used;
  for (const { name } of allContainers(pod)) {
    const layer = layers.filter(({ container }) => container === name).reduce((sum, { bytes }) => sum + bytes, 0);
    used.set(name, layer + (await diskUsage(join(paths.logDirectory(pod), name), limit)));
  }
  return used;
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
