import type { Probe } from '../../kube/generated/objects.ts';
import type { Clock } from '../clock.ts';
import { afterTick, nextTick } from './schedule.ts';
import { afterProbe, initialState, type ProbeKind, type ProbeResult, type ProbeState, type Verdict } from './state.ts';

export interface ProbeLoopOptions {
  kind: ProbeKind;
  probe: Probe;
  clock: Clock;
  /** Milliseconds since the epoch: the clock of the Pod's probes began then. */
  anchor: number;
  /** As `anchor`: the container started then. */
  startedAt: number;
  /** Runs the probe once; never rejects. */
  ask(signal: AbortSignal): Promise<ProbeResult>;
  /** The verdict is another one. */
  changed(): void;
}

/**
 * One probe of one container: asks at each tick and keeps the state. A tick that comes while the probe still runs is made up for right after, and
 * only one of them. Has no timer before `begin` and after `stop`.
 */
export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  readonly #stopped = new AbortController();
  #state: ProbeState;
  #timer: unknown;
  #hasBegun = false;

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    this.#state = initialState(options.kind);
  }

  get verdict(): Verdict {
    return this.#state.verdict;
  }

  /** Begins to ask: at the next tick after the initial delay, or at `first` (milliseconds since the epoch) if that is past the delay too. Idempotent. */
  begin(first?: number): void {
    if (this.#hasBegun || this.#stopped.signal.aborted) return;
    this.#hasBegun = true;
    const { clock } = this.#options;
    const now = clock.now();
    this.#schedule(first !== undefined && first >= this.#delayedUntil(now) ? first : this.#next(now));
  }

  /** Asks no more; the verdict stays as it is. */
  stop(): void {
    this.#stopped.abort();
    this.#options.clock.clearTimeout(this.#timer);
  }

  get #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000;
  }

  #next(now: number): number {
    const { anchor } = this.#options;
    return nextTick({ anchor, periodMs: this.#periodMs }, now, this.#delayedUntil(now));
  }

  /** A clock that was set back does not prolong the delay beyond its length. */
  #delayedUntil(now: number): number {
    const { startedAt, probe } = this.#options;
    return Math.min(startedAt, now) + (probe.initialDelaySeconds ?? 0) * 1000;
  }

  #schedule(at: number): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(() => void this.#fire(at), Math.max(0, at - clock.now()));
  }

  async #fire(tick: number): Promise<void> {
    const { clock, kind, probe, ask, changed } = this.#options;
    const begun = clock.now();
    const result = await ask(this.#stopped.signal);
    if (this.#stopped.signal.aborted) return;
    const before = this.#state.verdict;
    this.#state = afterProbe(this.#state, result, { ...probe, kind });
    if (this.#isDone()) this.stop();
    else this.#schedule(this.#next(afterTick(tick, begun, this.#periodMs)));
    if (this.#state.verdict !== before) changed();
  }

  /** A startup probe is over with its first verdict; a liveness probe when its container must die. */
  #isDone(): boolean {
    const { isOnHold, verdict } = this.#state;
    return isOnHold || (this.#options.kind === 'startup' && verdict === 'success');
  }
}
