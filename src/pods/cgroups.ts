import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the kernel shows control groups. */
const ROOT = '/sys/fs/cgroup';
/** The kernel needs a moment to let go of a process that has ended. */
const TRIES = 20;
const PAUSE_MS = 25;

/** The control group of a Pod below `root` (`/outfit/1a2b3c4d`), in the kubelet's words for the last part. */
export function podCgroup(root: string, uid: string): string {
  return `${root}/pod${uid}`;
}

/**
 * Removes a control group and all below it, in every hierarchy of version 1 or in the one of version 2: containerd leaves the groups it
 * was given as parents. Idempotent.
 * @throws Error while a process is still in one of them
 */
export async function removeCgroup(path: string, root = ROOT): Promise<void> {
  for (const hierarchy of await hierarchies(root)) await removeTree(join(hierarchy, path));
}

/** A directory with `cgroup.controllers` is a hierarchy of version 2 itself; else each directory in it is one of version 1. */
async function hierarchies(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === 'cgroup.controllers')) return [root];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name));
}

async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  for (let tries = 1; ; tries++) {
    const error = await rmdir(directory).then(
      () => undefined,
      (reason: NodeJS.ErrnoException) => reason,
    );
    if (!error || error.code === 'ENOENT') return;
    if (error.code !== 'EBUSY' || tries === TRIES) throw error;
    await sleep(PAUSE_MS);
  }
}
