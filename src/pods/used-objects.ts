import type { Pod } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { claimUses } from './claims/claim.ts';
import { allContainers } from './pod-spec.ts';

/** The kinds of objects that containers get their environment and files from, or wait for. */
export const SOURCE_RESOURCES = ['configmaps', 'secrets', 'persistentvolumeclaims'] as const;

export type SourceResource = (typeof SOURCE_RESOURCES)[number];

/** Whether a container or a volume of the Pod takes something from this object of its namespace. */
export function usesObject(pod: Pod, resource: SourceResource, { metadata }: KubeObject): boolean {
  if (metadata?.namespace !== pod.metadata?.namespace) return false;
  return names(pod, resource).includes(metadata?.name);
}

function names(pod: Pod, resource: SourceResource): (string | undefined)[] {
  return NAMES[resource](pod);
}

const NAMES: Record<SourceResource, (pod: Pod) => (string | undefined)[]> = {
  configmaps: configMapNames,
  secrets: secretNames,
  persistentvolumeclaims: (pod) => claimUses(pod).map(({ claim }) => claim),
};

function configMapNames(pod: Pod): (string | undefined)[] {
  return [
    ...(pod.spec?.volumes ?? []).map(({ configMap }) => configMap?.name),
    ...projections(pod).map(({ configMap }) => configMap?.name),
    ...envFrom(pod).map(({ configMapRef }) => configMapRef?.name),
    ...env(pod).map((valueFrom) => valueFrom?.configMapKeyRef?.name),
  ];
}

function secretNames(pod: Pod): (string | undefined)[] {
  return [
    ...(pod.spec?.volumes ?? []).map(({ secret }) => secret?.secretName),
    ...projections(pod).map(({ secret }) => secret?.name),
    ...envFrom(pod).map(({ secretRef }) => secretRef?.name),
    ...env(pod).map((valueFrom) => valueFrom?.secretKeyRef?.name),
  ];
}

function projections({ spec }: Pod) {
  return (spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
}

function envFrom(pod: Pod) {
  return allContainers(pod).flatMap((container) => container.envFrom ?? []);
}

function env(pod: Pod) {
  return allContainers(pod).flatMap((container) => (container.env ?? []).map(({ valueFrom }) => valueFrom));
}
