import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunCommand } from '../command.ts';
import type { Snapshotter } from './config.ts';

const CAP_SYS_RESOURCE = 24n;

/** Whether this process, and so containerd, may lower OOM scores. @param status text of /proc/self/status */
export function mayLowerOomScore(status: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** Whether the kernel has SELinux, enforcing or permissive; its file system is then mounted. */
export function hasSELinux(exists: (path: string) => boolean = existsSync): boolean {
  return exists('/sys/fs/selinux/enforce');
}

/**
 * overlayfs, or native where this file system cannot be the upper layer of an overlay (a container without a volume, for one).
 * Decided once for a folder: images unpacked by one snapshotter are not seen by the other.
 */
export async function chooseSnapshotter(folder: string, run: RunCommand): Promise<Snapshotter> {
  const decision = join(folder, 'snapshotter');
  const decided = existsSync(decision) ? readFileSync(decision, 'utf8').trim() : '';
  // Whoever was killed while it wrote has not decided.
  if (decided === 'native' || decided === 'overlayfs') return decided;
  const snapshotter = (await canOverlay(join(folder, 'overlay-check'), run)) ? 'overlayfs' : 'native';
  writeFileSync(decision, `${snapshotter}\n`);
  return snapshotter;
}

async function canOverlay(folder: string, run: RunCommand): Promise<boolean> {
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name));
  for (const path of [lower, upper, work, merged]) mkdirSync(path!, { recursive: true });
  try {
    await run('mount', [
      '-t',
      'overlay',
      'overlay',
      '-o',
      `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
      merged!,
    ]);
    await run('umount', [merged!]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
