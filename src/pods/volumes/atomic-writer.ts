import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Payload, PayloadFile } from './payload.ts';

/** The link that all files of the volume are reached through. */
const DATA = '..data';
/** Its successor, until it takes its place. */
const NEXT = '..data_tmp';

export interface WriteOptions {
  /** The Pod's fsGroup: it owns all files and may read them. */
  group?: number | undefined;
  now?: () => Date;
}

/**
 * Gives a directory exactly these files, all at once (`pkg/volume/util/atomic_writer.go`): they are written to a new hidden directory, and
 * one rename of a link makes them visible, so that whoever reads sees either all of the old or all of the new.
 *
 *     file    → ..data/file
 *     ..data  → ..2026_11_24_00_30_00.x1y2z3/
 *
 * @returns whether anything was changed: files that are as they should be are left alone
 */
export async function writeAtomically(
  directory: string,
  payload: Payload,
  { group, now = () => new Date() }: WriteOptions = {},
): Promise<boolean> {
  const old = await readlink(join(directory, DATA)).catch(() => undefined);
  const isSame = old !== undefined && (await holds(join(directory, old), payload));
  if (!isSame) {
    const fresh = await mkdtemp(join(directory, `..${stamp(now())}.`));
    await fill(fresh, payload, group);
    await switchTo(directory, fresh.slice(directory.length + 1));
  }
  await showOnly(directory, payload);
  await removeOld(directory);
  return !isSame;
}

async function holds(directory: string, payload: Payload): Promise<boolean> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = found.filter((entry) => entry.isFile());
  if (files.length !== payload.size) return false;
  for (const [path, { data }] of payload) {
    const content = await readFile(join(directory, path)).catch(() => undefined);
    if (!content?.equals(data)) return false;
  }
  return true;
}

async function fill(directory: string, payload: Payload, group: number | undefined): Promise<void> {
  await chmod(directory, folderMode(group));
  if (group !== undefined) await chown(directory, -1, group);
  for (const [path, file] of payload) {
    await makeFolders(directory, dirname(path), group);
    await writeOne(join(directory, path), file, group);
  }
}

async function makeFolders(directory: string, path: string, group: number | undefined): Promise<void> {
  if (path === '.') return;
  await makeFolders(directory, dirname(path), group);
  const folder = join(directory, path);
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (group !== undefined) await chown(folder, -1, group);
  await chmod(folder, folderMode(group));
}

async function writeOne(
  path: string,
  { data, mode, user = -1 }: PayloadFile,
  group: number | undefined,
): Promise<void> {
  await writeFile(path, data, { mode: 0o600 });
  await chown(path, user, group ?? -1);
  // After the owner: a change of owner takes away set-id bits.
  await chmod(path, group === undefined ? mode : mode | GROUP_READS);
}

/** With an fsGroup, the group may read everything and what is made belongs to it (`pkg/volume/volume_linux.go`). */
const GROUP_READS = 0o440;

function folderMode(group: number | undefined): number {
  return group === undefined ? 0o755 : 0o2755;
}

async function switchTo(directory: string, name: string): Promise<void> {
  const next = join(directory, NEXT);
  await rm(next, { force: true });
  await symlink(name, next);
  await rename(next, join(directory, DATA));
}

/** One link for each file or folder of the volume, and none more. */
async function showOnly(directory: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? ''));
  const shown = (await readdir(directory)).filter((name) => !name.startsWith('..'));
  for (const name of shown) if (!wanted.has(name)) await rm(join(directory, name));
  for (const name of wanted) {
    if (!shown.includes(name)) await symlink(join(DATA, name), join(directory, name));
  }
}

/** Also those that a crash left behind. */
async function removeOld(directory: string): Promise<void> {
  const current = await readlink(join(directory, DATA));
  const hidden = (await readdir(directory)).filter((name) => name.startsWith('..') && ![DATA, current].includes(name));
  for (const name of hidden) await rm(join(directory, name), { recursive: true, force: true });
}

/** `2026_11_24_00_30_00`, in UTC. */
function stamp(date: Date): string {
  return date.toISOString().slice(0, 19).replace(/[-T:]/g, '_');
}
