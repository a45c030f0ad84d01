import { type FileHandle, open } from 'node:fs/promises';
import type { ContainerStatus } from '../cri/runtime.ts';
import { MESSAGE_PATH_ANNOTATION, MESSAGE_POLICY_ANNOTATION } from './labels.ts';
import { readLog } from './logs/read-log.ts';

/** Bytes of one container's message that are read: the last ones (`MaxContainerTerminationMessageLength`). */
const MAX_MESSAGE = 4 * 1024;
/** What is taken from a log instead: lines, and of these the last bytes. */
const MAX_LOG = { lines: 80, bytes: 2 * 1024 };

export interface LastWordsInput {
  /** Of a container that has ended. */
  status: Pick<ContainerStatus, 'annotations' | 'exitCode' | 'reason' | 'logPath'>;
  /** The file that is mounted at the container's terminationMessagePath. */
  file: string;
}

/**
 * What a container left as its message: what it wrote to its termination log, or by policy FallbackToLogsOnError the end of its log when it failed and
 * wrote nothing (`getTerminationMessage` in the kubelet's kuberuntime_container.go). '' for nothing. Never rejects: what cannot be read is said.
 */
export async function lastWords({ status, file }: LastWordsInput): Promise<string> {
  const { annotations, exitCode, reason, logPath } = status;
  const mayFallBack =
    annotations[MESSAGE_POLICY_ANNOTATION] === 'FallbackToLogsOnError' &&
    exitCode !== 0 &&
    reason !== 'ContainerCannotRun';
  const words = annotations[MESSAGE_PATH_ANNOTATION] ? await endOfFile(file) : '';
  if (words !== '' || !mayFallBack) return words;
  return endOfLog(logPath);
}

async function endOfFile(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const from = Math.max(0, size - MAX_MESSAGE);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_MESSAGE), 0, MAX_MESSAGE, from);
    return buffer.subarray(0, bytesRead).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    return `Error on reading termination log ${path}: ${(error as Error).message}`;
  } finally {
    await file?.close();
  }
}

async function endOfLog(path: string): Promise<string> {
  try {
    let end = Buffer.alloc(0);
    for await (const chunk of readLog(path, { tailLines: MAX_LOG.lines }))
      end = Buffer.concat([end, chunk as Buffer]).subarray(-MAX_LOG.bytes);
    return end.toString();
  } catch (error) {
    return `Error on reading termination message from logs: ${(error as Error).message}`;
  }
}
