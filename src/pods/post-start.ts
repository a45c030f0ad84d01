import { HookError } from './hooks.ts';
import { type Doomed, killContainers } from './kill.ts';
import { fieldPath, gracePeriod } from './pod-spec.ts';
import type { ProbeTarget } from './probes/answer.ts';
import type { Round, Tools } from './round.ts';

/** The container was started and, because its postStart hook failed, ended again. The message is that of its waiting state. */
export class PostStartFailed extends Error {
  override readonly name = 'PostStartFailed';
  readonly code = 'PostStartHookError';
}

/**
 * Runs the postStart hook of a container that has just started, if it has one, to its end. A hook that fails is the container's end, with its
 * preStop hook and within the Pod's grace period (`startContainer` in the kubelet's kuberuntime_container.go).
 * @throws PostStartFailed; the round's reason to end
 */
export async function postStart(tools: Tools, { pod, signal }: Round, target: ProbeTarget): Promise<void> {
  const { container, ip } = target;
  const handler = container.lifecycle?.postStart;
  if (!handler) return;
  try {
    await tools.hook(handler, target, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HookError)) throw error;
    const path = fieldPath(pod, container.name);
    tools.events.event(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', path);
    const victim = { container: justStarted(target), message: 'FailedPostStartHook' };
    await killContainers(tools, { pod, ip, containers: [victim], gracePeriodSeconds: gracePeriod(pod) });
    throw new PostStartFailed(error.message, { cause: error });
  }
}

function justStarted({ container, containerId }: ProbeTarget): Doomed {
  return { id: containerId, name: container.name, state: 'RUNNING' };
}
