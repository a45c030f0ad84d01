import type { Namespace, Node, PersistentVolumeClaim, PodTemplate, Secret } from '../generated/objects.ts';
import type { KubeObject } from '../object.ts';
import { canonicalQuantity } from '../quantity.ts';
import type { Resource } from '../resources.ts';
import { defaultPod, defaultPodSpec } from './pod-spec.ts';

/**
 * A copy of a decoded object with everything that the API fills in by itself (`pkg/apis/core/v1/defaults.go` and the conversions around it).
 * What admission adds is not here: see `admitPod`. Idempotent.
 */
export function withDefaults<T extends KubeObject>(resource: Pick<Resource, 'group' | 'resource'>, object: T): T {
  const copy = structuredClone(object);
  const fill = resource.group === '' ? FILLERS[resource.resource] : undefined;
  fill?.(copy as never);
  return copy;
}

const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';

const FILLERS: Record<string, (object: never) => void> = {
  pods: defaultPod,
  podtemplates: ({ template }: PodTemplate) => {
    if (template?.spec) defaultPodSpec(template.spec);
  },
  namespaces: defaultNamespace,
  nodes: defaultNode,
  secrets: defaultSecret,
  persistentvolumeclaims: defaultClaim,
};

function defaultNamespace(namespace: Namespace): void {
  const name = namespace.metadata?.name;
  if (name)
    namespace.metadata = { ...namespace.metadata, labels: { ...namespace.metadata?.labels, [NAMESPACE_LABEL]: name } };
  namespace.spec ??= {};
  namespace.status = { ...namespace.status, phase: namespace.status?.phase || 'Active' };
}

function defaultNode({ status }: Node): void {
  if (status?.capacity) status.allocatable ??= { ...status.capacity };
}

/** `stringData` is for writing only: it becomes `data` and is gone. */
function defaultSecret(secret: Secret): void {
  secret.type ||= 'Opaque';
  if (secret.stringData === undefined) return;
  const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, base64(text)]);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

function defaultClaim(claim: PersistentVolumeClaim): void {
  claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
  if (claim.spec === undefined) return;
  claim.spec.volumeMode ??= 'Filesystem';
  for (const amounts of [claim.spec.resources?.limits, claim.spec.resources?.requests])
    for (const [name, amount] of Object.entries(amounts ?? {})) if (amounts) amounts[name] = canonicalQuantity(amount);
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
