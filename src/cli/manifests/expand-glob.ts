import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Whether a shell would have expanded it. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * The files and folders that a glob names, sorted: `*`, `?` and `[a-z]` within a name, `**` for any number of folders. As in shells, a name that begins
 * with a dot has to be asked for. Folders that cannot be read hold nothing.
 */
export async function expandGlob(glob: string, cwd: string): Promise<string[]> {
  const absolute = glob.startsWith('/');
  const steps = glob.split('/').filter((step) => step !== '');
  let names = [absolute ? '/' : ''];
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1;
    const next = await Promise.all(names.map((name) => follow(name, step, last, cwd)));
    names = [...new Set(next.flat())];
  }
  return names.sort();
}

async function follow(name: string, step: string, last: boolean, cwd: string): Promise<string[]> {
  if (step === '**') return last ? everythingBelow(name, cwd) : [name, ...(await foldersBelow(name, cwd))];
  if (!isGlob(step)) {
    const there = await stat(resolve(cwd, name, step)).then(
      () => true,
      () => false,
    );
    return there ? [join(name, step)] : [];
  }
  const pattern = toPattern(step);
  const entries = await entriesOf(name, cwd);
  return entries.filter((entry) => pattern.test(entry.name)).map((entry) => join(name, entry.name));
}

async function foldersBelow(name: string, cwd: string): Promise<string[]> {
  const entries = await entriesOf(name, cwd);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(name, entry.name));
  const below = await Promise.all(folders.map((folder) => foldersBelow(folder, cwd)));
  return [...folders, ...below.flat()];
}

async function everythingBelow(name: string, cwd: string): Promise<string[]> {
  const folders = [name, ...(await foldersBelow(name, cwd))];
  const entries = await Promise.all(
    folders.map(async (folder) => (await entriesOf(folder, cwd)).map((entry) => ({ folder, entry }))),
  );
  return entries.flat().flatMap(({ folder, entry }) => (entry.isFile() ? [join(folder, entry.name)] : []));
}

async function entriesOf(name: string, cwd: string) {
  const entries = await readdir(resolve(cwd, name), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.name.startsWith('.'));
}

function toPattern(glob: string): RegExp {
  const source = glob.replace(/\[(!?)([^\]]*)\]|[*?]|[\\^$.|+(){}[\]]/g, (found, not?: string, set?: string) => {
    if (found === '*') return '.*';
    if (found === '?') return '.';
    if (set) return `[${not ? '^' : ''}${set.replace(/[\\^]/g, '\\$&')}]`;
    return `\\${found}`;
  });
  return new RegExp(`^${source}$`, 's');
}
