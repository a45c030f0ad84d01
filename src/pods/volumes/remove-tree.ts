import { rm } from 'node:fs/promises';
import type { Mounts } from './mounts.ts';

/**
 * Unmounts what is mounted in the directory and deletes it. Never goes through a symlink or into a mount: while something is still mounted in there,
 * nothing is deleted. What is not there is success.
 * @throws Error when a mount cannot be undone or a file not deleted; call again later
 */
export async function removeTree(directory: string, mounts: Mounts): Promise<void> {
  for (const point of await mounts.below(directory)) await mounts.unmount(point);
  const left = await mounts.below(directory);
  if (left.length > 0) throw new Error(`cannot delete ${directory}: still mounted: ${left.join(', ')}`);
  await rm(directory, { recursive: true, force: true });
}
