import { StatusError } from '../../kube/errors.ts';
import type { PersistentVolumeClaim, Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { formatTime } from '../../kube/time.ts';
import type { Key, Store } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { podKey, podUid } from '../pod-spec.ts';
import type { PodEvent } from '../ports.ts';
import {
  CLAIMS,
  claimKey,
  claimUses,
  ephemeralClaim,
  isBound,
  isOwnedBy,
  isUsable,
  keepsClaim,
  unprotected,
  volumeName,
  withVolume,
} from './claim.ts';
import type { ClaimDirectories } from './claim-directories.ts';
import { claimObstacle } from './claim-rules.ts';

export interface ClaimEvents {
  event(claim: PersistentVolumeClaim, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface ClaimStepsOptions {
  store: Store;
  directories: ClaimDirectories;
  events: ClaimEvents;
  clock: Clock;
  uid: () => string;
}

/**
 * The steps of claims. They must not overlap: the caller sees to it. Nothing is remembered that matters: a claim's object and its directory say how far
 * it is.
 *
 *     Pending ── directory made ──▶ Bound ── directory gone by other hands ──▶ Lost
 *        └───────────── deleted and unused ──┴──▶ directory doomed, object gone, directory deleted
 */
export class ClaimSteps {
  readonly #options: ClaimStepsOptions;
  /** What was said of a claim that cannot be bound, by uid. */
  readonly #told = new Map<string, string>();

  constructor(options: ClaimStepsOptions) {
    this.#options = options;
  }

  /** Makes the missing claims of the Pod's ephemeral volumes, and gives those a volume that wait for one. */
  async prepare(pod: Pod): Promise<void> {
    const { store } = this.#options;
    const { namespace = '' } = pod.metadata ?? {};
    for (const { volume, claim: name, isEphemeral } of claimUses(pod)) {
      const key = { ...CLAIMS, namespace, name };
      const claim = store.get(key) as PersistentVolumeClaim | undefined;
      // An earlier Pod of the same name may have left its own.
      if (claim && (!isUsable(claim) || (isEphemeral && !isOwnedBy(claim, pod)))) await this.sync(key);
      if (!isEphemeral || store.get(key)) continue;
      await this.#makeEphemeral(pod, volume);
      await this.sync(key);
    }
  }

  /** Takes one claim as far as it goes now. @throws Error when the disk or the store fails */
  async sync(key: Key): Promise<void> {
    const claim = this.#options.store.get(key) as PersistentVolumeClaim | undefined;
    if (!claim) return;
    if (claim.metadata?.deletionTimestamp) await this.#release(claim);
    else if (this.#isOrphan(claim)) await this.#delete(claim);
    else if (isBound(claim)) await this.#keep(claim);
    else await this.#bind(claim);
  }

  /** The object is gone; its directory goes with the next sweep. */
  async gone(claim: PersistentVolumeClaim): Promise<void> {
    this.#told.delete(claim.metadata?.uid ?? '');
    await this.#options.directories.doom(claim);
  }

  async #makeEphemeral(pod: Pod, name: string): Promise<void> {
    const { store, uid } = this.#options;
    const current = store.get(podKey(pod)) as Pod | undefined;
    const volume = pod.spec?.volumes?.find((one) => one.name === name);
    // A Pod that goes must not get new claims.
    if (!volume || !current || podUid(current) !== podUid(pod) || current.metadata?.deletionTimestamp) return;
    const claim = ephemeralClaim(pod, volume, { uid: uid(), now: this.#now() });
    await store.create(claimKey(claim as PersistentVolumeClaim), claim).catch(unless('AlreadyExists'));
  }

  async #bind(claim: PersistentVolumeClaim): Promise<void> {
    const { directories, events } = this.#options;
    const obstacle = claimObstacle(claim);
    if (obstacle) return this.#tell(claim, obstacle);
    try {
      await directories.make(claim);
    } catch (error) {
      const message = `failed to provision volume: ${(error as Error).message}`;
      this.#tell(claim, { type: 'Warning', reason: 'ProvisioningFailed', message });
      throw error;
    }
    await this.#change(claim, (current) => withVolume(current, 'Bound'));
    this.#told.delete(claim.metadata?.uid ?? '');
    const message = `Successfully provisioned volume ${volumeName(claim)}`;
    events.event(claim, 'Normal', 'ProvisioningSucceeded', message);
  }

  /** A bound claim gets what it asks for later, too. A directory that is gone is not made anew: that would hide the loss. */
  async #keep(claim: PersistentVolumeClaim): Promise<void> {
    const phase = (await this.#options.directories.has(claim)) ? 'Bound' : 'Lost';
    await this.#change(claim, (current) => withVolume(current, phase));
    const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
    if (phase === 'Lost') this.#tell(claim, { type: 'Warning', reason: 'ClaimLost', message });
    else this.#told.delete(claim.metadata?.uid ?? '');
  }

  /** The last one to hold a deleted claim lets it go. */
  async #release(claim: PersistentVolumeClaim): Promise<void> {
    const { store, directories } = this.#options;
    if (this.#pods().some((pod) => keepsClaim(pod, claim))) return;
    if (unprotected(claim).metadata?.finalizers) return this.#change(claim, unprotected);
    await directories.doom(claim);
    await store.delete(claimKey(claim)).catch(unless('NotFound'));
  }

  async #delete(claim: PersistentVolumeClaim): Promise<void> {
    const deletion = { deletionTimestamp: this.#now(), deletionGracePeriodSeconds: 0 };
    await this.#change(claim, (current) => ({ ...current, metadata: { ...deletion, ...current.metadata } }));
    await this.#release(claim);
  }

  /** All its owners are Pods, and none of them is there: a cluster's garbage collector would take it. */
  #isOrphan({ metadata }: PersistentVolumeClaim): boolean {
    const owners = metadata?.ownerReferences ?? [];
    if (owners.length === 0) return false;
    const uids = new Set(this.#pods().map(podUid));
    return owners.every(({ apiVersion, kind, uid }) => apiVersion === 'v1' && kind === 'Pod' && !uids.has(uid));
  }

  async #change(
    claim: PersistentVolumeClaim,
    change: (current: PersistentVolumeClaim) => PersistentVolumeClaim,
  ): Promise<void> {
    const isSame = (current: KubeObject) => current.metadata.uid === claim.metadata?.uid;
    await this.#options.store
      .update(claimKey(claim), (current) =>
        isSame(current) ? (change(current as PersistentVolumeClaim) as KubeObject) : current,
      )
      .catch(unless('NotFound'));
  }

  /** Says it once, until it is another thing. */
  #tell(claim: PersistentVolumeClaim, { type, reason, message }: PodEvent): void {
    const uid = claim.metadata?.uid ?? '';
    if (this.#told.get(uid) === message) return;
    this.#told.set(uid, message);
    this.#options.events.event(claim, type, reason, message);
  }

  #pods(): Pod[] {
    return this.#options.store.list({ group: '', resource: 'pods' }).items as Pod[];
  }

  #now(): string {
    return formatTime(new Date(this.#options.clock.now()));
  }
}

/** Somebody else was faster, and that is as good. */
function unless(reason: 'AlreadyExists' | 'NotFound'): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof StatusError && error.reason === reason)) throw error;
  };
}
