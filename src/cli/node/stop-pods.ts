import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../kube/generated/objects.ts';
import type { PodLoop } from '../../pods/loop.ts';
import type { Store } from '../../store/store.ts';

const LOOK_EVERY_MS = 100;

/** Stops all Pods by their grace periods. `onProgress` is told all lines so far, each time there are more: who is waited for, and who has ended. */
export async function stopPods(
  loop: PodLoop,
  store: Pick<Store, 'list'>,
  onProgress: (lines: string[]) => Promise<void>,
): Promise<void> {
  const waited = runningPods(store);
  const lines = [...waited.values()].map(
    (pod) => `Stopping pod ${nameOf(pod)} (up to ${pod.spec?.terminationGracePeriodSeconds ?? 30} s: its grace period)`,
  );
  if (lines.length > 0) await onProgress(lines);
  const drained = new AbortController();
  const draining = loop.drain().finally(() => drained.abort());
  while (!drained.signal.aborted) {
    const still = runningPods(store);
    const ended = [...waited].filter(([uid]) => !still.has(uid));
    for (const [uid, pod] of ended) {
      waited.delete(uid);
      lines.push(`Stopped pod ${nameOf(pod)}`);
    }
    if (ended.length > 0) await onProgress(lines);
    await sleep(LOOK_EVERY_MS, undefined, { signal: drained.signal }).catch(() => undefined);
  }
  await draining;
}

function runningPods(store: Pick<Store, 'list'>): Map<string, Pod> {
  const pods = store.list({ group: '', resource: 'pods' }).items as Pod[];
  const running = pods.filter(({ status }) =>
    [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].some((c) => c.state?.running),
  );
  return new Map(running.map((pod) => [pod.metadata?.uid ?? '', pod]));
}

const nameOf = ({ metadata }: Pod): string => `${metadata?.namespace}/${metadata?.name}`;
