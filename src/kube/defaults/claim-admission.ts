import type { PersistentVolumeClaim } from '../generated/objects.ts';

/** Keeps a claim from going while a Pod uses it (admission plugin StorageObjectInUseProtection). */
export const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';

/** A copy of a new claim with what the default admission plugins of a cluster add. There are no storage classes, so none is the default. */
export function admitClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const finalizers = claim.metadata?.finalizers ?? [];
  if (finalizers.includes(CLAIM_PROTECTION)) return claim;
  return { ...claim, metadata: { ...claim.metadata, finalizers: [...finalizers, CLAIM_PROTECTION] } };
}
