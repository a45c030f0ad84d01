import type { RuntimeEvent } from '../cri/runtime.ts';
import type { Pod } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import type { StoreEvent } from '../store/store.ts';
import { followCollection } from './follow.ts';
import { podsInRuntime, podsLeftBehind } from './left-behind.ts';
import { type PodLoopOptions, toolsOf } from './loop-options.ts';
import { Owners } from './owners.ts';
import { isDeleted, isTerminal, podUid } from './pod-spec.ts';
import { names } from './pod-sync.ts';
import type { Tools } from './round.ts';
import { Scheduler } from './scheduler.ts';
import { TaintKeeper } from './taints/taint-keeper.ts';
import { SOURCE_RESOURCES, type SourceResource } from './used-objects.ts';
import { INTERVALS } from './waits.ts';
import { PodWorker } from './worker.ts';

const PODS = { group: '', resource: 'pods' } as const;
const NODES = { group: '', resource: 'nodes' } as const;
/** How long `stop` waits for calls under way. Milliseconds. */
const STOP_PATIENCE = 2_000;

/**
 * Runs the Pods of one node: a worker for each, fed by the store's changes and the runtime's events, with a full look each minute as a
 * back-up. Meets the API server only in the store. What it finds at its start, it takes up: running containers go on, what died is
 * noticed, what belongs to no Pod is removed.
 */
export class PodLoop {
  readonly #options: PodLoopOptions;
  readonly #tools: Tools;
  readonly #scheduler: Scheduler;
  readonly #taints: TaintKeeper;
  readonly #workers = new Map<string, PodWorker>();
  readonly #owners: Owners;
  readonly #running = new AbortController();
  readonly #background: Promise<void>[] = [];
  #resyncTimer: unknown;
  #resyncMs: number = INTERVALS.resync;
  #isDraining = false;

  constructor(options: PodLoopOptions) {
    this.#options = options;
    this.#tools = toolsOf(options, (uid) => this.#workers.get(uid)?.healthChanged());
    const { store, nodeName, schedulerEvents: events, log, claims } = options;
    const { clock } = this.#tools;
    this.#scheduler = new Scheduler({ store, nodeName, events, clock, log, ...(claims && { claims }) });
    this.#taints = new TaintKeeper({ store, nodeName, events: options.taintEvents, clock, log });
    this.#owners = new Owners((uid, event) => this.#workers.get(uid)?.wake(event));
  }

  /** Pods that are being worked for; for status and metrics. */
  get size(): number {
    return this.#workers.size;
  }

  /**
   * Takes up what is there and goes on in the background.
   * @throws RuntimeError when the runtime does not answer
   */
  async start(): Promise<void> {
    const { store, runtime, owner } = this.#options;
    const { signal } = this.#running;
    this.#background.push(this.#follow(runtime.events(signal)));
    const known = await podsInRuntime(runtime, owner);
    const { items, revision } = store.list(PODS);
    for (const pod of items as Pod[]) this.#take(pod, { isFresh: !known.has(podUid(pod)) });
    await this.#removeOrphans();
    this.#taints.nodeChanged();
    this.#background.push(this.#watchPods(revision), this.#watchNodes(revision));
    for (const resource of SOURCE_RESOURCES) this.#background.push(this.#watchSources(resource, revision));
    this.#resyncLater();
  }

  /** Ends the loop and leaves containers as they are: the next `start` takes them up. Idempotent. */
  async stop(): Promise<void> {
    this.#running.abort();
    this.#tools.clock.clearTimeout(this.#resyncTimer);
    this.#tools.health.close();
    this.#taints.close();
    for (const worker of this.#workers.values()) worker.close();
    const all = [...this.#background, ...[...this.#workers.values()].map(({ done }) => done)];
    await this.#atMost(STOP_PATIENCE, Promise.allSettled(all));
    this.#workers.clear();
  }

  /**
   * Stops every Pod's containers within its grace period, sidecars last, and their sandboxes; nothing is started any more. The objects stay, as when
   * a Kubernetes node is shut down and its kubelet has no graceful shutdown of its own: at the next start Pods begin anew in a new sandbox by their
   * restartPolicy (Always: all; OnFailure: what did not exit 0; Never: nothing, the Pod has ended), with restart counts going on. Pods that
   * are being deleted are deleted. Resolves when all have stopped; call `stop` then.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.stop();
    await Promise.allSettled(workers.map(({ done }) => done));
  }

  /** The Pod takes more of the machine than it may: it ends, and has Failed. */
  evict(uid: string, message: string): void {
    this.#workers.get(uid)?.evict(message);
  }

  #take(pod: Pod, { isFresh }: { isFresh: boolean }): void {
    const uid = podUid(pod);
    const worker = this.#workers.get(uid);
    if (worker) worker.update(pod);
    else if (this.#isOurs(pod)) this.#employ(pod, { isFresh });
    else if (!pod.spec?.nodeName && !this.#isDraining) void this.#scheduler.consider(pod);
    this.#taints.podChanged(pod);
    if (isTerminal(pod)) this.#scheduler.reconsider();
  }

  /**
   * Of this node, or being deleted and of a node that is not there (a wrong `nodeName`, or this node before it got another name). Nobody else would
   * end such a deletion; in a cluster the Pod garbage collector does (kube-controller-manager, `podgc`).
   */
  #isOurs(pod: Pod): boolean {
    const { store, nodeName } = this.#options;
    const name = pod.spec?.nodeName;
    if (name === nodeName) return true;
    return isDeleted(pod) && !!name && !store.get({ ...NODES, namespace: '', name });
  }

  #employ(pod: Pod, about: { isFresh?: boolean; isOrphan?: boolean }): void {
    if (this.#isDraining || this.#running.signal.aborted) return;
    const uid = podUid(pod);
    const worker = new PodWorker(pod, this.#tools, { ...about, made: (id) => this.#owners.know(id, uid) });
    this.#workers.set(uid, worker);
    void worker.done.then(() => {
      if (this.#workers.get(uid) === worker) this.#workers.delete(uid);
      this.#owners.forget(uid);
      this.#tools.health.forget(uid);
    });
  }

  #lose(pod: Pod): void {
    const uid = podUid(pod);
    this.#scheduler.forget(uid);
    this.#taints.forget(uid);
    this.#workers.get(uid)?.vanish();
    this.#scheduler.reconsider();
  }

  #onPod({ type, object }: StoreEvent): void {
    if (type === 'DELETED') this.#lose(object as Pod);
    else this.#take(object as Pod, { isFresh: true });
  }

  /** All Pods there are, because changes were missed. */
  #onList(pods: Pod[]): void {
    const there = new Set(pods.map(podUid));
    for (const [uid, worker] of this.#workers) if (!there.has(uid)) worker.vanish();
    for (const pod of pods) this.#take(pod, { isFresh: false });
  }

  async #watchPods(since: number): Promise<void> {
    await followCollection(this.#options.store, PODS, {
      since,
      signal: this.#running.signal,
      onEvent: (event) => this.#onPod(event),
      onList: (items) => this.#onList(items as Pod[]),
      onError: (error) => this.#unexpected('watching pods', error),
    });
  }

  async #watchNodes(since: number): Promise<void> {
    const reconsider = () => {
      this.#taints.nodeChanged();
      this.#scheduler.reconsider();
    };
    await followCollection(this.#options.store, NODES, {
      since,
      signal: this.#running.signal,
      onEvent: reconsider,
      onList: reconsider,
      onError: (error) => this.#unexpected('watching nodes', error),
    });
  }

  /** Pods that use a ConfigMap, Secret or claim get its news, or find what they waited for. */
  async #watchSources(resource: SourceResource, since: number): Promise<void> {
    await followCollection(
      this.#options.store,
      { group: '', resource },
      {
        since,
        signal: this.#running.signal,
        onEvent: ({ object }) => this.#sourceChanged(resource, object),
        onList: (objects) => {
          for (const object of objects) this.#sourceChanged(resource, object);
        },
        onError: (error) => this.#unexpected(`watching ${resource}`, error),
      },
    );
  }

  #sourceChanged(resource: SourceResource, object: KubeObject): void {
    if (resource === 'persistentvolumeclaims') this.#scheduler.reconsider();
    for (const worker of this.#workers.values()) worker.sourceChanged(resource, object);
  }

  async #follow(events: AsyncIterable<RuntimeEvent>): Promise<void> {
    try {
      for await (const event of events) this.#onRuntime(event);
      this.#resyncMs = INTERVALS.poll;
      this.#resyncLater();
    } catch (error) {
      await this.#unexpected('following the runtime', error);
    }
  }

  /** An event without id: the stream was interrupted, and anything may have happened. */
  #onRuntime(event: RuntimeEvent): void {
    if (event.id === '') this.#wakeAll();
    else if (TELLING.has(event.type)) this.#owners.report(event);
  }

  #wakeAll(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  #resyncLater(): void {
    const { clock } = this.#tools;
    clock.clearTimeout(this.#resyncTimer);
    if (!this.#running.signal.aborted) this.#resyncTimer = clock.setTimeout(() => void this.#resync(), this.#resyncMs);
  }

  async #resync(): Promise<void> {
    try {
      this.#wakeAll();
      await this.#removeOrphans();
      this.#scheduler.reconsider();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'resync failed');
    } finally {
      this.#resyncLater();
    }
  }

  async #removeOrphans(): Promise<void> {
    const { parts, store, runtime, owner, log } = this.#options;
    const leftBehind = await podsLeftBehind({ runtime, parts, owner });
    const pods = store.list(PODS).items as Pod[];
    for (const pod of pods) if (isDeleted(pod)) this.#take(pod, { isFresh: false });
    const there = new Set(pods.map(podUid));
    for (const [uid, pod] of leftBehind) {
      if (there.has(uid) || this.#workers.has(uid)) continue;
      log.info(names(pod), 'removing what is left of a pod');
      this.#employ(pod, { isOrphan: true });
    }
  }

  /** Says so, and waits a little: what failed is tried again, but not in a hurry. */
  async #unexpected(doing: string, error: unknown): Promise<void> {
    if (this.#running.signal.aborted) return;
    this.#options.log.error({ err: error }, `${doing} failed`);
    await this.#atMost(INTERVALS.failure.first, aborted(this.#running.signal));
  }

  async #atMost(ms: number, event: Promise<unknown>): Promise<void> {
    const { clock } = this.#tools;
    let timer: unknown;
    const limit = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, ms);
    });
    await Promise.race([event, limit]);
    clock.clearTimeout(timer);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Events that may change what is to be done. What a worker itself makes, starts and removes it sees anyway. */
const TELLING: ReadonlySet<RuntimeEvent['type']> = new Set(['exited', 'oom', 'deleted']);
