import type { PodSandboxConfig } from '../cri/runtime.ts';
import type { Pod } from '../kube/generated/objects.ts';
import { GateClosed } from './gate.ts';
import { type KillTools, killContainers } from './kill.ts';
import { isAlive, type Observed, type ObservedSandbox, podAddress } from './observed.ts';
import type { Plan } from './plan.ts';
import { isUnavailable, messageOf, OWNER_LABEL, type Round, type Sandbox, type Tools } from './round.ts';
import { startContainer } from './start-container.ts';
import { terminationOrder } from './termination-order.ts';

/** A step before the containers failed; the user has been told. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** The plan changes something. A plan that only waits does not. */
export function isWork({ createSandbox, kill, start, remove }: Plan): boolean {
  return (
    [kill, start, remove.containers, remove.sandboxes].some(({ length }) => length > 0) || createSandbox !== undefined
  );
}

/**
 * Carries out a plan that does not kill the Pod (the kubelet's `SyncPod`). What fails for one container is noted in the outcome and does not hold up
 * the others; what fails for all rejects.
 * @throws StepFailed; RuntimeError; the signal's reason
 */
export async function act(tools: Tools, round: Round): Promise<void> {
  const { plan } = round;
  // 1. What a dead sandbox leaves behind, and containers that must not go on.
  if (plan.createSandbox && plan.createSandbox.replaces.length > 0) await endSandboxes(tools, round);
  await killUnwanted(tools, round);
  // 2. to 5. What is to run.
  if (plan.createSandbox || plan.start.length > 0) await startAll(tools, round);
  // 6. Old containers and sandboxes.
  await removeOld(tools, round);
}

async function startAll(tools: Tools, round: Round): Promise<void> {
  const { pod, plan } = round;
  // 2. Images are looked for while volumes and sandbox are made. Whatever ends this round ends the pulls.
  const over = new AbortController();
  const signal = AbortSignal.any([round.signal, over.signal]);
  tools.images.announce(pod);
  const starts = plan.start.map((start) => {
    const image = tools.images.ensure(pod, start.container, signal);
    image.catch(() => {});
    return { start, image };
  });
  try {
    // 3. Volumes.
    const volumes = await prepareVolumes(tools, pod);
    round.signal.throwIfAborted();
    // 4. Sandbox.
    const sandbox = await makeSandbox(tools, round);
    // 5. Containers, one after the other.
    for (const { start, image } of starts) {
      round.signal.throwIfAborted();
      await startContainer(tools, round, { start, image, sandbox, volumes });
    }
  } catch (error) {
    if (!(error instanceof GateClosed)) throw error;
    tools.log.debug({ pod: pod.metadata?.name, namespace: pod.metadata?.namespace }, error.message);
  } finally {
    over.abort();
  }
}

async function endSandboxes(tools: Tools, { pod, observed, plan }: Round): Promise<void> {
  const { runtime, events } = tools;
  events.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
  await killAll(tools, pod, observed, pod.spec?.terminationGracePeriodSeconds ?? 30);
  await Promise.all(plan.createSandbox?.replaces.map(({ id }) => runtime.stopPodSandbox(id)) ?? []);
}

/** Ends every container of the Pod in the order of termination, its preStop hooks first. */
export async function killAll(
  tools: KillTools,
  pod: Pod,
  observed: Observed,
  gracePeriodSeconds: number,
  hurry?: AbortSignal,
): Promise<void> {
  const victims = terminationOrder(pod, observed.containers.filter(isAlive)).map(({ container, after }) => ({
    container,
    after,
    message: `Stopping container ${container.name}`,
  }));
  const ip = podAddress(pod, observed, tools.hostIPs);
  await killContainers(tools, { pod, ip, containers: victims, gracePeriodSeconds, ...(hurry && { hurry }) });
}

async function killUnwanted(tools: Tools, { pod, observed, plan }: Round): Promise<void> {
  const ip = podAddress(pod, observed, tools.hostIPs);
  await Promise.all(
    plan.kill.map(({ container, message, gracePeriodSeconds }) =>
      killContainers(tools, { pod, ip, containers: [{ container, message }], gracePeriodSeconds }),
    ),
  );
}

async function prepareVolumes({ parts, events }: Tools, pod: Pod): Promise<ReadonlyMap<string, string>> {
  try {
    return await parts.prepareVolumes(pod);
  } catch (error) {
    events.event(pod, 'Warning', 'FailedMount', messageOf(error));
    throw new StepFailed('volumes cannot be made ready', { cause: error });
  }
}

async function makeSandbox(tools: Tools, round: Round): Promise<Sandbox> {
  const { runtime, events, slots } = tools;
  const { pod, plan, observed } = round;
  try {
    if (!plan.createSandbox) return await usedSandbox(tools, pod, observed.sandboxes[0]);
    const config = await sandboxConfig(tools, pod, plan.createSandbox.attempt);
    // Not given up when the Pod is deleted: what the runtime has begun it would finish all the same, unseen.
    const id = await slots.run(() => runtime.runPodSandbox(config), { signal: round.signal });
    round.made(id);
    const status = await runtime.podSandboxStatus(id);
    return { id, config, ips: [status.ip, ...status.additionalIps].filter((ip) => ip !== '') };
  } catch (error) {
    if (round.signal.aborted || isUnavailable(error)) throw error;
    events.event(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`);
    throw new StepFailed('the sandbox cannot be made', { cause: error });
  }
}

async function usedSandbox(tools: Tools, pod: Pod, sandbox: ObservedSandbox | undefined): Promise<Sandbox> {
  if (!sandbox) throw new Error('the plan starts containers without a sandbox');
  return { id: sandbox.id, ips: sandbox.ips, config: await sandboxConfig(tools, pod, sandbox.attempt) };
}

async function sandboxConfig({ parts, owner }: Tools, pod: Pod, attempt: number): Promise<PodSandboxConfig> {
  const config = await parts.sandboxConfig(pod, attempt);
  return { ...config, labels: { ...config.labels, [OWNER_LABEL]: owner } };
}

async function removeOld({ runtime, parts }: Tools, { pod, plan }: Round): Promise<void> {
  for (const { id, name, attempt } of plan.remove.containers) {
    await runtime.removeContainer(id);
    await parts.removeContainerFiles(pod, name, attempt);
  }
  for (const { id } of plan.remove.sandboxes) await runtime.removePodSandbox(id);
}
