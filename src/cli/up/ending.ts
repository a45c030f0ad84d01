import type { Pod } from '../../kube/generated/objects.ts';
import { containerStatusesOf } from './pod-state.ts';

/** What a Pod that was deleted still waits for: `sidecar still runs, and has 25 s`. */
export function endingText(pod: Pod, now: Date): string | undefined {
  const names = containerStatusesOf(pod)
    .filter(({ state }) => state?.running)
    .map(({ name }) => name);
  const { deletionTimestamp } = pod.metadata ?? {};
  if (names.length === 0 || deletionTimestamp === undefined) return undefined;
  const seconds = Math.max(0, Math.ceil((Date.parse(deletionTimestamp) - now.getTime()) / 1000));
  const run = names.length === 1 ? 'still runs, and has' : 'still run, and have';
  return `${names.join(', ')} ${run} ${seconds} s (Ctrl-C again ends it at once)`;
}
