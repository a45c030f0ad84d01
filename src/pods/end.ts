import type { Pod } from '../kube/generated/objects.ts';
import { killAll } from './act.ts';
import type { Observed } from './observed.ts';
import { podUid } from './pod-spec.ts';
import type { Tools } from './round.ts';

export interface End {
  pod: Pod;
  gracePeriodSeconds: number;
  /** Fires when the Pod's object is gone: nobody waits for a graceful end any more. */
  hurry: AbortSignal;
  /** What there is now. */
  look(): Promise<Observed>;
}

/** Ends the Pod's containers in their order, within the grace period. Idempotent. */
export async function endContainers(tools: Tools, { pod, gracePeriodSeconds, hurry, look }: End): Promise<void> {
  await killAll(tools, pod, await look(), gracePeriodSeconds, hurry);
}

/**
 * Takes down the network of a Pod whose containers have ended, and its volumes. Containers stay for their logs. Idempotent. A sandbox that is not ready
 * has its network still when it has died by itself: nobody but us would ever take that away.
 */
export async function takeDown({ runtime, parts }: Tools, { pod, look }: Pick<End, 'pod' | 'look'>): Promise<void> {
  const { sandboxes } = await look();
  await Promise.all([...sandboxes.map(({ id }) => runtime.stopPodSandbox(id)), parts.releaseVolumes(podUid(pod))]);
}

/** Leaves nothing of a Pod whose containers have ended but its object. Idempotent. */
export async function removeAll({ runtime, parts, images }: Tools, { pod, look }: End): Promise<void> {
  const { sandboxes } = await look();
  const uid = podUid(pod);
  const removed = sandboxes.map(async ({ id }) => {
    await runtime.stopPodSandbox(id);
    await runtime.removePodSandbox(id);
  });
  await Promise.all([...removed, parts.releaseVolumes(uid)]);
  await parts.removePod(uid);
  images.forget(uid);
}
