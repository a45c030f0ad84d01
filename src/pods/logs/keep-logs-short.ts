import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Container, Runtime } from '../../cri/runtime.ts';
import { POD_NAME_LABEL, POD_NAMESPACE_LABEL } from '../labels.ts';
import { POD_UID_LABEL } from '../observed.ts';
import type { PodPaths } from '../paths.ts';
import { OWNER_LABEL } from '../round.ts';
import { rotateLog } from './rotate-log.ts';

export interface KeepLogsShortOptions {
  runtime: Pick<Runtime, 'listContainers' | 'reopenContainerLog'>;
  paths: PodPaths;
  /** As in PodLoopOptions. */
  owner: string;
  log: Logger;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Bytes. Default 10 MiB, the kubelet's `containerLogMaxSize`. */
  maxBytes?: number;
  /** Default 5, the kubelet's `containerLogMaxFiles`. */
  maxFiles?: number;
}

/** The kubelet's `containerLogMonitorInterval`, in milliseconds. */
const LOOK_EVERY = 10_000;

/** Rotates the logs of containers that run, as they grow too long, until `signal` aborts. */
export async function keepLogsShort(options: KeepLogsShortOptions & { signal: AbortSignal }): Promise<void> {
  const { signal, log } = options;
  while (!signal.aborted) {
    await rotateLongLogs(options).catch((error: unknown) => log.warn({ err: error }, 'logs not looked at'));
    await sleep(LOOK_EVERY, undefined, { signal, ref: false }).catch(() => {});
  }
}

/**
 * One look at all logs. A log that cannot be rotated stays, is told in the node's log and tried again at the next look. One that is not there was moved aside
 * by a node that was killed before it had a new one begun: that is made good.
 */
export async function rotateLongLogs(options: KeepLogsShortOptions): Promise<void> {
  const { runtime, paths, owner, log, now = Date.now, maxBytes = 10 << 20, maxFiles = 5 } = options;
  const containers = await runtime.listContainers({ labels: { [OWNER_LABEL]: owner } });
  for (const container of containers.filter(({ state }) => state === 'RUNNING')) {
    const path = logPath(paths, container);
    const size = await stat(path).then((found) => found.size, sizeOfMissing);
    if (size !== undefined && size <= maxBytes) continue;
    const reopen = () => runtime.reopenContainerLog(container.id);
    const done = size === undefined ? reopen() : rotateLog(path, { maxFiles, now: now(), reopen });
    await done.catch((error: unknown) => log.warn({ err: error, path }, 'log not rotated'));
  }
}

function logPath(paths: PodPaths, { labels, metadata: { name, attempt } }: Container): string {
  const { [POD_NAMESPACE_LABEL]: namespace = '', [POD_NAME_LABEL]: pod = '', [POD_UID_LABEL]: uid = '' } = labels;
  return paths.containerLog({ metadata: { namespace, name: pod, uid } }, name, attempt);
}

function sizeOfMissing(error: NodeJS.ErrnoException): number | undefined {
  return error.code === 'ENOENT' ? undefined : 0;
}
