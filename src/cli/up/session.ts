import { hostname } from 'node:os';
import type { Pod } from '../../kube/generated/objects.ts';
import type { Cluster } from '../client/cluster.ts';
import type { Failure } from '../command.ts';
import { Applier } from './apply.ts';
import { Bell } from './bell.ts';
import { Forwards } from './forwards.ts';
import { AllLogs } from './logs/all-logs.ts';
import { ownMark } from './mark.ts';
import { NodeObjects } from './node-objects.ts';
import { outcomeOf, runsOf, Stable } from './outcome.ts';
import type { Output } from './output.ts';
import { PodFollower } from './pod-follower.ts';
import { podState, stateText } from './pod-state.ts';
import { PodTeller } from './pod-teller.ts';
import { isPod, type Wanted } from './wanted.ts';

export interface SessionOptions {
  cluster: Cluster;
  output: Output;
  now: () => Date;
  gracePeriod: number | undefined;
  /** Whether container ports are forwarded. */
  forwards: boolean;
}

/** One run of `up` on a node that answers: applies, follows, and takes away again. */
export class Session {
  private readonly options: SessionOptions;
  private readonly objects: NodeObjects;
  private readonly applier: Applier;
  private readonly follower: PodFollower;
  private readonly teller: PodTeller;
  private readonly logs: AllLogs;
  private readonly forwards: Forwards | undefined;
  private readonly bell = new Bell();
  private readonly live = new AbortController();

  constructor(options: SessionOptions) {
    const { cluster, output, now, gracePeriod } = options;
    const home = cluster.namespace;
    const mark = ownMark(hostname());
    const { signal } = this.live;
    this.options = options;
    this.objects = new NodeObjects(cluster, mark);
    this.applier = new Applier({ objects: this.objects, output, host: hostname(), gracePeriod, now });
    this.teller = new PodTeller({ output, home, now });
    this.logs = new AllLogs({ cluster, output, home, signal });
    this.forwards = options.forwards ? new Forwards({ cluster, output, home }) : undefined;
    const lost = ({ message }: Failure): void =>
      output.say({ type: 'warning', message: `${message}; it is asked again until it answers` });
    this.follower = new PodFollower({ cluster, mark, signal, lost, listener: this.listener() });
  }

  get wanted(): Wanted[] {
    return this.applier.wanted;
  }

  /** Brings the node to what is wanted. @throws as Applier.apply */
  async apply(wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const before = this.wanted.filter(isPod);
    for (const { namespace } of wanted.filter(isPod)) this.follower.follow(namespace);
    try {
      await this.applier.apply(wanted, signal);
    } finally {
      const after = new Set(this.wanted.filter(isPod).map(({ namespace, name }) => `${namespace}/${name}`));
      for (const { namespace, name } of before)
        if (!after.has(`${namespace}/${name}`)) this.forwards?.close(namespace, name);
    }
  }

  /** Resolves never but when the server refuses to be followed. @throws ServerError */
  async untilRefused(signal: AbortSignal): Promise<void> {
    await Promise.race([this.follower.ended(), new Promise((resolve) => signal.addEventListener('abort', resolve))]);
  }

  /**
   * Waits until every Pod is ready and stays so for two seconds (a program that ends at once is ready for a moment), or one has failed, or the time
   * is over.
   * @param timeout milliseconds
   * @returns why not: a line for each Pod that is not ready; empty when all are
   */
  async untilReady(timeout: number, signal: AbortSignal): Promise<string[]> {
    const end = performance.now() + timeout;
    const stable = new Stable(STABLE_MS);
    for (;;) {
      signal.throwIfAborted();
      const pods = this.wanted.filter(isPod).map((one) => ({ one, pod: this.follower.get(one.namespace, one.name) }));
      const outcomes = pods.map(({ one, pod }) => ({ one, pod, outcome: outcomeOf(pod, one.finishes) }));
      const failed = outcomes.filter(({ outcome }) => outcome === 'failed');
      if (failed.length > 0) return failed.map(({ one, pod }) => `${one.label} failed: ${this.why(pod)}`);
      const unready = outcomes.filter(({ outcome }) => outcome !== 'ready');
      const runs = unready.length > 0 ? undefined : runsOf(pods.map(({ pod }) => pod!));
      const missing = stable.missing(runs, performance.now());
      if (missing <= 0) return [];
      const left = end - performance.now();
      if (left <= 0 && unready.length > 0) {
        const late = `is not ready after ${Math.round(timeout / 1000)} s`;
        return unready.map(({ one, pod }) => `${one.label} ${late}: ${this.why(pod)}`);
      }
      await this.bell.wait(signal, unready.length > 0 ? left : missing);
    }
  }

  /** Pods of the node that are not of this run. */
  async otherPods(): Promise<string[]> {
    const own = new Set(this.wanted.filter(isPod).map(({ namespace, name }) => `${namespace}/${name}`));
    const all = (await this.objects.pods()).map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
    return all.filter((name) => !own.has(name));
  }

  /** Takes everything away that this run made. When `urgent` aborts, at once. @throws Failure for what could not be taken away */
  async takeAway(urgent: AbortSignal): Promise<void> {
    this.forwards?.closeAll();
    await this.applier.takeAway(urgent);
  }

  /** Nothing is followed any more; the last lines of logs have been told. */
  async close(urgent: AbortSignal): Promise<void> {
    this.forwards?.closeAll();
    const hurried = new Promise<void>((resolve) => {
      if (urgent.aborted) resolve();
      urgent.addEventListener('abort', () => resolve(), { once: true });
    });
    // A terminal that takes no more holds them up.
    await Promise.race([this.logs.finished(), hurried]);
    this.live.abort();
    await this.follower.ended().catch(() => undefined);
  }

  private why(pod: Pod | undefined): string {
    if (pod === undefined) return 'it is not there';
    const warning = this.teller.lastWarning(pod);
    return `${stateText(podState(pod, this.options.now()))}${warning === undefined ? '' : `; ${warning}`}`;
  }

  private listener() {
    return {
      changed: (pod: Pod) => {
        this.teller.changed(pod);
        this.logs.changed(pod);
        this.forwards?.changed(pod);
        this.bell.ring();
      },
      gone: (pod: Pod) => {
        this.teller.gone(pod);
        this.logs.gone(pod);
        this.bell.ring();
      },
      event: (pod: Pod, event: Parameters<PodTeller['event']>[1]) => {
        this.teller.event(pod, event);
        this.bell.ring();
      },
    };
  }
}

const STABLE_MS = 2_000;
