import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Context, Failure, UsageError } from '../command.ts';
import { expandGlob, isGlob } from './expand-glob.ts';

/** What messages call standard input. */
const STDIN_NAME = '<stdin>';

/** Something that manifests can be read from; not opened yet. */
export interface Input {
  /** As messages name it: what was typed, or what was found under it. */
  name: string;
  /** Absolute, with symlinks resolved; undefined for standard input. */
  path: string | undefined;
  /** Found in a folder, so that nobody has said what it holds. */
  inFolder: boolean;
  /** A file that can be replaced; else a pipe or a device. */
  regular: boolean;
}

const MANIFEST = /\.(ya?ml|json)$/;

/**
 * What the values of `-f` or `-s` mean: files, folders (walked for *.yaml, *.yml and *.json, in the order of names), globs that the shell left
 * alone, and `-`. A file that is named in several ways is listed once.
 * @throws Failure for what is not there, cannot be read or holds no manifest; UsageError for `-` twice
 */
export async function findInputs(values: readonly string[], context: Pick<Context, 'cwd'>): Promise<Input[]> {
  if (values.filter((value) => value === '-').length > 1)
    throw new UsageError('standard input (-) can be read only once');
  const found: Input[] = [];
  for (const value of values) found.push(...(await inputsOf(value, context.cwd)));
  const seen = new Set<string>();
  return found.filter(({ path, regular }) => {
    if (path === undefined || !regular) return true;
    const fresh = !seen.has(path);
    seen.add(path);
    return fresh;
  });
}

async function inputsOf(value: string, cwd: string): Promise<Input[]> {
  if (value === '-') return [{ name: STDIN_NAME, path: undefined, inFolder: false, regular: false }];
  if (value === '') throw new UsageError('the name of a file is empty');
  if (/^https?:\/\//.test(value)) throw new Failure(`"${value}": fetch it first, and give the file`);
  const info = await stat(resolve(cwd, value)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw unreadable(value, error);
  });
  if (info) return inputsAt(value, info, cwd);
  if (!isGlob(value)) throw new Failure(`the path "${value}" does not exist`);
  const names = await expandGlob(value, cwd);
  if (names.length === 0) throw new Failure(`no file matches "${value}"`);
  const expanded: Input[] = [];
  for (const name of names) expanded.push(...(await inputsAt(name, await stat(resolve(cwd, name)), cwd)));
  return expanded;
}

async function inputsAt(name: string, info: Stats, cwd: string): Promise<Input[]> {
  if (!info.isDirectory()) return [await inputOf(name, info, cwd, false)];
  const inputs = await walk(name, cwd, new Set());
  if (inputs.length === 0) throw new Failure(`no *.yaml, *.yml or *.json file in "${name}"`);
  return inputs;
}

/** @param seen real paths of the folders that were walked: a symlink may lead back to one */
async function walk(folder: string, cwd: string, seen: Set<string>): Promise<Input[]> {
  const real = await realpath(resolve(cwd, folder));
  if (seen.has(real)) return [];
  seen.add(real);
  const entries = await readdir(real, { withFileTypes: true }).catch((error: Error) => {
    throw unreadable(folder, error);
  });
  const found: Input[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    found.push(...(await entryOf(entry, folder, cwd, seen)));
  return found;
}

/** Names that begin with a dot (`.git`) are passed over, and so are pipes and devices, which would keep us waiting. */
async function entryOf(entry: Dirent, folder: string, cwd: string, seen: Set<string>): Promise<Input[]> {
  if (entry.name.startsWith('.')) return [];
  const name = join(folder, entry.name);
  const maybe = MANIFEST.test(entry.name) || entry.isDirectory() || entry.isSymbolicLink();
  const info = maybe ? await stat(resolve(cwd, name)).catch(() => undefined) : undefined;
  if (info?.isDirectory()) return walk(name, cwd, seen);
  if (!MANIFEST.test(entry.name)) return [];
  if (!info) throw new Failure(`cannot read ${name}: the symbolic link leads nowhere`);
  return info.isFile() ? [await inputOf(name, info, cwd, true)] : [];
}

async function inputOf(name: string, info: Stats, cwd: string, inFolder: boolean): Promise<Input> {
  const path = resolve(cwd, name);
  // What `<(…)` of a shell gives has no real path.
  return { name, path: info.isFile() ? await realpath(path) : path, inFolder, regular: info.isFile() };
}

/** A failure to read, with the way out where it is a matter of rights. */
export function unreadable(name: string, { message, code }: NodeJS.ErrnoException): Failure {
  const denied = code === 'EACCES' || code === 'EPERM';
  const reason = message.replace(/^[A-Z]+: /, '').replace(/, \w+( '.*')?$/s, '');
  return new Failure(`cannot read ${name}: ${reason}`, {
    hint: denied ? 'use the user that it belongs to' : undefined,
  });
}
