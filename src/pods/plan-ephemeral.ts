import type { EphemeralContainer, Pod } from '../kube/generated/objects.ts';
import { newest, type ObservedContainer } from './observed.ts';
import { ephemeralContainers } from './pod-spec.ts';

/**
 * The ephemeral containers that were never started (`computePodActions`): each is started once, also before the Pod is initialized, and never again
 * after it has ended. The status remembers those that the runtime has lost.
 */
export function planEphemeral(pod: Pod, containers: ObservedContainer[]): EphemeralContainer[] {
  const told = pod.status?.ephemeralContainerStatuses ?? [];
  return ephemeralContainers(pod).filter(({ name }) => {
    const last = newest(containers, name);
    // Made, and then the node was killed: its process has never been.
    if (last) return last.state === 'CREATED';
    return !told.some((status) => status.name === name && (status.containerID || status.state?.terminated));
  });
}
