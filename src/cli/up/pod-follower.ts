import type { Event, Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Cluster } from '../client/cluster.ts';
import { follow } from '../client/follow.ts';
import type { Failure } from '../command.ts';
import { markOf } from './mark.ts';

interface PodListener {
  /** A Pod of this run is there or has changed. */
  changed(pod: Pod): void;
  /** It has been removed; as it was last. */
  gone(pod: Pod): void;
  /** Something was noted about it. */
  event(pod: Pod, event: Event): void;
}

export interface PodFollowerOptions {
  cluster: Cluster;
  /** Only Pods with this mark are ours. */
  mark: string;
  listener: PodListener;
  signal: AbortSignal;
  /** The node does not answer; it is asked again and again. */
  lost: (failure: Failure) => void;
}

/** Events of Pods that are not known yet. */
const EVENTS_HELD = 200;

/** Follows the Pods of this run, and what is noted about them, in any number of namespaces. */
export class PodFollower {
  private readonly options: PodFollowerOptions;
  private readonly followed = new Map<string, Promise<void>>();
  private readonly pods = new Map<string, Pod>();
  private readonly early: Event[] = [];

  constructor(options: PodFollowerOptions) {
    this.options = options;
  }

  /** The Pod of a name as it is now. */
  get(namespace: string, name: string): Pod | undefined {
    return [...this.pods.values()].find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
  }

  /** Follows the Pods of a namespace from now on. */
  follow(namespace: string): void {
    if (this.followed.has(namespace)) return;
    const both = Promise.all([this.followPods(namespace), this.followEvents(namespace)]).then(() => undefined);
    this.followed.set(namespace, both);
    // Whoever cares asks `ended`.
    both.catch(() => undefined);
  }

  /** Resolves when `signal` has aborted. @throws ServerError when the server refuses */
  async ended(): Promise<void> {
    await Promise.all(this.followed.values()).catch((error: unknown) => {
      if (!this.options.signal.aborted) throw error;
    });
  }

  private async followPods(namespace: string): Promise<void> {
    const { cluster, signal, lost } = this.options;
    for await (const event of follow<Pod & KubeObject>(cluster, `/api/v1/namespaces/${namespace}/pods`, signal, lost)) {
      if (event.type === 'LISTED') this.listed(namespace, event.items);
      else if (event.type === 'DELETED') this.gone(event.object);
      else this.changed(event.object);
    }
  }

  private listed(namespace: string, items: readonly (Pod & KubeObject)[]): void {
    const there = new Set(items.map(({ metadata }) => metadata.uid));
    for (const pod of this.pods.values())
      if (pod.metadata?.namespace === namespace && !there.has(pod.metadata.uid)) this.gone(pod);
    for (const pod of items) this.changed(pod);
  }

  private changed(pod: Pod): void {
    const uid = pod.metadata!.uid!;
    if (markOf(pod as KubeObject) !== this.options.mark) return;
    const isNew = !this.pods.has(uid);
    this.pods.set(uid, pod);
    this.options.listener.changed(pod);
    if (isNew) for (const event of this.early.filter((e) => e.involvedObject.uid === uid)) this.noted(event);
  }

  private gone(pod: Pod): void {
    if (this.pods.delete(pod.metadata!.uid!)) this.options.listener.gone(pod);
  }

  private async followEvents(namespace: string): Promise<void> {
    const { cluster, signal } = this.options;
    const path = `/api/v1/namespaces/${namespace}/events`;
    for await (const event of follow<Event & KubeObject>(cluster, path, signal))
      if (event.type === 'LISTED') for (const item of event.items) this.noted(item);
      else if (event.type !== 'DELETED') this.noted(event.object);
  }

  private noted(event: Event): void {
    const pod = this.pods.get(event.involvedObject.uid ?? '');
    if (pod) this.options.listener.event(pod, event);
    else if (this.early.push(event) > EVENTS_HELD) this.early.shift();
  }
}
