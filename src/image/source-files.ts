import { constants } from 'node:fs';
import { open, readdir, readFile, realpath } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { ImageError } from './image-error.ts';
import { MAX_DOCUMENT_BYTES } from './layout.ts';
import type { Staging } from './staging.ts';

/** The files of an archive or directory that images are read from. Names are relative, with `/`, and lead nowhere else. */
export interface SourceFiles {
  has(name: string): boolean;

  /**
   * A small JSON document.
   * @throws ImageError Corrupt when it is missing, too large or no JSON
   */
  json<T>(name: string): Promise<T>;

  /**
   * Makes the file a blob of the staging, and says what it is.
   * @throws ImageError Corrupt when it is missing
   */
  place(name: string): Promise<{ digest: string; size: number }>;
}

/** The files below a directory. Links out of it are not followed. */
export async function directoryFiles(directory: string, staging: Staging): Promise<SourceFiles> {
  const root = await realpath(directory);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const names = new Set(
    entries.filter((e) => e.isFile() || e.isSymbolicLink()).map((e) => relative(root, join(e.parentPath, e.name))),
  );
  const inside = async (name: string): Promise<string> => {
    const path = await realpath(join(root, name)).catch(() => undefined);
    if (!path || !names.has(name)) throw missing(name);
    if (relative(root, path).startsWith('..')) throw new ImageError('Corrupt', `${name} is a link out of ${directory}`);
    return path;
  };
  return {
    has: (name) => names.has(name),
    json: async (name) => parseDocument(name, await readDocument(await inside(name), name)),
    place: async (name) => {
      const handle = await open(await inside(name), constants.O_RDONLY);
      return staging.write(handle.createReadStream(), '');
    },
  };
}

/** Reads a document that somebody else wrote. */
export function parseDocument<T>(name: string, text: string): T {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch (cause) {
    throw new ImageError('Corrupt', `${name} is not JSON`, { cause });
  }
  throw new ImageError('Corrupt', `${name} is not what it should be`);
}

/** The text of a file that is a document by its size. */
export async function readDocument(file: string, name: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY);
  try {
    const { size } = await handle.stat();
    if (size > MAX_DOCUMENT_BYTES) throw tooLarge(name, size);
    return await readFile(handle, 'utf8');
  } finally {
    await handle.close();
  }
}

/** The name of an entry without `./` and the like; an entry that leads out of the archive is an attack or an accident. */
export function safeName(name: string): string {
  const normal = posix.normalize(name).replace(/\/$/, '');
  if (posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../') || normal.includes('\0')) {
    throw new ImageError('Corrupt', `the archive has an entry that leads out of it: ${JSON.stringify(name)}`);
  }
  return normal;
}

export function missing(name: string): ImageError {
  return new ImageError(
    'Corrupt',
    `${name} is missing; the archive is cut short, or was made of only a part of the image`,
  );
}

function tooLarge(name: string, size: number): ImageError {
  return new ImageError('Corrupt', `${name} is too large for what it should be: ${size} bytes`);
}
