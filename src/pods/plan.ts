import type { Container, Pod } from '../kube/generated/objects.ts';
import { type BackOff, type BackOffRules, backOffUntil, KUBELET_BACKOFF, nextBackOff } from './backoff.ts';
import { goDuration } from './go-duration.ts';
import { containerHash } from './hash.ts';
import type { Health } from './health.ts';
import { isAlive, newest, type Observed, type ObservedContainer, type ObservedSandbox } from './observed.ts';
import { planEphemeral } from './plan-ephemeral.ts';
import { planInit } from './plan-init.ts';
import { NO_MAIN, planMain, shouldRun } from './plan-main.ts';
import {
  gracePeriod,
  initContainers,
  isDeleted,
  isTerminal,
  mainContainers,
  podWords,
  restartPolicy,
} from './pod-spec.ts';

export interface PlanInput {
  pod: Pod;
  observed: Observed;
  /** Milliseconds since the epoch. */
  now: number;
  health: Health;
  /** What is remembered of restarts, by `backOffKey`. */
  backOffs: ReadonlyMap<string, BackOff>;
  backOffRules?: BackOffRules;
}

/** What to do for a Pod now. Plain data; the lists are empty where nothing is to be done. */
export interface Plan {
  /** The whole Pod ends: containers by the order of termination, then the sandbox. Nothing else is done then. */
  killPod?: KillPod;
  /** A sandbox is needed. Those it replaces, and what still runs in them, are stopped first. */
  createSandbox?: { attempt: number; replaces: ObservedSandbox[] };
  kill: Kill[];
  /** In this order, one after the other. */
  start: Start[];
  /** Containers that would be started, were it not for their back-off. */
  waiting: Waiting[];
  /** Dead things that are no longer needed for logs or `lastState`. */
  remove: { containers: ObservedContainer[]; sandboxes: ObservedSandbox[] };
  /** Look again at this time even if nothing happens. Milliseconds since the epoch. */
  wakeAt?: number;
}

export interface KillPod {
  /** Finished: nothing is left that would run again. Failed: for a reason that the plan does not know. */
  reason: 'Deleted' | 'Finished' | 'DeadlineExceeded' | 'Failed';
  gracePeriodSeconds: number;
}

interface Kill {
  container: ObservedContainer;
  /** Text of the event Killing. */
  message: string;
  /** The Pod's, or that of the probe that wants the kill. */
  gracePeriodSeconds: number;
}

export interface Start {
  container: Container;
  /** The new container's attempt, which is the Pod's restart count of it. */
  attempt: number;
  /** Id of a container that was made and never started: it holds the attempt's name. */
  replaces?: string;
  /** To be remembered when the container is started. Absent for a first start. */
  backOff?: { key: string; value: BackOff };
}

export interface Waiting {
  container: Container;
  message: string;
  until: number;
}

const NOTHING: Plan = { kill: [], start: [], waiting: [], remove: { containers: [], sandboxes: [] } };

/** Dead containers of one name that are kept: the latest, and the one before it for `logs --previous` and `lastState`. */
const KEPT_CONTAINERS = 2;

/**
 * Decides what is to be done for a Pod, from what is wanted and what is there (the kubelet's `computePodActions`; kubelet-behaviour
 * §3.5 and the checklist of native sidecars). Pure. A Pod that is deleted, has ended or is past its deadline starts nothing any more.
 */
export function plan(input: PlanInput): Plan {
  const { pod, observed } = input;
  const end = endOf(input);
  if (end) return { ...NOTHING, killPod: end };
  if (isTerminal(pod)) return NOTHING;
  const sandbox = currentSandbox(pod, observed);
  const decided = sandbox ? planContainers(input, sandbox) : planAnew(input);
  const wakeAt = earliest([deadline(pod), ...decided.waiting.map(({ until }) => until)]);
  return { ...decided, remove: removals(observed), ...(wakeAt !== undefined && { wakeAt }) };
}

/** What a container's back-off is remembered by: another image or other resources make another container (`GetBackoffKey`). */
export function backOffKey(container: Container): string {
  return JSON.stringify([container.name, containerHash(container), container.resources ?? {}]);
}

/** The sandbox that containers can be started in: the newest, if it is ready, the only ready one, and has its network. */
export function currentSandbox(pod: Pod, { sandboxes }: Observed): ObservedSandbox | undefined {
  const [latest, ...older] = sandboxes;
  if (latest?.state !== 'READY' || older.some(({ state }) => state === 'READY')) return undefined;
  return latest.ips.length > 0 || pod.spec?.hostNetwork ? latest : undefined;
}

function endOf({ pod, observed, now }: PlanInput): KillPod | undefined {
  const gracePeriodSeconds = gracePeriod(pod);
  if (isDeleted(pod)) return { reason: 'Deleted', gracePeriodSeconds };
  if (isTerminal(pod)) return isGone(observed) ? undefined : { reason: 'Finished', gracePeriodSeconds };
  const end = deadline(pod);
  return end !== undefined && end <= now ? { reason: 'DeadlineExceeded', gracePeriodSeconds } : undefined;
}

function isGone({ sandboxes, containers }: Observed): boolean {
  return !containers.some(isAlive) && sandboxes.every(({ state }) => state === 'NOTREADY');
}

/** `activeDeadlineSeconds` counts from the Pod's start (`pkg/kubelet/active_deadline.go`). */
function deadline({ spec, status }: Pod): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000;
}

/** Without a usable sandbox everything begins again from the first init container, unless the Pod is done. */
function planAnew(input: PlanInput): Plan {
  const { pod, observed } = input;
  const finished: Plan = { ...NOTHING, killPod: { reason: 'Finished', gracePeriodSeconds: gracePeriod(pod) } };
  if (restartPolicy(pod) === 'Never' && observed.containers.some(({ state }) => state !== 'CREATED')) return finished;
  const mains = mainContainers(pod).filter((container) => shouldRun(pod, newest(observed.containers, container.name)));
  if (mains.length === 0) return finished;
  const first = initContainers(pod)[0];
  const attempt = (observed.sandboxes[0]?.attempt ?? -1) + 1;
  const { start, waiting } = startOrWait(input, first ? [first] : mains);
  return { ...NOTHING, createSandbox: { attempt, replaces: observed.sandboxes }, start, waiting };
}

function planContainers(input: PlanInput, sandbox: ObservedSandbox): Plan {
  const { pod, observed, health } = input;
  const here = observed.containers.filter(({ sandboxId }) => sandboxId === sandbox.id);
  const init = planInit(pod, here, health);
  const finished: Plan = { ...NOTHING, killPod: { reason: 'Finished', gracePeriodSeconds: gracePeriod(pod) } };
  if (init.failed) return finished;
  const main = init.initialized ? planMain(pod, observed.containers, health) : NO_MAIN;
  if (init.initialized && !main.keeps && main.start.length === 0) return finished;
  const gracePeriodSeconds = gracePeriod(pod);
  const kill = [...init.kill, ...main.kill].map((one) => ({ gracePeriodSeconds, ...one }));
  // Ephemeral containers come first: they help to find out why the others do not start.
  const wanted = [...planEphemeral(pod, observed.containers), ...init.start, ...main.start];
  return { ...NOTHING, kill, ...startOrWait(input, wanted) };
}

/** Parts the containers that may start now from those that wait for the end of their back-off. */
function startOrWait(input: PlanInput, containers: Container[]): Pick<Plan, 'start' | 'waiting'> {
  const { pod, observed, backOffs, now, backOffRules = KUBELET_BACKOFF } = input;
  const start: Start[] = [];
  const waiting: Waiting[] = [];
  for (const container of containers) {
    // The latest *exited* one counts, also when a later one is about to be killed (`doBackOff`).
    const failed = observed.containers.find(({ name, state }) => name === container.name && state === 'EXITED');
    const first = { container, ...nextAttempt(pod, observed, container) };
    if (!failed) {
      start.push(first);
      continue;
    }
    const key = backOffKey(container);
    const backOff = backOffs.get(key);
    const failedAt = failed.finishedAt === undefined ? now : Date.parse(failed.finishedAt);
    const until = backOffUntil(backOff, failedAt, now, backOffRules);
    if (backOff && until !== undefined)
      waiting.push({ container, message: backOffMessage(pod, container, backOff), until });
    else start.push({ ...first, backOff: { key, value: nextBackOff(backOff, failedAt, now, backOffRules) } });
  }
  return { start, waiting };
}

function backOffMessage(pod: Pod, { name }: Container, { delayMs }: BackOff): string {
  return `back-off ${goDuration(delayMs)} restarting failed container=${name} pod=${podWords(pod)}`;
}

/**
 * Attempts count up over the Pod's whole life, also into a new sandbox. When the runtime has lost a container that once ran, the
 * Pod's status still knows how often it was started.
 */
function nextAttempt(pod: Pod, { containers }: Observed, { name }: Container): Pick<Start, 'attempt' | 'replaces'> {
  const last = newest(containers, name);
  if (last?.state === 'CREATED') return { attempt: last.attempt, replaces: last.id };
  if (last) return { attempt: last.attempt + 1 };
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const known = [...initContainerStatuses, ...containerStatuses].find((status) => status.name === name);
  return { attempt: (known?.restartCount ?? 0) + (known?.containerID ? 1 : 0) };
}

/** Older dead containers, and sandboxes that are dead and then empty. */
function removals({ sandboxes, containers }: Observed): Plan['remove'] {
  const names = new Set(containers.map(({ name }) => name));
  const removed = [...names].flatMap((name) =>
    containers
      .filter((container) => container.name === name)
      .slice(KEPT_CONTAINERS)
      .filter((old) => !isAlive(old)),
  );
  const inUse = new Set(
    containers.filter((container) => !removed.includes(container)).map(({ sandboxId }) => sandboxId),
  );
  return {
    containers: removed,
    sandboxes: sandboxes.slice(1).filter(({ id, state }) => state === 'NOTREADY' && !inUse.has(id)),
  };
}

function earliest(times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
