import type { Pod } from '../kube/generated/objects.ts';
import type { ObservedContainer } from './observed.ts';
import { ephemeralContainers, initContainers, isSidecar } from './pod-spec.ts';

export interface Termination {
  container: ObservedContainer;
  /** Names of the containers that must have ended before this one gets its SIGTERM. */
  after: string[];
}

/**
 * Who waits for whom when a Pod ends (KEP-753; `kuberuntime_termination_order.go`): a sidecar gets its SIGTERM when all main containers
 * and the sidecar listed next after it have ended; so sidecars end in reverse order. For ephemeral containers nobody waits. Containers that do not run hold nobody up,
 * and are left out: give those that are `alive`.
 */
export function terminationOrder(pod: Pod, alive: ObservedContainer[]): Termination[] {
  const others = [...initContainers(pod), ...ephemeralContainers(pod)].map(({ name }) => name);
  const mains = alive.filter(({ name }) => !others.includes(name)).map(({ name }) => name);
  const sidecars = initContainers(pod)
    .filter((container) => isSidecar(container) && alive.some(({ name }) => name === container.name))
    .map(({ name }) => name);
  return alive.map((container) => {
    const place = sidecars.indexOf(container.name);
    if (place < 0) return { container, after: [] };
    return { container, after: [...mains, ...sidecars.slice(place + 1, place + 2)] };
  });
}
