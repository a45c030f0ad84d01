import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NodePlaces } from '../places.ts';

/** Where CNI's library keeps what its plugins answered: one folder for all networks of the machine, whoever calls it. */
export const CNI_CACHE = '/var/lib/cni/results';

/** The entries of our Pods: they bear our network's name, or name our run folder, as those of the loopback do. */
export function cachedResults({ run, cni }: NodePlaces, cache = CNI_CACHE): string[] {
  return list(cache)
    .filter((name) => name.startsWith(`${cni.network}-`) || textOf(join(cache, name)).includes(`"${run}/`))
    .map((name) => join(cache, name));
}

/**
 * Deletes the entries of this sandbox that were cut off when their writer was killed. CNI refuses to take a network away as long as it finds such an
 * entry, and does it without a complaint where there is none.
 * @returns how many there were
 */
export function dropBrokenResults(sandboxId: string, cache = CNI_CACHE): number {
  const broken = list(cache)
    .filter((name) => name.includes(`-${sandboxId}-`))
    .map((name) => join(cache, name))
    .filter((path) => !isJson(textOf(path)));
  for (const path of broken) rmSync(path, { force: true });
  return broken.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Other nodes share the folder: a file of theirs may go at any moment. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
