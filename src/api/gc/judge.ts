import type { OwnerReference } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

/** What is known of an owner that an object names. */
export type OwnerState =
  /** It is there, or its kind is not served, so that nobody can tell. */
  | 'there'
  /** It waits for the objects that it owns. */
  | 'waiting'
  | 'gone';

/** What becomes of an object because of its owners. */
export type Verdict =
  | { action: 'keep' }
  /** Some owners stay: the object loses those that do not. `uids` are of these. */
  | { action: 'release'; uids: readonly string[] }
  | { action: 'delete'; policy: 'Foreground' | 'Background' | 'Orphan' };

/**
 * Decides about an object that has owners (kube-controller-manager `garbagecollector.go`, attemptToDeleteItem).
 * @param owns whether it is itself an owner
 */
export function judge(object: KubeObject, stateOf: (owner: OwnerReference) => OwnerState, owns: boolean): Verdict {
  const { ownerReferences: owners = [], deletionTimestamp, finalizers = [] } = object.metadata;
  if (owners.length === 0 || deletionTimestamp !== undefined) return { action: 'keep' };
  const states = owners.map((owner) => ({ uid: owner.uid, state: stateOf(owner) }));
  const leaving = states.filter(({ state }) => state !== 'there').map(({ uid }) => uid);
  if (leaving.length === 0) return { action: 'keep' };
  if (leaving.length < owners.length) return { action: 'release', uids: leaving };
  if (owns && states.some(({ state }) => state === 'waiting')) return { action: 'delete', policy: 'Foreground' };
  if (finalizers.includes(ORPHAN)) return { action: 'delete', policy: 'Orphan' };
  return { action: 'delete', policy: finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background' };
}

/** An object's finalizers under a propagation policy (apiserver `registry/generic/registry/store.go`). */
export function finalizersUnder(policy: string | undefined, finalizers: readonly string[] = []): string[] {
  if (policy === undefined) return [...finalizers];
  const others = finalizers.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
  if (policy === 'Foreground') return [...others, FOREGROUND];
  return policy === 'Orphan' ? [...others, ORPHAN] : others;
}

/** What a deleted owner waits for: its objects to go, or to be let go. */
export function waitsFor({ metadata }: KubeObject): typeof FOREGROUND | typeof ORPHAN | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return [ORPHAN, FOREGROUND].find((finalizer) => metadata.finalizers?.includes(finalizer)) as
    | typeof FOREGROUND
    | typeof ORPHAN
    | undefined;
}
