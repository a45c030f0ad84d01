import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** What one block of `stat` counts for, whatever the file system. Bytes. */
const BLOCK = 512;

/**
 * Bytes on disk of a directory and all below it, as du(1) counts: blocks, files with several names once, other file systems not at all. Ends as soon as
 * it is more than `enough`. What vanishes meanwhile does not count; what is not there takes no room.
 */
export async function diskUsage(directory: string, enough = Number.POSITIVE_INFINITY): Promise<number> {
  const top = await lstat(directory).catch(() => undefined);
  if (!top) return 0;
  const seen = new Set<number>();
  let sum = top.blocks * BLOCK;
  const waiting = [directory];
  for (let next = waiting.pop(); next !== undefined && sum <= enough; next = waiting.pop()) {
    for await (const path of entries(next)) {
      const found = await lstat(path).catch(() => undefined);
      if (!found || found.dev !== top.dev || seen.has(found.ino)) continue;
      if (found.nlink > 1) seen.add(found.ino);
      sum += found.blocks * BLOCK;
      if (found.isDirectory()) waiting.push(path);
      if (sum > enough) break;
    }
  }
  return sum;
}

async function* entries(directory: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(directory)) yield join(directory, name);
  } catch {
    // It has gone, or became something else.
  }
}
