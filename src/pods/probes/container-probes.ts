import type { Clock } from '../clock.ts';
import type { PodEvents } from '../ports.ts';
import type { ProbeTarget, RunProbe } from './answer.ts';
import { ask } from './ask.ts';
import { ProbeLoop } from './probe-loop.ts';
import type { ProbeKind } from './state.ts';

export interface ContainerProbesOptions {
  target: ProbeTarget;
  run: RunProbe;
  events: PodEvents;
  clock: Clock;
  /** Where the clock of a kind of probes began, and milliseconds since the epoch, as the following. */
  anchor(kind: ProbeKind, periodMs: number): number;
  startedAt: number;
  /** The first look at readiness, if it is not to wait for a tick. */
  firstReadiness: number | undefined;
  changed(): void;
}

/**
 * The probes of one container from its start to its end: until the startup probe has succeeded the others wait. A new container of the same name
 * has new ones.
 */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #loops = new Map<ProbeKind, ProbeLoop>();
  #isLetOff = false;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
    for (const kind of ['startup', 'readiness', 'liveness'] as const) this.#add(kind);
    const startup = this.#loops.get('startup');
    if (startup) startup.begin();
    else this.#beginOthers(options.firstReadiness);
  }

  get started(): boolean {
    const startup = this.#loops.get('startup');
    return this.#isLetOff || !startup || startup.verdict === 'success';
  }

  get ready(): boolean {
    const readiness = this.#loops.get('readiness');
    return this.started && (!readiness || readiness.verdict === 'success');
  }

  get failing(): 'liveness' | 'startup' | undefined {
    if (this.#isLetOff) return undefined;
    return (['liveness', 'startup'] as const).find((kind) => this.#loops.get(kind)?.verdict === 'failure');
  }

  /** The Pod ends: from now on only readiness is asked for, and the container counts as started (`StopLivenessAndStartup`). */
  letOff(): void {
    if (this.#isLetOff) return;
    this.#isLetOff = true;
    for (const kind of ['startup', 'liveness'] as const) this.#loops.get(kind)?.stop();
    this.#loops.get('readiness')?.begin(this.#options.clock.now());
  }

  /** The container has ended, or nobody wants to know any more. */
  stop(): void {
    for (const loop of this.#loops.values()) loop.stop();
  }

  #add(kind: ProbeKind): void {
    const { target, run, events, clock, anchor, startedAt } = this.#options;
    const probe = target.container[`${kind}Probe`];
    if (!probe) return;
    const loop = new ProbeLoop({
      kind,
      probe,
      clock,
      anchor: anchor(kind, (probe.periodSeconds ?? 10) * 1000),
      startedAt,
      ask: (signal) => ask({ run, events, kind, probe, target, signal }),
      changed: () => this.#changed(kind, loop),
    });
    this.#loops.set(kind, loop);
  }

  #changed(kind: ProbeKind, { verdict }: ProbeLoop): void {
    if (kind === 'startup' && verdict === 'success') this.#beginOthers(this.#options.clock.now());
    this.#options.changed();
  }

  #beginOthers(firstReadiness: number | undefined): void {
    this.#loops.get('readiness')?.begin(firstReadiness);
    this.#loops.get('liveness')?.begin();
  }
}
