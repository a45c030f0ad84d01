import { createWriteStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { Meter } from './digest.ts';
import { ImageError, writeError } from './image-error.ts';
import { missing, parseDocument, readDocument, type SourceFiles, safeName } from './source-files.ts';
import type { Staging } from './staging.ts';

/** What stays free on the disk, whatever an archive unpacks to. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const MAX_ENTRIES = 20_000;

interface Unpacked {
  file: string;
  digest: string;
  size: number;
}

interface Unpacking {
  staging: Staging;
  files: Map<string, Unpacked>;
  /** Links inside the archive: name → name. */
  links: Map<string, string>;
  /** How many bytes may still be written. */
  room: number;
}

/**
 * Unpacks a tar archive, gzipped or not, into files of the staging. The files are numbered: no name from an archive ever becomes a path.
 * @throws ImageError Corrupt (cut short, no archive, paths that lead out), TooLarge, Unsupported (another compression), DiskFull
 */
export async function archiveFiles(archive: Readable, staging: Staging, maxBytes?: number): Promise<SourceFiles> {
  const room = maxBytes ?? (await freeBytes(staging.path));
  const unpacking: Unpacking = { staging, files: new Map(), links: new Map(), room };
  await unpack(archive, unpacking);
  const { files, links } = unpacking;
  const find = (name: string): Unpacked => {
    const found = files.get(followLinks(name, links));
    if (!found) throw missing(name);
    return found;
  };
  return {
    has: (name) => files.has(followLinks(name, links)),
    json: async (name) => parseDocument(name, await readDocument(find(name).file, name)),
    place: async (name) => {
      const { file, digest, size } = find(name);
      if (!staging.has(digest)) staging.adopt(file, digest);
      return { digest, size };
    },
  };
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.max(bavail * bsize - RESERVE_BYTES, 0);
}

async function unpack(archive: Readable, unpacking: Unpacking): Promise<void> {
  const tar = extract();
  try {
    const input = await decompressed(archive);
    input.on('error', (error) => tar.destroy(error));
    input.pipe(tar);
    for await (const entry of tar) {
      await takeEntry(entry.header, entry as unknown as Readable, unpacking);
      entry.resume();
    }
  } catch (error) {
    throw archiveError(error, unpacking.staging.path);
  } finally {
    archive.destroy();
  }
}

/** What an archive is compressed with shows in its first bytes. */
async function decompressed(archive: Readable): Promise<Readable> {
  const chunks = archive[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  const first = await atLeast(6, chunks);
  const hex = first.toString('hex', 0, 6);
  const other = Object.entries(OTHER_COMPRESSIONS).find(([magic]) => hex.startsWith(magic))?.[1];
  if (other) {
    throw new ImageError('Unsupported', `the archive is compressed with ${other}; decompress it first (${other} -d)`);
  }
  const whole = Readable.from(startingWith(first, chunks), { objectMode: false });
  if (!hex.startsWith('1f8b')) return whole;
  const gunzip = createGunzip();
  whole.on('error', (error) => gunzip.destroy(error));
  return whole.pipe(gunzip);
}

/** The first chunks as one, of so many bytes where there are as many. */
async function atLeast(length: number, chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < length) {
    const { done, value } = await chunks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  return start;
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

const OTHER_COMPRESSIONS: Record<string, string> = { '28b52ffd': 'zstd', fd377a585a00: 'xz', '425a68': 'bzip2' };

async function takeEntry(header: Header, content: Readable, unpacking: Unpacking): Promise<void> {
  const { files, links, staging } = unpacking;
  const name = safeName(header.name);
  if (files.size + links.size >= MAX_ENTRIES)
    throw new ImageError('TooLarge', `the archive has more than ${MAX_ENTRIES} files`);
  if (header.type === 'symlink') links.set(name, safeName(posix.join(posix.dirname(name), header.linkname ?? '')));
  if (header.type === 'link') links.set(name, safeName(header.linkname ?? ''));
  if (header.type !== 'file' && header.type !== 'contiguous-file') return;
  const file = join(staging.path, `file-${files.size}`);
  const meter = new Meter((count) => {
    unpacking.room -= count;
    if (unpacking.room < 0)
      throw new ImageError('TooLarge', `the archive unpacks to more than there is room for in ${staging.path}`);
  });
  await pipeline(content, meter, createWriteStream(file, { flush: true }));
  files.set(name, { file, digest: meter.digest(), size: meter.size });
}

function followLinks(name: string, links: Map<string, string>): string {
  let target = name;
  for (let steps = 0; links.has(target) && steps < 10; steps++) target = links.get(target)!;
  return target;
}

function archiveError(error: unknown, path: string): unknown {
  const known = writeError(error, path);
  const { name, message } = error as Error;
  if (known instanceof ImageError || name === 'AbortError') return known;
  return new ImageError(
    'Corrupt',
    `the archive cannot be read: ${message}; it is damaged, cut short, or no tar archive`,
    { cause: error },
  );
}
