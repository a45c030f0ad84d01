import { containerdRuntime } from '../../cri/containerd-runtime.ts';
import { type Runtime, RuntimeError } from '../../cri/runtime.ts';
import { OWNER_LABEL } from '../../pods/round.ts';
import { Failure } from '../command.ts';
import { quietLog } from './log.ts';

/**
 * Removes what a node has made in a container runtime that is not its own (`--cri`): its sandboxes, and with them their containers. Others' stay.
 * @param owner id of the node
 * @throws Failure when the runtime does not do it
 */
export async function removeFromRuntime(
  socket: string,
  owner: string,
  runtime: Runtime = containerdRuntime({ socket, log: quietLog() }),
): Promise<void> {
  try {
    for (const { id } of await runtime.listPodSandboxes({ labels: { [OWNER_LABEL]: owner } })) {
      await runtime.stopPodSandbox(id);
      await runtime.removePodSandbox(id);
    }
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    throw new Failure(`the Pods of this node are still in ${socket}: ${error.message}`, {
      hint: 'start that container runtime, then "outfit node reset" again',
      cause: error,
    });
  } finally {
    runtime.close();
  }
}
