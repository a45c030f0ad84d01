import { type ContainerConfig, RuntimeError } from '../cri/runtime.ts';
import { ConfigError } from './config-error.ts';
import { GateClosed, mustRun, youngSidecars } from './gate.ts';
import { ImageError, type PresentImage } from './images.ts';
import { newest, podAddress } from './observed.ts';
import type { Start } from './plan.ts';
import { ephemeralContainers, fieldPath } from './pod-spec.ts';
import { PostStartFailed, postStart } from './post-start.ts';
import { isUnavailable, OWNER_LABEL, type Round, type Sandbox, type Tools } from './round.ts';

export interface Starting {
  start: Start;
  image: Promise<PresentImage>;
  sandbox: Sandbox;
  volumes: ReadonlyMap<string, string>;
}

/**
 * One container: its image, its configuration, make it, start it, run its postStart hook to the end. What fails becomes a waiting reason in the outcome, and events in the kubelet's words.
 * @throws GateClosed; RuntimeError Unavailable; the round's reason to end; what is nobody's fault but ours
 */
export async function startContainer(tools: Tools, round: Round, starting: Starting): Promise<void> {
  const { pod, signal, outcome } = round;
  const { name } = starting.start.container;
  const path = fieldPath(pod, name);
  try {
    await makeAndStart(tools, round, starting);
    outcome.waiting.set(name, undefined);
  } catch (error) {
    if (signal.aborted || isUnavailable(error) || error instanceof GateClosed) throw error;
    if (error instanceof PostStartFailed) {
      // It ran, and has been told; its back-off is that of its exit.
      outcome.waiting.set(name, { message: error.message, reason: error.code });
      return;
    }
    const failure = failureOf(error);
    if (!failure) throw error;
    const { announcement, text, reason, message } = failure;
    if (announcement) tools.events.event(pod, announcement.type, announcement.reason, announcement.message, path);
    tools.events.event(pod, 'Warning', 'Failed', `Error: ${text}`, path);
    tools.log.info(
      { pod: pod.metadata?.name, namespace: pod.metadata?.namespace, container: name, reason, err: error },
      'container not started',
    );
    outcome.waiting.set(name, { message, reason });
    outcome.failures.set(name, failure.retryAt);
  }
}

async function makeAndStart(tools: Tools, round: Round, starting: Starting): Promise<void> {
  const { runtime, events, parts, owner, slots, clock, hostIPs } = tools;
  const { pod, signal, outcome } = round;
  const { container, attempt, replaces, backOff } = starting.start;
  const { sandbox, volumes } = starting;
  const path = fieldPath(pod, container.name);
  const { image, announcement } = await starting.image;
  const announce = () => events.event(pod, announcement.type, announcement.reason, announcement.message, path);
  const gate = youngSidecars(pod, container, round.observed, clock.now());
  if (gate.length === 0) announce();
  if (replaces !== undefined) await runtime.removeContainer(replaces);
  const targetId = targetOf(round, container.name);
  const request = { pod, container, attempt, image, volumes, podIPs: sandbox.ips };
  const config = await parts
    .containerConfig({ ...request, ...(targetId !== undefined && { targetId }) })
    .catch(ofTheMachine);
  signal.throwIfAborted();
  const labelled = { ...config, labels: { ...config.labels, [OWNER_LABEL]: owner } };
  const containerId = await slots.run(() => create(tools, sandbox, labelled), { signal });
  round.made(containerId);
  await mustRun(tools, gate, signal).catch(undo(runtime, containerId));
  if (gate.length > 0) announce();
  events.event(pod, 'Normal', 'Created', `Created container: ${container.name}`, path);
  if (backOff) outcome.backOffs.set(backOff.key, backOff.value);
  await slots.run(() => phase('RunContainerError', () => runtime.startContainer(containerId)), { signal });
  events.event(pod, 'Normal', 'Started', `Started container ${container.name}`, path);
  await postStart(tools, round, {
    pod,
    container,
    containerId,
    ip: podAddress(pod, { sandboxes: [sandbox] }, hostIPs),
  });
}

/**
 * The container that an ephemeral one wants to look at.
 * @throws ConfigError when it was not made yet
 */
function targetOf({ pod, observed }: Round, name: string): string | undefined {
  const target = ephemeralContainers(pod).find((one) => one.name === name)?.targetContainerName;
  if (!target) return undefined;
  const found = newest(observed.containers, target);
  if (!found) throw new ConfigError(`unable to find target container ${target}`);
  return found.id;
}

/** What the disk refuses, because it is full or read-only, is told at the container as well, and not in the node's log alone. */
function ofTheMachine(error: unknown): never {
  if (error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined)
    throw new ConfigError(error.message, { cause: error });
  throw error;
}

function create({ runtime }: Tools, sandbox: Sandbox, config: ContainerConfig): Promise<string> {
  return phase('CreateContainerError', () => runtime.createContainer(sandbox.id, config, sandbox.config));
}

/** A container that was made for nothing would pass for one that has begun. */
function undo(runtime: Tools['runtime'], id: string): (error: unknown) => Promise<never> {
  return async (error) => {
    await runtime.removeContainer(id);
    throw error;
  };
}

/** Says in which step a failure of the runtime happened. */
class PhaseError extends Error {
  override readonly name = 'PhaseError';
  readonly reason: string;
  constructor(reason: string, cause: Error) {
    super(cause.message, { cause });
    this.reason = reason;
  }
}

async function phase<T>(reason: 'CreateContainerError' | 'RunContainerError', step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof RuntimeError && !isUnavailable(error)) throw new PhaseError(reason, error);
    throw error;
  }
}

interface Failure {
  reason: string;
  /** Of the waiting state. */
  message: string;
  /** Of the event, after `Error: `. */
  text: string;
  announcement?: PresentImage['announcement'] | undefined;
  retryAt?: number | undefined;
}

function failureOf(error: unknown): Failure | undefined {
  if (error instanceof ImageError) {
    const { reason, message, announcement, retryAt } = error;
    return { reason, message, text: reason, announcement, retryAt };
  }
  if (error instanceof ConfigError) return { reason: error.code, message: error.message, text: error.message };
  if (error instanceof PhaseError) return { reason: error.reason, message: error.message, text: error.message };
  if (error instanceof RuntimeError)
    return { reason: 'CreateContainerError', message: error.message, text: error.message };
  return undefined;
}
