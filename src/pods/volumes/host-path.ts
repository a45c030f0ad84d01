import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import type { HostPathVolumeSource } from '../../kube/generated/objects.ts';
import { VolumeError } from './volume-error.ts';

const IS_A: Record<string, { test: (stats: Stats) => boolean; words: string }> = {
  Directory: { test: (stats) => stats.isDirectory(), words: 'a directory' },
  File: { test: (stats) => stats.isFile(), words: 'a file' },
  Socket: { test: (stats) => stats.isSocket(), words: 'a socket file' },
  CharDevice: { test: (stats) => stats.isCharacterDevice(), words: 'a character device' },
  BlockDevice: { test: (stats) => stats.isBlockDevice(), words: 'a block device' },
};

/**
 * A path of the machine itself, checked by its type (`pkg/volume/hostpath`). Without a type nothing is checked, and the runtime makes a
 * directory where nothing is.
 */
export async function prepareHostPath(name: string, { path, type = '' }: HostPathVolumeSource): Promise<string> {
  if (type === '') return path;
  const kind = IS_A[type.replace(/OrCreate$/, '')];
  if (!kind) throw new VolumeError(name, `${type} is an invalid volume type`);
  const found = await stat(path).catch(() => undefined);
  if (!found && type.endsWith('OrCreate')) await create(name, path, type);
  else if (!found || !kind.test(found))
    throw new VolumeError(name, `hostPath type check failed: ${path} is not ${kind.words}`);
  return path;
}

async function create(name: string, path: string, type: string): Promise<void> {
  try {
    if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
    else await (await open(path, 'a', 0o644)).close();
  } catch (error) {
    throw new VolumeError(name, (error as Error).message, { cause: error });
  }
}
