import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface RotationOptions {
  /** Files of one container, the one that is being written included. */
  maxFiles: number;
  /** Milliseconds since the epoch. */
  now: number;
  /** Makes the writer begin a new file at `path`. */
  reopen(): Promise<void>;
}

const ZIPPED = '.gz';
const UNFINISHED = '.tmp';

/**
 * Moves a container's log aside, as `0.log.20261123-180000`, and has a new one begun; older ones are compressed, the oldest removed (the kubelet's
 * `pkg/kubelet/logs/container_log_manager.go`). May be broken off at any point: the next call goes on from what it finds.
 * @throws what `reopen` throws, or the file system; the log is then at its place again
 */
export async function rotateLog(path: string, { maxFiles, now, reopen }: RotationOptions): Promise<void> {
  const older = await rotatedBefore(path);
  const excess = older.slice(0, Math.max(0, older.length - (maxFiles - 2)));
  await Promise.all(excess.map((file) => rm(file, { force: true })));
  for (const file of older.slice(excess.length)) if (!file.endsWith(ZIPPED)) await compress(file);
  const aside = `${path}.${timestamp(now)}`;
  await rename(path, aside);
  try {
    await reopen();
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
}

/** The oldest first. What a compression left that did not come to its end is removed. */
async function rotatedBefore(path: string): Promise<string[]> {
  const folder = dirname(path);
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${basename(path)}.`)).sort();
  const unfinished = names.filter((name) => name.endsWith(UNFINISHED));
  await Promise.all(unfinished.map((name) => rm(join(folder, name), { force: true })));
  const rest = names.filter((name) => !unfinished.includes(name));
  // Compressed, and killed before the original was removed.
  const doubled = rest.filter((name) => rest.includes(`${name}${ZIPPED}`));
  await Promise.all(doubled.map((name) => rm(join(folder, name), { force: true })));
  return rest.filter((name) => !doubled.includes(name)).map((name) => join(folder, name));
}

async function compress(file: string): Promise<void> {
  const unfinished = `${file}${UNFINISHED}`;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(unfinished, { mode: 0o640 }));
  await rename(unfinished, `${file}${ZIPPED}`);
  await rm(file);
}

/** `20261123-180000`, in UTC. */
function timestamp(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
