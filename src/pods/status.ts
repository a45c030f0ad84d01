import type { ContainerStateWaiting, ContainerStatus, Pod, PodStatus } from '../kube/generated/objects.ts';
import { qosClass } from '../kube/qos.ts';
import { formatTime } from '../kube/time.ts';
import { podConditions } from './conditions.ts';
import { containerStatuses, ephemeralStatuses } from './container-status.ts';
import { finalContainerStatuses } from './final-status.ts';
import type { Health } from './health.ts';
import { isAlive, type Observed } from './observed.ts';
import { type Phase, podPhase } from './phase.ts';
import { currentSandbox } from './plan.ts';
import { isRejected, type PodFailure } from './pod-failure.ts';
import { initContainers, isTerminal, mainContainers } from './pod-spec.ts';
import type { RuntimeAbilities } from './runtime-abilities.ts';

export interface StatusInput {
  /** With the status it had: parts of it stay, and a terminal phase never goes back. */
  pod: Pod;
  observed: Observed;
  health: Health;
  waiting: ReadonlyMap<string, ContainerStateWaiting>;
  /** Addresses of this machine, the first one first. */
  hostIPs: string[];
  /** Default: what every runtime can. */
  runtime?: Pick<RuntimeAbilities, 'recursiveReadOnly'>;
  /** Milliseconds since the epoch. */
  now: number;
  /** Nothing of the Pod runs or will run: the phase is Succeeded or Failed from now on. */
  ended?: boolean;
  /** The Pod has Failed for a reason of its own, whatever its containers say (activeDeadlineSeconds). */
  failure?: Pick<PodFailure, 'reason' | 'message' | 'isRejection'>;
}

/** The whole status of a Pod, computed from facts (`generateAPIPodStatus`; kubelet-behaviour §3.1 to §3.3). Pure. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, observed, now, hostIPs, failure, ended = false } = input;
  const old = pod.status ?? {};
  if (isRejected(pod)) return old;
  if (failure?.isRejection) return rejectedStatus(input, failure);
  const init = containerStatuses(initContainers(pod), input);
  const mains = containerStatuses(mainContainers(pod), input);
  const known = ended || isTerminal(pod) ? finalContainerStatuses(pod, init, mains) : { init, mains };
  const computed = phaseOf(input, [...known.init, ...known.mains]);
  const phase = isEnd(computed) && !ended && observed.containers.some(isAlive) ? beforeTheEnd(old.phase) : computed;
  const final = isEnd(phase) ? finalContainerStatuses(pod, known.init, known.mains) : known;
  const ephemeral = ephemeralStatuses(input);
  const ips = podIPs(input);
  const statuses = [...final.init, ...final.mains];
  const hasSandbox = currentSandbox(pod, observed) !== undefined;
  const { reason, message } = failure && isEnd(phase) ? failure : old;
  return {
    ...old,
    conditions: podConditions({ pod, phase: computed, statuses, hasSandbox, now }),
    containerStatuses: byName(final.mains),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    hostIP: hostIPs[0] ?? '',
    hostIPs: hostIPs.map((ip) => ({ ip })),
    ...(final.init.length > 0 && { initContainerStatuses: final.init }),
    ...(message !== undefined && { message }),
    phase,
    ...(ips.length > 0 && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    qosClass: old.qosClass ?? qosClass(pod),
    ...(reason !== undefined && { reason }),
    startTime: old.startTime ?? formatTime(new Date(now)),
  };
}

/** As the kubelet writes them, and kubectl's STATUS column depends on it; those of init containers have the order of the manifest. */
function byName(statuses: ContainerStatus[]): ContainerStatus[] {
  return statuses.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of a Pod that the node did not let in there is nothing more to tell. */
function rejectedStatus(
  { pod, now }: StatusInput,
  { reason, message }: { reason: string; message: string },
): PodStatus {
  const { qosClass: quality = qosClass(pod), startTime = formatTime(new Date(now)), ...old } = pod.status ?? {};
  return { ...old, message, phase: 'Failed', qosClass: quality, reason, startTime };
}

function isEnd(phase: string): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/**
 * The phase that a Pod keeps while something of it may still run: others take what a Pod that has Failed or Succeeded held for free
 * (`mergePodStatus` in the kubelet's status manager). Its conditions say already what it will be.
 */
function beforeTheEnd(phase: string | undefined): string {
  return phase ?? 'Pending';
}

function phaseOf({ pod, ended = false, failure }: StatusInput, statuses: ContainerStatus[]): Phase {
  if (isTerminal(pod)) return pod.status?.phase as Phase;
  if (failure) return 'Failed';
  // The kubelet asks its probes after it has made up the phase, so no sidecar counts as started here. Seen from outside: beside a
  // running sidecar a main container in CrashLoopBackOff makes the Pod Pending (kubelet-behaviour, surprise 2).
  return podPhase(
    pod,
    statuses.map(({ started: _, ...status }) => status),
    ended,
  );
}

/** The sandbox's addresses; a Pod that has lost its sandbox keeps those it had. */
function podIPs({ pod, observed, hostIPs }: StatusInput): string[] {
  if (pod.spec?.hostNetwork) return hostIPs;
  const current = observed.sandboxes[0]?.ips ?? [];
  return current.length > 0 ? current : (pod.status?.podIPs ?? []).map(({ ip }) => ip);
}
