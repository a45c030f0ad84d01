import type { RuntimeEvent } from '../cri/runtime.ts';
import type { ContainerStateWaiting, Pod } from '../kube/generated/objects.ts';
import { act, isWork, StepFailed } from './act.ts';
import type { BackOff } from './backoff.ts';
import { type End, endContainers, removeAll, takeDown } from './end.ts';
import { Look } from './look.ts';
import { type Observed, POD_UID_LABEL } from './observed.ts';
import { type KillPod, type Plan, plan, type Waiting } from './plan.ts';
import { DEADLINE_EXCEEDED, type PodFailure } from './pod-failure.ts';
import { podRejection } from './pod-rejection.ts';
import { fieldPath, gracePeriod, isTerminal, podUid, podWords } from './pod-spec.ts';
import { messageOf, type Outcome, OWNER_LABEL, type Tools } from './round.ts';
import { podStatus } from './status.ts';

import { Holds } from './waits.ts';

/** What is wanted of a Pod: to live as its object says; to stop because the node stops; to vanish because its object has. */
export type Wish = 'live' | 'stop' | 'vanish';

export interface SyncInput {
  pod: Pod;
  wish: Wish;
  /** Fires when this round is out of date. */
  signal: AbortSignal;
  hurry: AbortSignal;
}

export interface SyncResult {
  /** Nothing is left to do for the Pod, ever. */
  over?: boolean;
  /** Something was changed: look at once what came of it. */
  again?: boolean;
  /** Milliseconds since the epoch. */
  wakeAt?: number | undefined;
  /** The object as it was written last. */
  written?: Pod | undefined;
}

/** The step that is held back when the sandbox or the volumes fail, among the names of containers. */
const WHOLE_POD = '';

/**
 * One Pod's rounds: look, plan, tell, act. Holds what must be remembered between them; all of it may be lost without harm. Rounds of one Pod
 * must not overlap: the worker sees to it.
 *
 *     live ── plan says kill ──▶ ended (Succeeded, Failed: stays) ── object deleted ──▶ over
 *       └──── deletionTimestamp ──▶ killed, final status written, everything removed, object removed ──▶ over
 *     stop:   containers killed, sandbox stopped, all else stays ──▶ over
 *     vanish: killed quickly, everything removed ──▶ over
 */
export class PodSync {
  readonly #tools: Tools;
  readonly #look: Look;
  readonly #made: (id: string) => void;
  readonly #waiting = new Map<string, ContainerStateWaiting>();
  readonly #backOffs = new Map<string, BackOff>();
  readonly #holds = new Holds();
  /** Ends of back-offs that the user was told of. */
  readonly #told = new Map<string, number>();
  #isFresh: boolean;
  /** Once set it stays: the Pod ends. */
  #failure: PodFailure | undefined;
  /** Sandbox and volumes of the Pod, which has ended, were taken down. */
  #isTakenDown = false;
  /** Why volumes are out of date, as the user was told. */
  #stale = '';
  #written: Pod | undefined;
  /** The Pod whose containers are being ended. */
  #ending: Pod | undefined;
  #refreshed: Promise<void> = Promise.resolve();

  /** `isFresh`: the Pod is new, so the runtime cannot have anything of it. `made` is told the ids of everything that belongs to the Pod. */
  constructor(tools: Tools, uid: string, { isFresh, made }: { isFresh: boolean; made(id: string): void }) {
    this.#tools = tools;
    this.#look = new Look({
      runtime: tools.runtime,
      labels: { [POD_UID_LABEL]: uid, [OWNER_LABEL]: tools.owner },
      lastWords: (status) => tools.parts.lastWords(uid, status),
    });
    this.#made = made;
    this.#isFresh = isFresh;
  }

  note(event: RuntimeEvent): void {
    this.#look.note(event);
    if (event.type === 'exited') this.#tools.health.exited(event.id);
  }

  /** While the Pod ends its round takes long, and readiness still changes: then it is told at once (`SetContainerReadiness`). */
  refresh(): void {
    const pod = this.#ending;
    if (!pod) return;
    const told = this.#refreshed.then(() => this.#writeStatus(pod));
    this.#refreshed = told.catch((error: unknown) =>
      this.#tools.log.debug({ ...names(pod), err: error }, 'readiness not told'),
    );
  }

  /** The Pod ends and has Failed, for the first reason that is given. */
  fail(pod: Pod, failure: PodFailure): void {
    if (this.#failure) return;
    this.#failure = failure;
    const { type, reason, message } = failure.event;
    this.#tools.events.event(pod, type, reason, message);
  }

  /** The Pod was changed by its user: what failed may work now. */
  forgive(): void {
    this.#holds.clear();
  }

  /** @throws whatever keeps the round from its end; the next one begins anew from what it finds */
  async round(input: SyncInput): Promise<SyncResult> {
    this.#written = undefined;
    const observed = await this.#lookAgain();
    this.#tools.health.watch(input.pod, observed);
    if (input.wish === 'vanish') return this.#vanish(input);
    if (input.wish === 'stop') return this.#stop(input);
    const { health, clock, backOffRules } = this.#tools;
    const { pod } = input;
    const facts = { pod, observed, now: clock.now(), health, backOffs: this.#backOffs };
    const decided = plan({ ...facts, ...(backOffRules && { backOffRules }) });
    const killPod = decided.killPod ?? this.#killOf(pod, observed);
    if (killPod) return this.#end(input, killPod);
    if (isTerminal(pod)) await this.#takeDownOnce(pod);
    return this.#carryOn(input, decided);
  }

  /** The Pod had ended before this process came, and what is left of it is dead: nothing tells whether its network was taken down. */
  async #takeDownOnce(pod: Pod): Promise<void> {
    if (this.#isTakenDown) return;
    await takeDown(this.#tools, { pod, look: async () => this.#look.last });
    this.#isTakenDown = true;
  }

  /** A Pod that the node does not let in, or that must go for what it does. */
  #killOf(pod: Pod, { sandboxes }: Observed): KillPod | undefined {
    if (isTerminal(pod)) return undefined;
    const rejection = sandboxes.length === 0 ? podRejection(pod, this.#tools.abilities()) : undefined;
    if (rejection) this.fail(pod, rejection);
    return (
      this.#failure && {
        reason: 'Failed',
        gracePeriodSeconds: this.#failure.gracePeriodSeconds ?? gracePeriod(pod),
      }
    );
  }

  async #carryOn({ pod, signal }: SyncInput, decided: Plan): Promise<SyncResult> {
    const { clock } = this.#tools;
    const now = clock.now();
    // The status tells what was found; what comes of this round is told by the next.
    const status = this.#writeStatus(pod);
    status.catch(() => {});
    const allowed = this.#withoutHeld(decided, now);
    let again = this.#tellWaiting(pod, decided.waiting);
    await this.#refreshVolumes(pod);
    if (isWork(allowed)) {
      await this.#act(pod, allowed, signal);
      again = true;
    }
    await status;
    const lag = this.#look.lag();
    const times = [decided.wakeAt, this.#holds.next(now), lag === undefined ? undefined : now + lag];
    return { again, wakeAt: earliest(times), written: this.#written };
  }

  /** Running containers keep the files they have when new ones cannot be made. */
  async #refreshVolumes(pod: Pod): Promise<void> {
    try {
      await this.#tools.parts.refreshVolumes(pod);
      this.#stale = '';
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#stale) this.#tools.events.event(pod, 'Warning', 'FailedMount', message);
      this.#stale = message;
    }
  }

  async #act(pod: Pod, allowed: Plan, signal: AbortSignal): Promise<void> {
    const outcome: Outcome = { waiting: new Map(), backOffs: new Map(), failures: new Map() };
    const observed = this.#look.last;
    try {
      await act(this.#tools, { pod, observed, plan: allowed, signal, outcome, made: this.#made });
      this.#holds.worked(WHOLE_POD);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      this.#tools.log.info({ ...names(pod), err: error.cause }, error.message);
      this.#holds.failed(WHOLE_POD, this.#tools.clock.now());
    } finally {
      this.#remember(outcome);
    }
  }

  #remember({ waiting, backOffs, failures }: Outcome): void {
    for (const [key, backOff] of backOffs) this.#backOffs.set(key, backOff);
    for (const [name, reason] of waiting) {
      if (reason) this.#waiting.set(name, reason);
      else this.#waiting.delete(name);
      if (!failures.has(name)) this.#holds.worked(name);
    }
    for (const [name, until] of failures) this.#holds.failed(name, this.#tools.clock.now(), until);
  }

  #withoutHeld(decided: Plan, now: number): Plan {
    const { createSandbox: _, ...rest } = decided;
    if (this.#holds.holds(WHOLE_POD, now)) return { ...rest, start: [] };
    const start = decided.start.filter(({ container }) => !this.#holds.holds(container.name, now));
    return { ...decided, start };
  }

  /** Says once for each back-off that a container waits for its restart. */
  #tellWaiting(pod: Pod, waiting: Waiting[]): boolean {
    const news = waiting.filter(({ container, until }) => this.#told.get(container.name) !== until);
    for (const { container, message, until } of news) {
      this.#told.set(container.name, until);
      this.#waiting.set(container.name, { message, reason: 'CrashLoopBackOff' });
      const text = `Back-off restarting failed container ${container.name} in pod ${podWords(pod)}`;
      this.#tools.events.event(pod, 'Warning', 'BackOff', text, fieldPath(pod, container.name));
    }
    return news.length > 0;
  }

  async #end(input: SyncInput, { reason, gracePeriodSeconds }: KillPod): Promise<SyncResult> {
    const { pod } = input;
    if (reason === 'DeadlineExceeded') this.fail(pod, DEADLINE_EXCEEDED);
    const end = this.#endOf(input, gracePeriodSeconds);
    await this.#endContainers(end);
    await this.#lookAgain();
    await this.#writeStatus(pod, true);
    if (reason !== 'Deleted') {
      await takeDown(this.#tools, end);
      this.#isTakenDown = true;
      await this.#lookAgain();
      await this.#writeStatus(pod, true);
      return { written: this.#written };
    }
    await removeAll(this.#tools, end);
    const over = await this.#tools.writer.remove(pod);
    return { over, written: this.#written };
  }

  async #endContainers(end: End): Promise<void> {
    this.#tools.health.ending(podUid(end.pod));
    this.#ending = end.pod;
    const results = await Promise.allSettled([endContainers(this.#tools, end), this.#writeStatus(end.pod)]);
    this.#ending = undefined;
    await this.#refreshed;
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #stop(input: SyncInput): Promise<SyncResult> {
    const end = this.#endOf(input, gracePeriod(input.pod));
    this.#tools.health.ending(podUid(input.pod));
    await endContainers(this.#tools, end);
    const { sandboxes } = await this.#lookAgain();
    await Promise.all(sandboxes.map(({ id }) => this.#tools.runtime.stopPodSandbox(id)));
    await this.#lookAgain();
    await this.#writeStatus(input.pod);
    return { over: true };
  }

  async #vanish(input: SyncInput): Promise<SyncResult> {
    const end = this.#endOf(input, 0);
    this.#tools.health.forget(podUid(input.pod));
    await endContainers(this.#tools, end);
    await removeAll(this.#tools, end);
    return { over: true };
  }

  #endOf({ pod, hurry }: SyncInput, gracePeriodSeconds: number): End {
    return { pod, gracePeriodSeconds, hurry, look: () => this.#lookAgain() };
  }

  async #lookAgain(): Promise<Observed> {
    if (this.#isFresh) {
      this.#isFresh = false;
      return this.#look.last;
    }
    const observed = await this.#look.again();
    for (const { id } of [...observed.sandboxes, ...observed.containers]) this.#made(id);
    return observed;
  }

  async #writeStatus(pod: Pod, ended = false): Promise<void> {
    const { writer, health, hostIPs, clock, abilities } = this.#tools;
    const observed = this.#look.last;
    const failure = this.#failure;
    const waiting = new Map(this.#waiting);
    const facts = { observed, health, hostIPs, now: clock.now(), waiting, runtime: abilities(), ended };
    const written = await writer.status(pod, (current) =>
      podStatus({ pod: current, ...facts, ...(failure && { failure }) }),
    );
    this.#written = written ?? this.#written;
  }
}

/** How log lines name a Pod. */
export function names(pod: Pod): { pod: string; uid: string } {
  return { pod: `${pod.metadata?.namespace}/${pod.metadata?.name}`, uid: podUid(pod) };
}

function earliest(times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
