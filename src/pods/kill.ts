import type { Runtime } from '../cri/runtime.ts';
import type { Pod } from '../kube/generated/objects.ts';
import { type Clock, elapsed } from './clock.ts';
import type { RunHook } from './hooks.ts';
import type { ObservedContainer } from './observed.ts';
import { allContainers, fieldPath } from './pod-spec.ts';
import type { PodEvents } from './ports.ts';

/** Every container gets at least this long between SIGTERM and SIGKILL (`minimumGracePeriodInSeconds` in the kubelet). */
const MINIMUM_GRACE_SECONDS = 2;
/** How much earlier than asked a runtime's SIGKILL may seem to come, for want of exact clocks. */
const TOLERANCE_MS = 100;

/** The container that is to end. */
export type Doomed = Pick<ObservedContainer, 'id' | 'name' | 'state'>;

export interface KillRequest {
  pod: Pod;
  /** Where the Pod is reached, for hooks; '' when it has no address. */
  ip: string;
  containers: {
    container: Doomed;
    /** Text of the event Killing. */
    message: string;
    /** Names of containers of this request that must end first. */
    after?: string[];
  }[];
  gracePeriodSeconds: number;
  /** Fires when there is no time left: everybody gets SIGTERM at once and the minimum to obey. */
  hurry?: AbortSignal;
}

export interface KillTools {
  runtime: Runtime;
  events: PodEvents;
  clock: Clock;
  hook: RunHook;
  /** Addresses of this machine. */
  hostIPs: string[];
}

/**
 * Ends containers side by side within one grace period (`killContainer`, `killContainersWithSyncResult`): all preStop hooks at once, then SIGTERM
 * for each in its turn. Whose hook still runs and who still waits for its turn when the time is up gets SIGTERM then. Resolves when all have ended; rejects with the first failure after all were tried.
 */
export async function killContainers(tools: KillTools, request: KillRequest): Promise<void> {
  const ended = new Map<string, Promise<void>>();
  const turns = new Map<string, () => void>();
  for (const { container } of request.containers) {
    ended.set(container.name, new Promise((resolve) => turns.set(container.name, resolve)));
  }
  const results = await Promise.allSettled(
    request.containers.map(async ({ container, message, after = [] }) => {
      const before = Promise.all(after.map((name) => ended.get(name)));
      await killOne(tools, request, { container, message, before: after.length > 0 ? before : undefined }).finally(
        turns.get(container.name),
      );
    }),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

interface Victim {
  container: Doomed;
  message: string;
  before: Promise<unknown> | undefined;
}

async function killOne(tools: KillTools, request: KillRequest, { container, message, before }: Victim): Promise<void> {
  const { clock, events } = tools;
  const { pod, gracePeriodSeconds, hurry } = request;
  const end = elapsed() + gracePeriodSeconds * 1000;
  const left = () => (hurry?.aborted ? 0 : Math.max(0, end - elapsed()));
  events.event(pod, 'Normal', 'Killing', message, fieldPath(pod, container.name));
  const hook = preStop(tools, request, container);
  try {
    if (hook) await whicheverFirst(clock, hook.done, left(), hurry);
    if (before && left() > 0) await whicheverFirst(clock, before, left(), hurry);
    await stop(tools, request, container, Math.max(MINIMUM_GRACE_SECONDS, Math.round(left() / 1000)));
  } finally {
    hook?.giveUp();
  }
}

/** Begins the container's preStop hook, if it has one and there is time for it. That it fails is told, and no more. */
function preStop(
  { hook, events }: KillTools,
  { pod, ip, gracePeriodSeconds, hurry }: KillRequest,
  { id, name, state }: Doomed,
): { done: Promise<void>; giveUp(): void } | undefined {
  const container = allContainers(pod).find((one) => one.name === name);
  const handler = container?.lifecycle?.preStop;
  if (!container || !handler || state !== 'RUNNING' || gracePeriodSeconds <= 0 || hurry?.aborted) return undefined;
  const over = new AbortController();
  const done = hook(handler, { pod, container, containerId: id, ip }, over.signal).catch(() => {
    // A sleep that is cut short has not failed.
    if (over.signal.aborted && handler.sleep) return;
    events.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', fieldPath(pod, name));
  });
  return { done, giveUp: () => over.abort() };
}

/** Resolves with `event`, after `ms`, or when the signal fires. Never rejects. */
async function whicheverFirst(clock: Clock, event: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    event.then(done, done);
    if (signal?.aborted) done();
  });
}

async function stop(tools: KillTools, { pod, hurry }: KillRequest, container: Doomed, seconds: number) {
  const { runtime } = tools;
  const begun = elapsed();
  const stopping = [runtime.stopContainer(container.id, seconds)];
  // The runtime takes a second, shorter order for the same container and keeps whichever ends first.
  const hasten = () => {
    const order = runtime.stopContainer(container.id, MINIMUM_GRACE_SECONDS);
    order.catch(() => {});
    stopping.push(order);
  };
  if (seconds > MINIMUM_GRACE_SECONDS) hurry?.addEventListener('abort', hasten, { once: true });
  try {
    for (const order of stopping) await order;
  } finally {
    hurry?.removeEventListener('abort', hasten);
  }
  const tookMs = elapsed() - begun;
  if (tookMs >= seconds * 1000 - TOLERANCE_MS) await tellIfKilled(tools, pod, container, seconds);
}

/** Our own event: whoever wonders why a deletion took so long finds the container that ignored SIGTERM. */
async function tellIfKilled({ runtime, events }: KillTools, pod: Pod, { id, name }: Doomed, seconds: number) {
  const status = await runtime.containerStatus(id).catch(() => undefined);
  if (status?.exitCode !== 137) return;
  const message = `Container ${name} did not stop within ${seconds} s of SIGTERM and was killed`;
  events.event(pod, 'Warning', 'ExceededGracePeriod', message, fieldPath(pod, name));
}
