import type { ContainerStatus, Pod } from '../kube/generated/objects.ts';
import { unknownEnd } from './container-status.ts';
import { initContainers, isSidecar } from './pod-spec.ts';

const NOT_LOCATED = 'The container could not be located when the pod was terminated';

/**
 * The container statuses of a Pod that has ended: every container that was begun has an end, if need be an unknown one
 * (`TerminatePod` and `initializedContainers` in the kubelet's status manager). What initialization never reached keeps waiting.
 */
export function finalContainerStatuses(
  pod: Pod,
  init: ContainerStatus[],
  mains: ContainerStatus[],
): { init: ContainerStatus[]; mains: ContainerStatus[] } {
  const lastBegun = init.findLastIndex(({ state, lastState }) => !state?.waiting || lastState?.terminated);
  // Without a trace of any init container the first one is taken to be lost.
  const begun = Math.max(lastBegun, 0);
  return {
    init: init.map((status, index) => (index <= begun ? ended(status) : status)),
    mains: wasInitialized(pod, init, mains) ? mains.map(ended) : mains,
  };
}

function ended(status: ContainerStatus): ContainerStatus {
  // A finished container tells one story: its last one.
  if (status.state?.terminated) return { ...status, lastState: {} };
  // The Pod is as good as ended, but this one has still to be stopped.
  if (status.state?.running) return status;
  return { ...status, ready: false, started: false, state: { terminated: unknownEnd(NOT_LOCATED) } };
}

function wasInitialized(pod: Pod, init: ContainerStatus[], mains: ContainerStatus[]): boolean {
  const last = initContainers(pod).at(-1);
  if (!last) return true;
  if (mains.some(({ state, lastState }) => !state?.waiting || lastState?.terminated)) return true;
  const status = init.find(({ name }) => name === last.name);
  if (isSidecar(last)) return status?.started === true;
  return [status?.state, status?.lastState].some((state) => state?.terminated?.exitCode === 0);
}
