import type { RuntimeEvent } from '../cri/runtime.ts';
import type { Pod } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { containerHash } from './hash.ts';
import { evicted } from './pod-failure.ts';
import { isDeleted, lastingContainers, podUid } from './pod-spec.ts';
import { names, PodSync, type SyncResult, type Wish } from './pod-sync.ts';
import { isUnavailable, type Tools } from './round.ts';
import { type SourceResource, usesObject } from './used-objects.ts';
import { INTERVALS } from './waits.ts';

export interface WorkerOptions {
  /** The Pod is new: the runtime has nothing of it. */
  isFresh?: boolean;
  /** The Pod has no object any more: it is to vanish from the beginning. */
  isOrphan?: boolean;
  /** Told the id of every sandbox and container of the Pod. */
  made(id: string): void;
}

/** Rounds in a row that may fail while the node stops; then the Pod is left as it is. */
const MAX_FAILURES_WHEN_STOPPING = 3;

const WISHES: readonly Wish[] = ['live', 'stop', 'vanish'];

/**
 * Works for one Pod, one round after the other (the kubelet's `pod_workers.go`). The latest update wins; a wish to kill is never taken
 * back, only made stronger; what changes the Pod's fate gives up the round under way. Woken by updates, by the runtime's events and by the
 * time its last round named; failed rounds are repeated at growing intervals.
 */
export class PodWorker {
  readonly uid: string;
  /** Resolves when nothing is left to do, or after `close`. */
  readonly done: Promise<void>;

  readonly #tools: Tools;
  readonly #sync: PodSync;
  readonly #hurry = new AbortController();
  #pod: Pod;
  #wish: Wish = 'live';
  #round = new AbortController();
  /** Something came up since the round began. */
  #isDirty = false;
  /** What came up was the user's or the node's doing: it ends any waiting. */
  #isUrgent = false;
  #isDeaf = false;
  #isClosed = false;
  #failures = 0;
  #wakeUp: () => void = () => {};

  constructor(pod: Pod, tools: Tools, { isFresh = false, isOrphan = false, made }: WorkerOptions) {
    this.uid = podUid(pod);
    this.#pod = pod;
    this.#tools = tools;
    this.#sync = new PodSync(tools, this.uid, { isFresh, made });
    if (isOrphan) this.vanish();
    this.done = this.#run();
  }

  /** The Pod's object was changed. Older states than the one known are ignored. */
  update(pod: Pod): void {
    const before = this.#pod;
    if (revision(pod) <= revision(before)) return;
    this.#pod = pod;
    if (interest(pod) === interest(before)) return;
    this.#sync.forgive();
    if (fate(pod) !== fate(before)) this.#round.abort(new Superseded());
    this.#urge();
  }

  /** The Pod's object is gone: nothing of the Pod may stay. */
  vanish(): void {
    this.#want('vanish');
    this.#hurry.abort();
  }

  /** The node stops: the Pod's containers end by their grace period, and nothing is started any more. */
  stop(): void {
    this.#want('stop');
  }

  /** Look at the Pod again, for no special reason or for what the runtime reports. */
  wake(event?: RuntimeEvent): void {
    if (event) this.#sync.note(event);
    this.#isDirty = true;
    if (!this.#isDeaf) this.#wakeUp();
  }

  /** The Pod takes more than it may: it ends, and has Failed. */
  evict(message: string): void {
    if (this.#wish !== 'live') return;
    this.#sync.fail(this.#pod, evicted(message));
    this.#round.abort(new Superseded());
    this.#urge();
  }

  /** What probes say of the Pod's containers is another thing. */
  healthChanged(): void {
    this.#sync.refresh();
    this.wake();
  }

  /** A ConfigMap or Secret was made, changed or deleted. What failed for want of it may work now, and files made of it are made anew. */
  sourceChanged(resource: SourceResource, object: KubeObject): void {
    if (this.#wish !== 'live' || !usesObject(this.#pod, resource, object)) return;
    this.#sync.forgive();
    this.#urge();
  }

  /** Works no more; containers stay as they are. */
  close(): void {
    this.#isClosed = true;
    this.#round.abort(new Superseded());
    this.#urge();
  }

  #want(wish: Wish): void {
    if (WISHES.indexOf(wish) <= WISHES.indexOf(this.#wish)) return;
    this.#wish = wish;
    this.#round.abort(new Superseded());
    this.#urge();
  }

  #urge(): void {
    this.#isDirty = true;
    this.#isUrgent = true;
    this.#wakeUp();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#isDirty = false;
      this.#isUrgent = false;
      this.#isDeaf = false;
      this.#round = new AbortController();
      const { over, again, wakeAt } = await this.#oneRound();
      if (over) return;
      if (!again && !this.#isDirty && !this.#isClosed) await this.#sleep(wakeAt);
    }
  }

  async #oneRound(): Promise<SyncResult> {
    const { signal } = this.#round;
    try {
      const facts = { pod: this.#pod, wish: this.#wish, signal, hurry: this.#hurry.signal };
      const result = await this.#sync.round(facts);
      this.#failures = 0;
      if (result.written) this.update(result.written);
      return result;
    } catch (error) {
      if (signal.aborted && this.#isDirty) return { again: true };
      return this.#afterFailure(error);
    }
  }

  #afterFailure(error: unknown): SyncResult {
    this.#failures += 1;
    const { log, clock } = this.#tools;
    const { runtimeDown, failure } = INTERVALS;
    const growing = Math.min(failure.first * 2 ** (this.#failures - 1), failure.most);
    const wait = isUnavailable(error) ? runtimeDown : growing;
    log.warn({ ...names(this.#pod), wish: this.#wish, failures: this.#failures, err: error }, 'round of pod failed');
    if (this.#wish === 'stop' && this.#failures >= MAX_FAILURES_WHEN_STOPPING) return { over: true };
    // The runtime's events would only make it fail again sooner.
    this.#isDeaf = true;
    this.#isDirty = this.#isUrgent;
    return { wakeAt: clock.now() + wait };
  }

  async #sleep(until: number | undefined): Promise<void> {
    const { clock } = this.#tools;
    await new Promise<void>((resolve) => {
      const timer = until === undefined ? undefined : clock.setTimeout(resolve, Math.max(0, until - clock.now()));
      this.#wakeUp = () => {
        if (timer !== undefined) clock.clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = () => {};
  }
}

/** A round that was given up for a later one. */
class Superseded extends Error {
  override readonly name = 'Superseded';
}

function revision({ metadata }: Pod): number {
  return Number(metadata?.resourceVersion ?? 0);
}

/** The parts of a Pod's object that a round depends on. Its status is the loop's own work, but for the conditions of others. */
function interest({ metadata, spec, status }: Pod): string {
  const gates = (spec?.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const conditions = (status?.conditions ?? []).filter(({ type }) => gates.includes(type));
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers, labels, annotations } = metadata ?? {};
  return JSON.stringify([
    spec,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    finalizers,
    labels,
    annotations,
    conditions,
  ]);
}

/** The parts whose change makes a round under way pointless. */
function fate(pod: Pod): string {
  return JSON.stringify([isDeleted(pod), lastingContainers(pod).map(containerHash)]);
}
