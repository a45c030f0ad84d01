import type { Container, EphemeralContainer, Pod, PodSpec } from '../kube/generated/objects.ts';
import type { Key } from '../store/store.ts';

/** Seconds; what the API server sets where the manifest says nothing (SetDefaults_PodSpec). */
const DEFAULT_GRACE_SECONDS = 30;

const NO_SPEC: PodSpec = { containers: [] };

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** The container is an init container that keeps running beside the main containers (KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

export function mainContainers({ spec = NO_SPEC }: Pod): Container[] {
  return spec.containers;
}

export function initContainers({ spec = NO_SPEC }: Pod): Container[] {
  return spec.initContainers ?? [];
}

/** What `kubectl debug` has added: started once, and no part of the Pod's phase, readiness or restarts. */
export function ephemeralContainers({ spec = NO_SPEC }: Pod): EphemeralContainer[] {
  return spec.ephemeralContainers ?? [];
}

/** Those that make the Pod what it is: init containers first, in the order of the manifest. */
export function lastingContainers(pod: Pod): Container[] {
  return [...initContainers(pod), ...mainContainers(pod)];
}

/** Init containers, main containers, ephemeral containers. */
export function allContainers(pod: Pod): Container[] {
  return [...lastingContainers(pod), ...ephemeralContainers(pod)];
}

/** Restart policy of the Pod; sidecars restart whatever it says. */
export function restartPolicy({ spec }: Pod): RestartPolicy {
  const policy = spec?.restartPolicy;
  return policy === 'OnFailure' || policy === 'Never' ? policy : 'Always';
}

/** Seconds that the Pod's containers have between SIGTERM and SIGKILL: those of the deletion under way, else the manifest's. */
export function gracePeriod({ metadata, spec }: Pod): number {
  return metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
}

export function isDeleted({ metadata }: Pod): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** The Pod has Succeeded or Failed: nothing of it will ever run again. */
export function isTerminal({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export function podUid({ metadata }: Pod): string {
  return metadata?.uid ?? '';
}

/** `name_namespace(uid)`: how the kubelet writes a Pod in messages. */
export function podWords({ metadata }: Pod): string {
  return `${metadata?.name}_${metadata?.namespace}(${metadata?.uid})`;
}

/** Where the Pod is in the store. */
export function podKey({ metadata }: Pod): Key {
  return { group: '', resource: 'pods', namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

/** The `involvedObject.fieldPath` of events about a container: `spec.containers{web}`. */
export function fieldPath(pod: Pod, name: string): string {
  const isNamed = (container: Container) => container.name === name;
  if (initContainers(pod).some(isNamed)) return `spec.initContainers{${name}}`;
  return `spec.${ephemeralContainers(pod).some(isNamed) ? 'ephemeralContainers' : 'containers'}{${name}}`;
}
