import type { ContainerStatus, Pod } from '../kube/generated/objects.ts';
import { initContainers, isSidecar, mainContainers, restartPolicy } from './pod-spec.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** What a container counts as; `none` where it does not matter for the phase. */
type Count = 'pending' | 'failed' | 'unknown' | 'running' | 'waiting' | 'stopped' | 'succeeded' | 'none';

/**
 * The Pod's phase from the states of all its containers (`getPhase` in the kubelet's kubelet_pods.go, v1.33; kubelet-behaviour §3.1).
 * `ended`: nothing of the Pod runs or will run; then only main containers count, also when a sidecar was last seen alive. Exit codes of
 * sidecars never count.
 */
export function podPhase(pod: Pod, statuses: ContainerStatus[], ended: boolean): Phase {
  const find = (name: string) => statuses.find((status) => status.name === name);
  const init = initContainers(pod);
  const regular = init.filter((container) => !isSidecar(container)).map(({ name }) => countRegular(find(name)));
  const sidecarStatuses = init.filter(isSidecar).map(({ name }) => find(name));
  const sidecars = sidecarStatuses.map(countSidecar);
  const mains = mainContainers(pod).map(({ name }) => countMain(find(name)));

  if (ended) return outcomeOf(mains);
  if (regular.includes('failed') && restartPolicy(pod) === 'Never') return 'Failed';
  if (regular.includes('pending')) return 'Pending';
  if (sidecarStatuses.some(isSidecarPending) && !anyMainStarted(pod, statuses)) return 'Pending';
  const all = [...sidecars, ...mains];
  if (all.includes('waiting')) return 'Pending';
  if (all.includes('unknown')) return 'Pending';
  if (all.includes('running')) return 'Running';
  return stoppedPhase(pod, mains);
}

/** Some main container runs or has ended, and is not waiting to be started again. */
export function anyMainStarted(pod: Pod, statuses: ContainerStatus[]): boolean {
  const names = new Set(mainContainers(pod).map(({ name }) => name));
  return statuses.some(({ name, state }) => names.has(name) && (state?.running ?? state?.terminated) !== undefined);
}

function countRegular(status: ContainerStatus | undefined): Count {
  const { state = {}, lastState } = status ?? {};
  const end = state.terminated ?? (state.waiting && lastState?.terminated);
  if (!end) return 'pending';
  return end.exitCode === 0 ? 'none' : 'failed';
}

function countSidecar(status: ContainerStatus | undefined): Count {
  const { state = {}, lastState } = status ?? {};
  if (state.running) return 'running';
  if (state.terminated) return 'none';
  if (state.waiting) return lastState?.terminated ? 'none' : 'waiting';
  return 'unknown';
}

function isSidecarPending(status: ContainerStatus | undefined): boolean {
  if (!status) return false;
  const { state = {}, lastState, started } = status;
  if (state.running) return !started;
  if (state.terminated) return false;
  return !(state.waiting && lastState?.terminated);
}

/** A container that waits for its restart counts as stopped, not as waiting. */
function countMain(status: ContainerStatus | undefined): Count {
  const { state = {}, lastState } = status ?? {};
  if (state.running) return 'running';
  if (state.terminated) return state.terminated.exitCode === 0 ? 'succeeded' : 'stopped';
  if (state.waiting) return lastState?.terminated ? 'stopped' : 'waiting';
  return 'unknown';
}

function stoppedPhase(pod: Pod, mains: Count[]): Phase {
  if (mains.length === 0) return 'Pending';
  const policy = restartPolicy(pod);
  if (policy === 'Always') return 'Running';
  const outcome = outcomeOf(mains);
  return outcome === 'Failed' && policy === 'OnFailure' ? 'Running' : outcome;
}

function outcomeOf(mains: Count[]): Phase {
  return mains.length > 0 && mains.every((count) => count === 'succeeded') ? 'Succeeded' : 'Failed';
}
