import { constants } from 'node:fs';
import { chmod, chown, type FileHandle, open, opendir } from 'node:fs/promises';
import { O_PATH } from './o-path.ts';

const READ_WRITE = 0o660;
const SEARCH = 0o110;
const SET_GROUP = 0o2000;

/**
 * Gives a directory and all in it to a group, which may then read and write it; what is made in it later belongs to the group, too (the kubelet's
 * `SetVolumeOwnership`). `onlyIfRootDiffers` leaves everything alone where the directory itself is as it should be. Other Pods may write to it
 * meanwhile, so every entry is opened without following links and changed by its handle: no link leads the change out of the directory.
 * @throws Error of the file system
 */
export async function giveToGroup(
  directory: string,
  group: number,
  { onlyIfRootDiffers = false }: { onlyIfRootDiffers?: boolean } = {},
): Promise<void> {
  const root = await open(directory, O_PATH | constants.O_DIRECTORY);
  try {
    if (onlyIfRootDiffers && (await isGiven(root, group))) return;
    await giveTree(root, group);
  } finally {
    await root.close();
  }
}

/** Content first: while the root is not as it should be, a change that broke off is begun again. */
async function giveTree(directory: FileHandle, group: number): Promise<void> {
  for await (const { name } of await opendir(pathOf(directory))) {
    const entry = await open(`${pathOf(directory)}/${name}`, O_PATH | constants.O_NOFOLLOW).catch(gone);
    if (!entry) continue;
    try {
      const found = await entry.stat();
      if (found.isDirectory()) await giveTree(entry, group);
      else if (!found.isSymbolicLink()) await give(entry, group, READ_WRITE);
    } finally {
      await entry.close();
    }
  }
  await give(directory, group, READ_WRITE | SEARCH | SET_GROUP);
}

/** chown(2) takes setuid and setgid off, so the mode comes second. */
async function give(handle: FileHandle, group: number, bits: number): Promise<void> {
  const { uid, gid, mode } = await handle.stat();
  if (gid !== group) await chown(pathOf(handle), uid, group);
  const wanted = (mode & 0o7777) | bits;
  if (gid !== group || (mode & 0o7777) !== wanted) await chmod(pathOf(handle), wanted);
}

async function isGiven(handle: FileHandle, group: number): Promise<boolean> {
  const { gid, mode } = await handle.stat();
  const wanted = READ_WRITE | SEARCH | SET_GROUP;
  return gid === group && (mode & wanted) === wanted;
}

/** The open file itself, whatever has become of its name. */
function pathOf({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
