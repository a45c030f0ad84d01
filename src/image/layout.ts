import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isDigest } from './digest.ts';
import { ImageError, writeError } from './image-error.ts';
import { withLock } from './layout-lock.ts';
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  isIndex,
  type Manifest,
  MEDIA,
  NAME_ANNOTATION,
  REF_ANNOTATION,
} from './oci.ts';
import { removeAbandoned, Staging } from './staging.ts';

/** One line of `outfit image list`. */
export interface ImageSummary {
  /** `docker.io/library/nginx:latest` */
  name: string;
  /** Of the manifest. */
  digest: string;
  /** What its blobs take on disk, in bytes. Blobs that several images share count for each. */
  size: number;
  architecture: string;
  /** RFC 3339, as the image itself says; absent where it does not. */
  created?: string;
}

/** A JSON document of an image is a few kB; what claims to be more than this is no image. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/**
 * The images that were built or loaded on this machine: an OCI image layout (image-spec v1.1, `image-layout.md`) in one directory. Names in its
 * index are full ones (`docker.io/library/nginx:latest`).
 *
 * Several processes may use it at once. Writers prepare their blobs aside (`stage`) and add them under a lock, so `blobs/` and `index.json`
 * only ever hold whole images.
 */
export class ImageLayout {
  readonly path: string;

  /**
   * Opens the directory, or makes an empty layout there.
   * @throws ImageError NotWritable, DiskFull, Corrupt
   */
  static async open(path: string): Promise<ImageLayout> {
    const layout = new ImageLayout(path);
    try {
      await mkdir(join(path, 'blobs', 'sha256'), { recursive: true });
      await mkdir(layout.#ingest, { recursive: true });
      if (!(await exists(join(path, 'oci-layout')))) await layout.#initialise();
    } catch (error) {
      throw writeError(error, path);
    }
    await layout.#readIndex();
    return layout;
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** The manifest that a full name stands for. */
  async find(name: string): Promise<Descriptor | undefined> {
    const found = (await this.#readIndex()).manifests.find((d) => nameOf(d) === name);
    return found && { mediaType: found.mediaType, digest: found.digest, size: found.size };
  }

  /** All full names with the manifest of each, by name. */
  async names(): Promise<Map<string, Descriptor>> {
    const { manifests } = await this.#readIndex();
    const named = manifests.flatMap((d) => (nameOf(d) === undefined ? [] : [[nameOf(d)!, d] as const]));
    return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** All images, by name. */
  async list(): Promise<ImageSummary[]> {
    const names = await this.names();
    return Promise.all([...names].map(([name, descriptor]) => this.#summary(name, descriptor)));
  }

  /**
   * The size of a blob in bytes.
   * @throws ImageError NotFound
   */
  async blobSize(digest: string): Promise<number> {
    try {
      return (await stat(this.#blob(digest))).size;
    } catch (cause) {
      throw new ImageError('NotFound', `there is no blob ${digest}`, { cause });
    }
  }

  /** The bytes of a blob from `start` to `end`, both included. */
  readBlob(digest: string, range?: { start: number; end: number }): Readable {
    return createReadStream(this.#blob(digest), range);
  }

  /**
   * A blob that is a JSON document.
   * @throws ImageError NotFound, Corrupt
   */
  async readJson<T>(digest: string): Promise<T> {
    const size = await this.blobSize(digest);
    if (size > MAX_DOCUMENT_BYTES)
      throw new ImageError('Corrupt', `blob ${digest} is too large for a manifest: ${size} bytes`);
    const text = await readFile(this.#blob(digest), 'utf8');
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new ImageError('Corrupt', `blob ${digest} of ${this.path} is not JSON`, { cause });
    }
  }

  /** A place to prepare blobs; nothing of it is an image before its `commit`. */
  async stage(): Promise<Staging> {
    return Staging.open(this.#ingest, { commit: (files, images) => this.#commit(files, images) });
  }

  /**
   * Takes a name away, and the blobs that no name needs any more. Resolves to the bytes that were freed.
   * @throws ImageError NotFound
   */
  async remove(name: string): Promise<number> {
    return this.#changeIndex((index) => {
      const manifests = index.manifests.filter((d) => nameOf(d) !== name);
      if (manifests.length === index.manifests.length) {
        throw new ImageError('NotFound', `there is no image ${name} that was built or loaded here`);
      }
      return { ...index, manifests };
    });
  }

  get #ingest(): string {
    return join(this.path, 'ingest');
  }

  #blob(digest: string): string {
    if (!isDigest(digest)) throw new ImageError('NotFound', `there is no blob ${JSON.stringify(digest)}`);
    return join(this.path, 'blobs', 'sha256', digest.slice('sha256:'.length));
  }

  async #initialise(): Promise<void> {
    await withLock(this.#lock, async () => {
      if (!(await exists(join(this.path, 'index.json')))) await this.#writeIndex({ schemaVersion: 2, manifests: [] });
      await writeDurably(join(this.path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}\n');
    });
  }

  get #lock(): string {
    return join(this.path, 'ingest', 'lock');
  }

  /** Moves staged blobs to their place and gives them their names. */
  async #commit(files: Map<string, string>, images: { name: string; descriptor: Descriptor }[]): Promise<void> {
    await this.#changeIndex(async (index) => {
      for (const [digest, file] of files) await rename(file, this.#blob(digest));
      const names = new Set(images.map(({ name }) => name));
      const others = index.manifests.filter((d) => !names.has(nameOf(d) ?? ''));
      return { ...index, manifests: [...others, ...images.map(named)] };
    });
  }

  /** Resolves to the bytes that became free. */
  async #changeIndex(change: (index: Index) => Index | Promise<Index>): Promise<number> {
    try {
      return await withLock(this.#lock, async () => {
        const index = await change(await this.#readIndex());
        await this.#writeIndex(index);
        await removeAbandoned(this.#ingest);
        return this.#removeUnreferenced(index);
      });
    } catch (error) {
      throw writeError(error, this.path);
    }
  }

  async #removeUnreferenced(index: Index): Promise<number> {
    const needed = new Set<string>();
    for (const descriptor of index.manifests) await this.#collect(descriptor, needed);
    const directory = join(this.path, 'blobs', 'sha256');
    let freed = 0;
    for (const name of await readdir(directory)) {
      if (needed.has(`sha256:${name}`)) continue;
      freed += (await stat(join(directory, name))).size;
      await rm(join(directory, name));
    }
    return freed;
  }

  /** Adds the digests of everything below a descriptor. What is missing or unreadable keeps nothing alive. */
  async #collect(descriptor: Descriptor, into: Set<string>): Promise<void> {
    if (into.has(descriptor.digest)) return;
    into.add(descriptor.digest);
    const document = await this.readJson<Partial<Index & Manifest>>(descriptor.digest).catch(() => undefined);
    if (isIndex(descriptor)) for (const child of document?.manifests ?? []) await this.#collect(child, into);
    for (const { digest } of [document?.config, ...(document?.layers ?? [])].filter((d) => d !== undefined))
      into.add(digest);
  }

  async #summary(name: string, descriptor: Descriptor): Promise<ImageSummary> {
    const manifest = await this.readJson<Manifest>(descriptor.digest);
    const config = await this.readJson<ImageConfig>(manifest.config.digest);
    const size = [descriptor, manifest.config, ...manifest.layers].reduce((sum, d) => sum + d.size, 0);
    const { architecture, created } = config;
    return { name, digest: descriptor.digest, size, architecture, ...(created && { created }) };
  }

  async #readIndex(): Promise<Index> {
    const file = join(this.path, 'index.json');
    try {
      const index: Index = JSON.parse(await readFile(file, 'utf8'));
      if (Array.isArray(index.manifests)) return index;
    } catch (cause) {
      throw new ImageError(
        'Corrupt',
        `${file} cannot be read; move ${this.path} away and build or load the images again`,
        { cause },
      );
    }
    throw new ImageError('Corrupt', `${file} is no index; move ${this.path} away and build or load the images again`);
  }

  async #writeIndex(index: Index): Promise<void> {
    const text = JSON.stringify({ ...index, mediaType: MEDIA.index }, undefined, 2);
    await writeDurably(join(this.path, 'index.json'), `${text}\n`);
  }
}

function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[NAME_ANNOTATION];
}

function named({ name, descriptor }: { name: string; descriptor: Descriptor }): Descriptor {
  const tag = name.slice(name.lastIndexOf(':') + 1);
  const { mediaType, digest, size } = descriptor;
  return { mediaType, digest, size, annotations: { [NAME_ANNOTATION]: name, [REF_ANNOTATION]: tag } };
}

/** Replaces a file at once: a reader, or a crash, sees the old content or the new. */
async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
