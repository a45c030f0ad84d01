import type { ContainerStatus, Pod, PodCondition } from '../kube/generated/objects.ts';
import { formatTime } from '../kube/time.ts';
import { anyMainStarted, type Phase } from './phase.ts';
import { initContainers, isSidecar, mainContainers } from './pod-spec.ts';

/** The conditions that the kubelet owns; every other one on the Pod is its user's and stays. */
const OWN = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

type Condition = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;
type Verdict = Omit<Condition, 'type'>;

export interface ConditionsInput {
  pod: Pod;
  phase: Phase;
  /** Init containers and main containers, with `started` and `ready` set. */
  statuses: ContainerStatus[];
  /** The Pod has a sandbox with a network that containers can be started in. */
  hasSandbox: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The Pod's conditions, those of others included, with the times at which each last changed (`pkg/kubelet/status/generate.go`). */
export function podConditions(input: ConditionsInput): PodCondition[] {
  const { pod, hasSandbox, now } = input;
  const old = pod.status?.conditions ?? [];
  const others = old.filter(({ type }) => !OWN.includes(type));
  const ready = containersReady(input);
  const own: Condition[] = [
    { type: 'PodReadyToStartContainers', status: hasSandbox ? 'True' : 'False' },
    { type: 'Initialized', ...initialized(input) },
    { type: 'Ready', ...podReady(pod, ready, others) },
    { type: 'ContainersReady', ...ready },
    { type: 'PodScheduled', status: 'True' },
  ];
  return [...others, ...own.map((condition) => withTimes(condition, old, now))];
}

/** A condition with its times: `lastTransitionTime` moves only when `status` changes. */
export function withTimes(condition: Condition, old: PodCondition[], now: number): PodCondition {
  const before = old.find(({ type }) => type === condition.type);
  const changed = before?.status !== condition.status;
  const { type, status, reason, message } = condition;
  return {
    // The API writes this field even when it is empty, and kubectl's users see it.
    lastProbeTime: null as unknown as undefined,
    lastTransitionTime: (!changed && before?.lastTransitionTime) || formatTime(new Date(now)),
    ...(message !== undefined && { message }),
    ...(reason !== undefined && { reason }),
    status,
    type,
  } as PodCondition;
}

/** Once a main container has started it stays True, whatever becomes of the sidecars. */
function initialized({ pod, phase, statuses }: ConditionsInput): Verdict {
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of initContainers(pod)) {
    const status = statuses.find(({ name }) => name === container.name);
    const isDone = isSidecar(container) ? status?.started : status?.ready;
    if (!status) unknown.push(container.name);
    else if (!isDone) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  if (anyMainStarted(pod, statuses)) return { status: 'True' };
  const message = listed({ unknown, incomplete });
  return message === '' ? { status: 'True' } : { status: 'False', reason: 'ContainersNotInitialized', message };
}

/** Sidecars count like main containers. */
function containersReady({ pod, phase, statuses }: ConditionsInput): Verdict {
  const counted = [...initContainers(pod).filter(isSidecar), ...mainContainers(pod)].map(({ name }) => name);
  const unknown = counted.filter((name) => !statuses.some((status) => status.name === name));
  const unready = statuses.filter(({ name, ready }) => counted.includes(name) && !ready).map(({ name }) => name);
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const ordered = counted.filter((name) => unready.includes(name));
  const message = listed({ unknown, unready: ordered });
  return message === '' ? { status: 'True' } : { status: 'False', reason: 'ContainersNotReady', message };
}

function podReady({ spec }: Pod, containers: Verdict, others: PodCondition[]): Verdict {
  if (containers.status !== 'True') return containers;
  const complaints = (spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = others.find(({ type }) => type === conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (complaints.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: complaints.join(', ') };
}

function listed(groups: Record<string, string[]>): string {
  return Object.entries(groups)
    .filter(([, names]) => names.length > 0)
    .map(([state, names]) => `containers with ${state} status: [${names.join(' ')}]`)
    .join(', ');
}
