import type { Container, Pod } from '../../kube/generated/objects.ts';
import type { Clock } from '../clock.ts';
import type { HealthKeeper } from '../health.ts';
import { newest, type Observed, type ObservedContainer, podAddress } from '../observed.ts';
import { lastingContainers, podUid } from '../pod-spec.ts';
import type { PodEvents } from '../ports.ts';
import type { RunProbe } from './answer.ts';
import { ContainerProbes } from './container-probes.ts';

export interface PodProbesOptions {
  run: RunProbe;
  events: PodEvents;
  clock: Clock;
  /** Addresses of this machine, where Pods on its network are asked. */
  hostIPs: string[];
  /** Told the Pod's uid when an answer of `started`, `ready` or `failing` is another one. */
  changed(uid: string): void;
  random?: () => number;
}

interface Watched {
  /** Milliseconds since the epoch: ticks of its probes are counted from here. */
  since: number;
  isEnding: boolean;
  /** The latest container of each name that has probes. */
  containers: Map<string, { id: string; probes: ContainerProbes }>;
}

/**
 * A container without startup probe is asked for its readiness this long after its start, in milliseconds, not only at the next tick: a kubelet
 * does when it sees the container, up to a second after the start (`UpdatePodStatus` triggers the probe). At once most servers would refuse.
 */
const FIRST_READINESS = 500;

/**
 * The probes of all Pods (the kubelet's `prober_manager.go`). Nothing is remembered over a restart of the node: containers that run then are
 * alive, not ready, and started only when their startup probe says so again; their probes begin at a random moment of their period.
 */
export class PodProbes implements HealthKeeper {
  readonly #options: PodProbesOptions;
  readonly #random: () => number;
  readonly #begun: number;
  readonly #pods = new Map<string, Watched>();
  readonly #byId = new Map<string, ContainerProbes>();

  constructor(options: PodProbesOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#begun = options.clock.now();
  }

  started({ id }: ObservedContainer): boolean {
    return this.#byId.get(id)?.started ?? true;
  }

  ready({ id }: ObservedContainer): boolean {
    return this.#byId.get(id)?.ready ?? true;
  }

  failing({ id }: ObservedContainer): 'liveness' | 'startup' | undefined {
    return this.#byId.get(id)?.failing;
  }

  watch(pod: Pod, observed: Observed): void {
    const probed = lastingContainers(pod).filter(hasProbe);
    if (probed.length === 0) return;
    const uid = podUid(pod);
    const fresh = { since: this.#options.clock.now(), isEnding: false, containers: new Map() };
    const watched: Watched = this.#pods.get(uid) ?? fresh;
    this.#pods.set(uid, watched);
    for (const container of probed) this.#watchContainer(pod, container, observed, watched);
  }

  ending(uid: string): void {
    const watched = this.#pods.get(uid);
    if (!watched || watched.isEnding) return;
    watched.isEnding = true;
    for (const { probes } of watched.containers.values()) probes.letOff();
  }

  exited(id: string): void {
    this.#byId.get(id)?.stop();
  }

  forget(uid: string): void {
    const watched = this.#pods.get(uid);
    for (const name of watched?.containers.keys() ?? []) this.#drop(watched as Watched, name);
    this.#pods.delete(uid);
  }

  close(): void {
    for (const uid of this.#pods.keys()) this.forget(uid);
  }

  #watchContainer(pod: Pod, container: Container, observed: Observed, watched: Watched): void {
    const { name } = container;
    const last = newest(observed.containers, name);
    const known = watched.containers.get(name);
    if (last?.state === 'RUNNING' && known?.id === last.id) return;
    if (known) this.#drop(watched, name);
    if (last?.state !== 'RUNNING') return;
    const ip = podAddress(pod, observed, this.#options.hostIPs);
    const probes = this.#begin({ pod, container, containerId: last.id, ip }, last, watched);
    if (watched.isEnding) probes.letOff();
    watched.containers.set(name, { id: last.id, probes });
    this.#byId.set(last.id, probes);
  }

  #begin(
    target: ConstructorParameters<typeof ContainerProbes>[0]['target'],
    last: ObservedContainer,
    { since }: Watched,
  ) {
    const { run, events, clock, changed } = this.#options;
    const now = clock.now();
    const startedAt = Math.min(Date.parse(last.startedAt ?? last.createdAt), now);
    const isTakenUp = startedAt < this.#begun;
    return new ContainerProbes({
      ...{ target, run, events, clock, startedAt },
      anchor: (_kind, periodMs) => (isTakenUp ? now + this.#random() * periodMs : since),
      firstReadiness: isTakenUp ? undefined : Math.max(now, startedAt + FIRST_READINESS),
      changed: () => changed(podUid(target.pod)),
    });
  }

  #drop(watched: Watched, name: string): void {
    const known = watched.containers.get(name);
    if (!known) return;
    known.probes.stop();
    watched.containers.delete(name);
    this.#byId.delete(known.id);
  }
}

function hasProbe({ startupProbe, readinessProbe, livenessProbe }: Container): boolean {
  return [startupProbe, readinessProbe, livenessProbe].some((probe) => probe !== undefined);
}
