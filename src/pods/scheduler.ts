import type { Logger } from 'pino';
import type { Node, Pod, PodCondition } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import { withTimes } from './conditions.ts';
import { type Misfit, misfit } from './fit.ts';
import { isDeleted, isTerminal, podKey, podUid } from './pod-spec.ts';
import type { PodEvents } from './ports.ts';

export interface SchedulerOptions {
  store: Store;
  nodeName: string;
  /** Of component default-scheduler. */
  events: PodEvents;
  clock: Clock;
  log: Logger;
  /** Makes the claims of a Pod ready, or says why it must wait for them. */
  claims?: (pod: Pod) => Promise<Misfit | undefined>;
}

/** The name by which Pods ask for this scheduler; those that ask for another one are left to it. */
const SCHEDULER_NAME = 'default-scheduler';
const NO_NODES = 'no nodes available to schedule pods';
const GATED = 'Scheduling is blocked due to non-empty scheduling gates';

/** Binds Pods to the one node there is, one after the other, so that each is counted before the next. Says why where it cannot. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  /** Pods that did not fit, by uid, and what they were told. */
  readonly #told = new Map<string, string>();
  #queue: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** A Pod without node is there or was changed. Resolves when it was looked at; never rejects. */
  consider(pod: Pod): Promise<void> {
    this.#queue = this.#queue.then(() => this.#schedule(pod)).catch((error: unknown) => this.#failed(pod, error));
    return this.#queue;
  }

  /** Room may have become free: a Pod ended, or the node was changed. */
  reconsider(): void {
    if (this.#told.size === 0) return;
    for (const pod of this.#pods()) if (this.#told.has(podUid(pod))) void this.consider(pod);
  }

  forget(uid: string): void {
    this.#told.delete(uid);
  }

  async #schedule(seen: Pod): Promise<void> {
    const pod = this.#options.store.get(podKey(seen)) as Pod | undefined;
    if (!pod || podUid(pod) !== podUid(seen) || !isWaiting(pod)) return;
    if ((pod.spec?.schedulingGates ?? []).length > 0) {
      await this.#setCondition(pod, { status: 'False', reason: 'SchedulingGated', message: GATED });
      return;
    }
    const refusal = await this.#refusal(pod);
    if (refusal === undefined) await this.#bind(pod);
    else await this.#refuse(pod, refusal);
  }

  async #refusal(pod: Pod): Promise<string | undefined> {
    const { store, nodeName, claims } = this.#options;
    const node = store.get({ group: '', resource: 'nodes', namespace: '', name: nodeName }) as Node | undefined;
    if (!node) return NO_NODES;
    const waits = await claims?.(pod);
    if (waits?.whole !== undefined) return refusalText(waits);
    const others = this.#pods().filter((other) => other.spec?.nodeName === nodeName && !isTerminal(other));
    const found = misfit(pod, node, others) ?? waits;
    return found && refusalText(found);
  }

  async #bind(pod: Pod): Promise<void> {
    const { store, nodeName, events, clock } = this.#options;
    const written = await store.update(podKey(pod), (object) => {
      const current = object as Pod;
      if (podUid(current) !== podUid(pod) || !isWaiting(current) || !current.spec) return object;
      return { ...object, spec: { ...current.spec, nodeName }, status: scheduled(current, { status: 'True' }, clock) };
    });
    this.#told.delete(podUid(pod));
    const { namespace, name } = pod.metadata ?? {};
    if ((written as Pod).spec?.nodeName !== nodeName) return;
    events.event(written as Pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  }

  async #refuse(pod: Pod, message: string): Promise<void> {
    if (this.#told.get(podUid(pod)) === message) return;
    await this.#setCondition(pod, { status: 'False', reason: 'Unschedulable', message });
    this.#told.set(podUid(pod), message);
    this.#options.events.event(pod, 'Warning', 'FailedScheduling', message);
  }

  async #setCondition(pod: Pod, condition: Omit<PodCondition, 'type'>): Promise<void> {
    const { store, clock } = this.#options;
    await store.update(podKey(pod), (object) => {
      const current = object as Pod;
      if (podUid(current) !== podUid(pod) || !isWaiting(current)) return object;
      return { ...object, status: scheduled(current, condition, clock) } as KubeObject;
    });
  }

  #pods(): Pod[] {
    return this.#options.store.list({ group: '', resource: 'pods' }).items as Pod[];
  }

  #failed(pod: Pod, error: unknown): void {
    const { namespace, name } = pod.metadata ?? {};
    this.#options.log.warn({ pod: `${namespace}/${name}`, err: error }, 'pod not scheduled');
  }
}

function isWaiting(pod: Pod): boolean {
  const { nodeName, schedulerName = SCHEDULER_NAME } = pod.spec ?? {};
  return !nodeName && schedulerName === SCHEDULER_NAME && !isDeleted(pod) && !isTerminal(pod);
}

function scheduled({ status = {} }: Pod, condition: Omit<PodCondition, 'type'>, clock: Clock): Pod['status'] {
  const old = status.conditions ?? [];
  const made = withTimes({ type: 'PodScheduled', ...condition }, old, clock.now());
  return { phase: 'Pending', ...status, conditions: [...old.filter(({ type }) => type !== 'PodScheduled'), made] };
}

/** `FitError.Error()` and the verdict of the preemption that follows it, of which there is none here. */
function refusalText({ reasons, whole, helpless }: Misfit): string {
  const counted = whole === undefined ? [...reasons].sort().map((reason) => `1 ${reason}`) : [whole];
  const preemption = helpless
    ? 'Preemption is not helpful for scheduling.'
    : 'No preemption victims found for incoming pod.';
  return `0/1 nodes are available: ${counted.join(', ')}. preemption: 0/1 nodes are available: 1 ${preemption}`;
}
