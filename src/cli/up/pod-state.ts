import { pods } from '../../api/tables/pods.ts';
import type { ContainerStatus, Pod } from '../../kube/generated/objects.ts';

/** A Pod as one line tells it. */
export interface PodState {
  /** `1/2`: containers that are ready, of all. */
  ready: string;
  /** As in kubectl's STATUS column. */
  status: string;
  /** What keeps it from going on, or has ended it. */
  why?: string;
}

export function podState(pod: Pod, now: Date): PodState {
  const [, ready, status] = pods.cells(pod, now);
  const why = whyNot(pod);
  return { ready: String(ready), status: String(status), ...(why !== undefined && { why }) };
}

/** `2/2 Running`, `0/1 ImagePullBackOff: app: Back-off pulling image …` */
export function stateText({ ready, status, why }: PodState): string {
  return `${ready} ${status}${why === undefined ? '' : `: ${why}`}`;
}

/** The statuses of all containers, init containers first. */
export function containerStatusesOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function whyNot(pod: Pod): string | undefined {
  const { status } = pod;
  if (status?.phase === 'Failed' && status.message) return status.message;
  const unscheduled = status?.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False');
  if (unscheduled?.message) return unscheduled.message;
  for (const container of containerStatusesOf(pod)) {
    const why = whyContainer(container);
    if (why !== undefined) return `${container.name} ${why}`;
  }
  return undefined;
}

function whyContainer({ state, lastState, restartCount }: ContainerStatus): string | undefined {
  const { waiting, terminated } = state ?? {};
  const last = lastState?.terminated;
  if (waiting?.reason === 'CrashLoopBackOff')
    return `${last ? ended(last) : 'ended'}, ${times(restartCount)}; it waits before the next start`;
  if (waiting?.message) return `cannot start: ${oneLine(waiting.message)}`;
  if (terminated && terminated.exitCode !== 0) return ended(terminated);
  return undefined;
}

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** `exited with code 137 (OOMKilled)`, and what it said in its termination message. */
function ended({ exitCode, reason, message, signal }: Terminated): string {
  const shown = reason && !['Error', 'Completed'].includes(reason) ? ` (${reason})` : '';
  const how = signal ? `was ended by signal ${signal}` : `exited with code ${exitCode}`;
  return `${how}${shown}${message ? `: ${oneLine(message)}` : ''}`;
}

function times(restarts: number): string {
  return restarts === 1 ? 'restarted once' : `restarted ${restarts} times`;
}

const LONGEST = 400;

function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, '; ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
