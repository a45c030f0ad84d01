import type { Pod } from '../../kube/generated/objects.ts';
import { containerStatusesOf } from './pod-state.ts';

/** How far a Pod is on its way to what a script waits for. */
export type Outcome = 'waiting' | 'ready' | 'failed';

/** Reasons for which a container waits that do not pass by themselves. */
const DEFINITE = [
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
];

/** A program may fail once or twice while what it needs comes up. */
const RESTARTS_ENOUGH = 3;

/**
 * Ready is: the Pod's Ready condition, or that it has Succeeded; of a Pod that `finishes` only that. Failed is what waiting would not mend. Pure.
 */
export function outcomeOf(pod: Pod | undefined, finishes: boolean): Outcome {
  const phase = pod?.status?.phase;
  if (phase === 'Succeeded') return 'ready';
  if (phase === 'Failed') return 'failed';
  if (pod === undefined) return 'waiting';
  const isReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  if (isReady && !finishes) return 'ready';
  return containerStatusesOf(pod).some(({ state, restartCount }) => {
    const reason = state?.waiting?.reason ?? '';
    return DEFINITE.includes(reason) || (reason === 'CrashLoopBackOff' && restartCount >= RESTARTS_ENOUGH);
  })
    ? 'failed'
    : 'waiting';
}

/** What a restart changes: the runs of all containers that can still end. Empty when everything has ended well. */
export function runsOf(pods: readonly Pod[]): string {
  return pods
    .filter(({ status }) => status?.phase !== 'Succeeded')
    .map((pod) => containerStatusesOf(pod).map(({ containerID, restartCount }) => `${containerID} ${restartCount}`))
    .join('\n');
}

/** Tells how long something has yet to stay as it is before it counts. */
export class Stable {
  private readonly wanted: number;
  private value: string | undefined;
  private since = 0;

  /** @param wanted milliseconds */
  constructor(wanted: number) {
    this.wanted = wanted;
  }

  /** Milliseconds that are missing; endless for undefined, nothing for an empty value. */
  missing(value: string | undefined, now: number): number {
    if (value !== this.value) this.since = now;
    this.value = value;
    if (value === undefined) return Number.POSITIVE_INFINITY;
    return value === '' ? 0 : this.since + this.wanted - now;
  }
}
