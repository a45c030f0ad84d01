import type { Runtime } from '../cri/runtime.ts';
import { StatusError } from '../kube/errors.ts';
import type { Pod } from '../kube/generated/objects.ts';
import { containerLabels, podLabels } from './labels.ts';

export interface FindInput {
  runtime: Pick<Runtime, 'listContainers' | 'listPodSandboxes'>;
  pod: Pod;
}

/**
 * The id of the running container of this name, for exec and attach.
 * @throws StatusError InternalError, as the kubelet says it, when none runs
 */
export async function findContainer({ runtime, pod, container }: FindInput & { container: string }): Promise<string> {
  const found = await runtime.listContainers({ labels: containerLabels(pod, { name: container }) });
  const running = found.filter(({ state }) => state === 'RUNNING');
  const id = newest(running)?.id;
  if (id === undefined) throw new StatusError('InternalError', `container not found ("${container}")`);
  return id;
}

/**
 * The id of the Pod's ready sandbox, for port-forward.
 * @throws StatusError InternalError, as the kubelet says it, when there is none
 */
export async function findSandbox({ runtime, pod }: FindInput): Promise<string> {
  const found = await runtime.listPodSandboxes({ labels: podLabels(pod) });
  const ready = found.filter(({ state }) => state === 'READY');
  const id = newest(ready)?.id;
  const { name, namespace } = pod.metadata ?? {};
  if (id === undefined) throw new StatusError('InternalError', `pod not found ("${name}_${namespace}")`);
  return id;
}

function newest<T extends { metadata: { attempt: number } }>(found: T[]): T | undefined {
  return found.toSorted((a, b) => b.metadata.attempt - a.metadata.attempt)[0];
}
