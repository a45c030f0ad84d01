import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Runtime, ContainerStatus as RuntimeContainerStatus } from '../../cri/runtime.ts';
import { badRequest } from '../../kube/errors.ts';
import type { ContainerStatus, Pod } from '../../kube/generated/objects.ts';
import type { PodPaths } from '../paths.ts';
import { type LogOptions, readLog } from './read-log.ts';

export interface ContainerLogsInput {
  pod: Pod;
  container: string;
  options: LogOptions & { previous?: boolean };
  runtime: Pick<Runtime, 'containerStatus'>;
  paths: PodPaths;
  now?: () => number;
  signal?: AbortSignal;
}

/**
 * The log of one container of a Pod: of the container that runs, else of the last that ran (also while it waits in CrashLoopBackOff);
 * with `previous` of the one before. With `follow` the stream ends when that container has ended.
 * @throws StatusError BadRequest in the kubelet's words when there is no such log
 */
export async function containerLogs(input: ContainerLogsInput): Promise<Readable> {
  const { pod, container, options, runtime, paths, now, signal } = input;
  const containerId = loggedContainer(pod, container, options.previous ?? false);
  const id = containerId.replace(/^[^:]*:\/\//, '');
  const found = await runtime.containerStatus(id).catch(() => undefined);
  if (!found) throw badRequest(`unable to retrieve container logs for ${containerId}`);
  const path = resolve(paths.logDirectory(pod), found.logPath);
  await access(path).catch(() => {
    throw badRequest(`failed to try resolving symlinks in path "${path}": lstat ${path}: no such file or directory`);
  });
  return readLog(path, options, { ended: () => hasEnded(runtime, id), ...(now && { now }), ...(signal && { signal }) });
}

/**
 * The id, with the runtime's name before it, of the container whose log is meant (`pkg/kubelet/kubelet_pods.go`, validateContainerLogStatus).
 * @throws StatusError BadRequest
 */
export function loggedContainer(pod: Pod, container: string, previous: boolean): string {
  const which = `container "${container}" in pod "${pod.metadata?.name}"`;
  const status = statusOf(pod, container);
  if (!status) throw badRequest(`${which} is not available`);
  const { waiting, running, terminated } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (previous) {
    if (last?.containerID) return last.containerID;
    throw badRequest(`previous terminated ${which} not found`);
  }
  if (running) return status.containerID ?? '';
  if (terminated?.containerID) return terminated.containerID;
  if (last?.containerID) return last.containerID;
  if (terminated || last) throw badRequest(`${which} is terminated`);
  throw badRequest(`${which} is waiting to start${waiting ? `: ${whyWaiting(waiting.reason)}` : ' - no logs yet'}`);
}

function statusOf({ status = {} }: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status;
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    (s) => s.name === container,
  );
}

function whyWaiting(reason = ''): string {
  if (reason === 'ErrImagePull') return "image can't be pulled";
  if (reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  return reason;
}

/** A runtime that does not answer now says nothing about the container. */
async function hasEnded(runtime: Pick<Runtime, 'containerStatus'>, id: string): Promise<boolean> {
  return runtime.containerStatus(id).then(isOver, (error: { code?: string }) => error.code === 'NotFound');
}

function isOver({ state }: RuntimeContainerStatus): boolean {
  return state === 'EXITED' || state === 'UNKNOWN';
}
