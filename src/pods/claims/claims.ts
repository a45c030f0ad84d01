import type { Logger } from 'pino';
import type { PersistentVolumeClaim, Pod } from '../../kube/generated/objects.ts';
import type { Collection, Store, StoreEvent } from '../../store/store.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Misfit } from '../fit.ts';
import { followCollection } from '../follow.ts';
import type { PodPaths } from '../paths.ts';
import { type Mounts, systemMounts } from '../volumes/mounts.ts';
import { CLAIMS, claimKey, claimUses, isOwnedBy, isUsable, notOwned } from './claim.ts';
import { ClaimDirectories } from './claim-directories.ts';
import { claimMisfit } from './claim-misfit.ts';
import { type ClaimEvents, ClaimSteps } from './claim-steps.ts';

export interface ClaimsOptions {
  store: Store;
  paths: PodPaths;
  /** Of component persistentvolume-controller. */
  events: ClaimEvents;
  log: Logger;
  clock?: Clock;
  mounts?: Mounts;
  uid?: () => string;
}

const PODS = { group: '', resource: 'pods' } as const;
/** What failed is tried again after this time. Milliseconds. */
const RETRY = 15_000;

/**
 * Gives each PersistentVolumeClaim a directory of this machine, makes the claims of ephemeral volumes, and takes claims away when they are deleted and
 * no Pod uses them: what in a cluster the binder, a provisioner, the controllers of protection and of ephemeral volumes and the garbage collector do.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #clock: Clock;
  readonly #directories: ClaimDirectories;
  readonly #steps: ClaimSteps;
  readonly #running = new AbortController();
  readonly #background: Promise<void>[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #sweeping: Promise<void> = Promise.resolve();
  #retry: unknown;

  constructor(options: ClaimsOptions) {
    const { store, events, paths, clock = systemClock, mounts = systemMounts() } = options;
    const { uid = () => crypto.randomUUID() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#directories = new ClaimDirectories(paths, mounts);
    this.#steps = new ClaimSteps({ store, events, clock, uid, directories: this.#directories });
  }

  /** Takes up what is there and goes on in the background. */
  async start(): Promise<void> {
    const { store, log } = this.#options;
    const { items, revision } = store.list(CLAIMS);
    for (const directory of await this.#directories.strangers(items as PersistentVolumeClaim[]))
      log.warn({ directory }, 'this directory belongs to no claim: it is kept');
    await this.#inTurn(() => this.#everything());
    this.#background.push(this.#follow(CLAIMS, revision, (event) => this.#onClaim(event)));
    this.#background.push(this.#follow(PODS, revision, (event) => this.#onPod(event)));
  }

  /** Resolves when nothing is written any more. Idempotent. */
  async stop(): Promise<void> {
    this.#running.abort();
    this.#clock.clearTimeout(this.#retry);
    await Promise.allSettled([...this.#background, this.#queue]);
  }

  /**
   * Makes the claims of a Pod without node ready as far as that is possible now.
   * @returns why the Pod must wait, in the scheduler's words
   */
  async misfit(pod: Pod): Promise<Misfit | undefined> {
    if (claimUses(pod).length === 0) return undefined;
    await this.#prepare(pod);
    const pods = this.#options.store.list(PODS).items as Pod[];
    return claimMisfit(pod, (name) => this.#find(pod, name), pods);
  }

  /**
   * The claim of a volume of a Pod that this node has.
   * @throws Error in the kubelet's words when the Pod must wait for it
   */
  async claimOf(pod: Pod, volume: string): Promise<PersistentVolumeClaim> {
    const use = claimUses(pod).find((one) => one.volume === volume);
    const { claim: name = '', isEphemeral = false } = use ?? {};
    const known = this.#find(pod, name);
    if (!known || !isUsable(known)) await this.#prepare(pod);
    const claim = this.#find(pod, name);
    if (!claim) throw new Error(`failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`);
    if (isEphemeral && !isOwnedBy(claim, pod)) throw new Error(notOwned(claim, pod));
    if (claim.metadata?.deletionTimestamp) throw new Error('PVC is being deleted');
    if (!isUsable(claim)) throw new Error('PVC is not bound');
    return claim;
  }

  async #prepare(pod: Pod): Promise<void> {
    await this.#inTurn(() => this.#tried(pod, () => this.#steps.prepare(pod)));
  }

  async #everything(): Promise<void> {
    for (const claim of this.#options.store.list(CLAIMS).items as PersistentVolumeClaim[]) await this.#sync(claim);
    this.#sweep();
  }

  #sync(claim: PersistentVolumeClaim): Promise<void> {
    return this.#tried(claim, () => this.#steps.sync(claimKey(claim)));
  }

  /** Beside the steps: to delete much takes long, and no Pod should wait for it. What a stop of the node breaks off is done at its next start. */
  #sweep(): void {
    this.#sweeping = this.#sweeping.then(() => this.#tried({}, () => this.#directories.sweep()));
  }

  #onClaim({ type, object }: StoreEvent): void {
    const claim = object as PersistentVolumeClaim;
    void this.#inTurn(async () => {
      if (type !== 'DELETED') return this.#sync(claim);
      await this.#tried(claim, () => this.#steps.gone(claim));
      this.#sweep();
    });
  }

  /** Claims that waited for the Pod's end, and those that were its own. */
  #onPod({ type, object }: StoreEvent): void {
    const pod = object as Pod;
    if (type !== 'DELETED') return;
    for (const { claim } of claimUses(pod)) {
      const found = this.#find(pod, claim);
      if (found) void this.#inTurn(() => this.#sync(found));
    }
  }

  async #tried({ metadata }: { metadata?: Pod['metadata'] }, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (this.#running.signal.aborted) return;
      const { namespace, name } = metadata ?? {};
      this.#options.log.warn({ err: error, namespace, name }, 'claims: a step failed');
      this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#clock.clearTimeout(this.#retry);
    this.#retry = this.#clock.setTimeout(() => void this.#inTurn(() => this.#everything()), RETRY);
  }

  /** Steps never overlap: what one has found is still true when it writes, but for what users do. */
  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(step);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #follow(collection: Collection, since: number, onEvent: (event: StoreEvent) => void): Promise<void> {
    const { store, log } = this.#options;
    await followCollection(store, collection, {
      since,
      signal: this.#running.signal,
      onEvent,
      onList: () => void this.#inTurn(() => this.#everything()),
      onError: async (error) => {
        log.error({ err: error }, `watching ${collection.resource} failed`);
        await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, 1_000));
      },
    });
  }

  #find({ metadata }: Pod, name: string): PersistentVolumeClaim | undefined {
    const key = { ...CLAIMS, namespace: metadata?.namespace ?? '', name };
    return this.#options.store.get(key) as PersistentVolumeClaim | undefined;
  }
}
