import type { NodeFunctions } from '../../api/node-functions.ts';
import { type Runtime, RuntimeError } from '../../cri/runtime.ts';
import { badRequest, StatusError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import { containerLogs } from '../../pods/logs/container-logs.ts';
import type { PodPaths } from '../../pods/paths.ts';
import { findContainer, findSandbox } from '../../pods/streams.ts';

/** What the API server asks of this machine, made from the container runtime and the Pods' files. */
export function nodeFunctions({ runtime, paths }: { runtime: Runtime; paths: PodPaths }): NodeFunctions {
  const running = async (pod: Pod, container: string): Promise<string> => {
    checkContainer(pod, container);
    return findContainer({ runtime, pod, container });
  };
  return {
    logs: (pod, container, options) => {
      checkContainer(pod, container);
      return containerLogs({ pod, container, options, runtime, paths });
    },
    exec: async (pod, container, options) =>
      streamingUrl(runtime.exec({ containerId: await running(pod, container), ...options })),
    attach: async (pod, container, { stdin, ...options }) =>
      streamingUrl(runtime.attach({ containerId: await running(pod, container), stdin: stdin, ...options })),
    portForward: async (pod, ports) => streamingUrl(runtime.portForward(await findSandbox({ runtime, pod }), ports)),
  };
}

/** @throws StatusError BadRequest, in the kube-apiserver's words (`pkg/registry/core/pod/strategy.go`) */
function checkContainer({ metadata, spec }: Pod, container: string): void {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec ?? { containers: [] };
  const known = [...containers, ...initContainers, ...ephemeralContainers].some((c) => c.name === container);
  if (!known) throw badRequest(`container ${container} is not valid for pod ${metadata?.name}`);
}

async function streamingUrl(url: Promise<string>): Promise<URL> {
  try {
    return new URL(await url);
  } catch (error) {
    if (error instanceof RuntimeError) throw new StatusError('InternalError', error.message);
    throw error;
  }
}
