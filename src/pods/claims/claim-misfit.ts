import type { PersistentVolumeClaim, Pod } from '../../kube/generated/objects.ts';
import type { Misfit } from '../fit.ts';
import { isTerminal, podUid } from '../pod-spec.ts';
import { type ClaimUse, claimUses, isBound, isOwnedBy, notOwned } from './claim.ts';

/**
 * Why a Pod's claims keep it from being bound to the node, in the words of the scheduler's plugins VolumeBinding and VolumeRestrictions; undefined
 * means they do not. `find` gives a claim of the Pod's namespace.
 */
export function claimMisfit(
  pod: Pod,
  find: (name: string) => PersistentVolumeClaim | undefined,
  pods: Pod[],
): Misfit | undefined {
  const uses = claimUses(pod);
  const whole = uses.map((use) => obstacle(use, find(use.claim), pod)).find((text) => text !== undefined);
  if (whole !== undefined) return { reasons: [], whole, helpless: true };
  if (uses.some(({ claim }) => !isReady(find(claim))))
    return { reasons: [], whole: 'pod has unbound immediate PersistentVolumeClaims', helpless: true };
  const exclusive = uses.filter(({ claim }) => find(claim)?.spec?.accessModes?.includes('ReadWriteOncePod'));
  const others = pods.filter((other) => isRival(other, pod)).flatMap(claimUses);
  return exclusive.some(({ claim }) => others.some((other) => other.claim === claim)) ? TAKEN : undefined;
}

const TAKEN: Misfit = {
  reasons: ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'],
  helpless: false,
};

function obstacle(
  { claim: name, isEphemeral }: ClaimUse,
  claim: PersistentVolumeClaim | undefined,
  pod: Pod,
): string | undefined {
  if (!claim && isEphemeral)
    return `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
  if (!claim) return `persistentvolumeclaim "${name}" not found`;
  const { metadata, spec, status } = claim;
  if (status?.phase === 'Lost')
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${spec?.volumeName}"`;
  if (metadata?.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
  return isEphemeral && !isOwnedBy(claim, pod) ? notOwned(claim, pod) : undefined;
}

function isReady(claim: PersistentVolumeClaim | undefined): boolean {
  return claim !== undefined && isBound(claim);
}

function isRival(other: Pod, pod: Pod): boolean {
  const isHere = other.spec?.nodeName !== undefined && other.metadata?.namespace === pod.metadata?.namespace;
  return isHere && podUid(other) !== podUid(pod) && !isTerminal(other);
}
