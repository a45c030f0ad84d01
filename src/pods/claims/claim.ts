import { admitClaim, CLAIM_PROTECTION } from '../../kube/defaults/claim-admission.ts';
import { withDefaults } from '../../kube/defaults/defaults.ts';
import type { PersistentVolumeClaim, Pod, Volume } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Key } from '../../store/store.ts';
import { podUid } from '../pod-spec.ts';

export const CLAIMS = { group: '', resource: 'persistentvolumeclaims' } as const;

/** A volume of a Pod that is a claim's, whether it names the claim or has one made for itself. */
export interface ClaimUse {
  /** Of the volume, in the Pod. */
  volume: string;
  claim: string;
  isEphemeral: boolean;
  readOnly: boolean;
}

/** Where a claim is in the store. */
export function claimKey({ metadata }: PersistentVolumeClaim): Key {
  return { ...CLAIMS, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

/** The name of a claim's volume, as provisioners of a cluster give it. */
export function volumeName({ metadata }: PersistentVolumeClaim): string {
  return `pvc-${metadata?.uid}`;
}

/** The claim has the volume that this node made for it. */
export function isBound(claim: PersistentVolumeClaim): boolean {
  return claim.spec?.volumeName === volumeName(claim);
}

/** The claims that the Pod's volumes stand for, in the manifest's order. */
export function claimUses({ metadata, spec }: Pod): ClaimUse[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }): ClaimUse[] => {
    if (persistentVolumeClaim) {
      const { claimName, readOnly = false } = persistentVolumeClaim;
      return [{ volume: name, claim: claimName, isEphemeral: false, readOnly }];
    }
    return ephemeral ? [{ volume: name, claim: `${metadata?.name}-${name}`, isEphemeral: true, readOnly: false }] : [];
  });
}

/** The claim was made for this Pod's own ephemeral volume, and goes with the Pod. */
export function isOwnedBy({ metadata }: PersistentVolumeClaim, pod: Pod): boolean {
  return (metadata?.ownerReferences ?? []).some(({ uid, controller }) => controller === true && uid === podUid(pod));
}

/**
 * The claim of a generic ephemeral volume as the controller of a cluster makes it (`pkg/controller/volume/ephemeral`): `<pod>-<volume>`, owned by the Pod.
 * `now` as metav1.Time.
 */
export function ephemeralClaim(pod: Pod, volume: Volume, { uid, now }: { uid: string; now: string }): KubeObject {
  const { metadata, spec } = volume.ephemeral?.volumeClaimTemplate ?? { spec: {} };
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const owner = { apiVersion: 'v1', kind: 'Pod', name, uid: podUid(pod), controller: true, blockOwnerDeletion: true };
  const claim: PersistentVolumeClaim = {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    metadata: {
      name: `${name}-${volume.name}`,
      namespace,
      uid,
      creationTimestamp: now,
      ...(metadata?.labels && { labels: metadata.labels }),
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ownerReferences: [owner],
    },
    spec,
    status: { phase: 'Pending' },
  };
  return withDefaults(CLAIMS, admitClaim(claim) as KubeObject);
}

/**
 * Whether the claim may not go because of this Pod (`pkg/controller/volume/pvcprotection`): Pods that no node has do not count, and Pods that have
 * ended do until they are deleted.
 */
export function keepsClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec?.nodeName || pod.metadata?.namespace !== claim.metadata?.namespace) return false;
  return claimUses(pod).some(
    (use) => use.claim === claim.metadata?.name && (!use.isEphemeral || (!isShutDown(pod) && isOwnedBy(claim, pod))),
  );
}

function isShutDown({ metadata }: Pod): boolean {
  return metadata?.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}

/** Pods can use the claim's volume. */
export function isUsable(claim: PersistentVolumeClaim): boolean {
  return isBound(claim) && claim.status?.phase === 'Bound';
}

/** Why an ephemeral volume cannot have the claim of its name (`component-helpers/storage/ephemeral`). */
export function notOwned({ metadata }: PersistentVolumeClaim, pod: Pod): string {
  const { namespace, name } = pod.metadata ?? {};
  return `PVC ${metadata?.namespace}/${metadata?.name} was not created for pod ${namespace}/${name} (pod is not owner)`;
}

/** The claim with its volume, whose size is what the claim asks for. */
export function withVolume(claim: PersistentVolumeClaim, phase: 'Bound' | 'Lost'): PersistentVolumeClaim {
  const storage = claim.spec?.resources?.requests?.storage;
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata?.annotations, ...BOUND } },
    spec: { ...claim.spec, volumeName: volumeName(claim) },
    status: {
      ...claim.status,
      phase,
      accessModes: claim.spec?.accessModes ?? [],
      ...(storage !== undefined && { capacity: { storage } }),
    },
  };
}

/** As a cluster's binder and provisioner mark a claim. */
const BOUND = {
  'pv.kubernetes.io/bind-completed': 'yes',
  'pv.kubernetes.io/bound-by-controller': 'yes',
  'volume.kubernetes.io/storage-provisioner': 'outfit.dev/local-directory',
};

/** The claim without the finalizer that kept it while Pods used it. */
export function unprotected(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { finalizers = [], ...metadata } = claim.metadata ?? {};
  const others = finalizers.filter((finalizer) => finalizer !== CLAIM_PROTECTION);
  return { ...claim, metadata: { ...metadata, ...(others.length > 0 && { finalizers: others }) } };
}
