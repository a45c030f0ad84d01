import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Mounts } from './mounts.ts';
import { O_PATH } from './o-path.ts';

export interface SubPath {
  volumePath: string;
  /** Relative, without `..`. */
  subPath: string;
  /** Where to bind it. */
  target: string;
}

/** The path leads out of its volume, or is changed while it is looked at. */
export class SubPathError extends Error {
  override readonly name = 'SubPathError';
  /** There was nothing at the path, and a directory should have been made. */
  readonly isMissing: boolean;

  constructor(message: string, { cause, isMissing = false }: { cause?: unknown; isMissing?: boolean } = {}) {
    super(message, { cause });
    this.isMissing = isMissing;
  }
}

/**
 * Binds a part of a volume to a place of our own, so that what is mounted into the container is what was checked: containers of the Pod may
 * write to the volume and exchange directories for symlinks at any moment (CVE-2017-1002101; `pkg/volume/util/subpath`). Every
 * component is opened without following links, and the mount is made from the open file. A path that is not there becomes a directory.
 * @throws SubPathError
 */
export async function bindSubPath({ volumePath, subPath, target }: SubPath, mounts: Mounts): Promise<void> {
  const volume = await realpath(volumePath);
  const components = await resolveWithin(volume, subPath);
  const handle = await openBelow(volume, components, (await stat(volume)).mode);
  try {
    await mounts.unmount(target);
    await makeTarget(target, (await handle.stat()).isDirectory());
    await mounts.bind(`/proc/${process.pid}/fd/${handle.fd}`, target);
  } finally {
    await handle.close();
  }
}

/** The components below the volume, with links that stay inside it followed as far as the path exists. */
async function resolveWithin(volume: string, subPath: string): Promise<string[]> {
  const missing: string[] = [];
  const existing = split(subPath);
  for (;;) {
    const resolved = await realpath(join(volume, ...existing)).catch(absent);
    if (resolved !== undefined) {
      if (resolved !== volume && !resolved.startsWith(volume + sep)) {
        throw new SubPathError(`subpath "${subPath}" leads out of its volume`, { isMissing: missing.length > 0 });
      }
      return [...split(relative(volume, resolved)), ...missing];
    }
    missing.unshift(existing.pop() ?? '');
  }
}

/** A link to nowhere is not there either; making a directory in its place then fails with EEXIST. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw new SubPathError(error.message, { cause: error });
}

/** What is not there is made; its last directory gets the volume's own mode, so that whoever may write to the volume may write to it. */
async function openBelow(volume: string, components: string[], mode: number): Promise<FileHandle> {
  let handle = await open(volume, O_PATH | constants.O_DIRECTORY);
  let isNew = false;
  for (const component of components) {
    const parent = handle;
    try {
      ({ handle, isNew } = await openChild(parent, component, mode));
    } catch (error) {
      throw new SubPathError((error as Error).message, { cause: error });
    } finally {
      await parent.close();
    }
  }
  // mkdir(2) took the umask's bits off.
  if (isNew) await chmod(`/proc/self/fd/${handle.fd}`, mode & 0o7777);
  return handle;
}

async function openChild(
  parent: FileHandle,
  component: string,
  mode: number,
): Promise<{ handle: FileHandle; isNew: boolean }> {
  const path = `/proc/self/fd/${parent.fd}/${component}`;
  const openIt = () => open(path, O_PATH | constants.O_NOFOLLOW);
  let isNew = false;
  const handle = await openIt().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await mkdir(path, { mode: mode & 0o7777 });
    isNew = true;
    return openIt();
  });
  if (!(await handle.stat()).isSymbolicLink()) return { handle, isNew };
  await handle.close();
  throw new Error(`${component} has become a symbolic link`);
}

async function makeTarget(target: string, isDirectory: boolean): Promise<void> {
  await mkdir(isDirectory ? target : dirname(target), { recursive: true, mode: 0o750 });
  if (!isDirectory) await (await open(target, 'a')).close();
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
