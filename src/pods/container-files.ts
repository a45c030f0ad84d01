import { chmod, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from './config-error.ts';
import { type ContainerConfigInput, mountsInput } from './container-config.ts';
import { subPathMounts } from './container-mounts.ts';
import { hostsFile } from './hosts-file.ts';
import type { PodPaths } from './paths.ts';
import { podUid } from './pod-spec.ts';
import { type Mounts, systemMounts } from './volumes/mounts.ts';
import { bindSubPath, SubPathError } from './volumes/sub-path.ts';

const EVERYBODY = 0o666;

/**
 * Makes what `containerConfig` of the same input mounts: the Pod's /etc/hosts, the file for the termination message, the directory of the
 * log, and the bound parts of volumes. Idempotent; call it before each creation of a container.
 * @throws ConfigError as containerConfig; and when a subPath cannot be bound
 */
export async function prepareContainerFiles(
  input: ContainerConfigInput,
  mounts: Mounts = systemMounts(),
): Promise<void> {
  const { pod, container, attempt, paths, podIPs } = input;
  await mkdir(dirname(paths.containerLog(pod, container.name, attempt)), { recursive: true, mode: 0o755 });
  if (podIPs.length > 0) await writeHosts(input);
  await makeTerminationLog(paths.terminationLog(podUid(pod), container.name, attempt));
  for (const mount of subPathMounts(mountsInput(input))) {
    await bindSubPath(mount, mounts).catch((error: unknown) => {
      if (!(error instanceof SubPathError)) throw error;
      // Why is for the node's log only: the user might learn of files of the machine.
      const step = error.isMissing ? 'create subPath directory' : 'prepare subPath';
      const message = `failed to ${step} for volumeMount "${mount.volume}" of container "${container.name}"`;
      throw new ConfigError(message, { cause: error });
    });
  }
}

/** Deletes the logs of a Pod, also of one whose name is no longer known. Idempotent. */
export async function removeLogs(paths: PodPaths, uid: string): Promise<void> {
  for (const name of await logDirectories(paths)) {
    if (name.endsWith(`_${uid}`)) await rm(join(paths.logsDirectory, name), { recursive: true, force: true });
  }
}

/** The uids of Pods that have logs on disk. */
export async function uidsWithLogs(paths: PodPaths): Promise<string[]> {
  return (await logDirectories(paths)).map((name) => name.slice(name.lastIndexOf('_') + 1));
}

/** In place: running containers have the very file mounted. */
async function writeHosts({ pod, podIPs, paths }: ContainerConfigInput): Promise<void> {
  const path = paths.etcHosts(podUid(pod));
  const machineHosts = pod.spec?.hostNetwork ? await readFile('/etc/hosts', 'utf8').catch(() => '') : '';
  const text = hostsFile(pod, { podIPs, machineHosts });
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await writeFile(path, text, { mode: 0o644 });
}

/** Whatever user the container runs as may write it. */
async function makeTerminationLog(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await (await open(path, 'a')).close();
  await chmod(path, EVERYBODY);
}

async function logDirectories({ logsDirectory }: PodPaths): Promise<string[]> {
  return readdir(logsDirectory).catch(() => []);
}
