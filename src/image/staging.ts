import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Meter } from './digest.ts';
import { ImageError, writeError } from './image-error.ts';
import { isRunning, processName } from './layout-lock.ts';
import type { Descriptor } from './oci.ts';

const OWNER_FILE = 'owner';

interface Target {
  commit(files: Map<string, string>, images: { name: string; descriptor: Descriptor }[]): Promise<void>;
}

/** A directory beside the blobs in which one writer prepares images. Every use ends with `commit` or `discard`. */
export class Staging {
  /** For files of the writer's own; on the same file system as the blobs. */
  readonly path: string;
  readonly #target: Target;
  /** Digest → file. */
  readonly #blobs = new Map<string, string>();

  static async open(parent: string, target: Target): Promise<Staging> {
    const path = join(parent, randomUUID());
    try {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, OWNER_FILE), await processName(process.pid));
    } catch (error) {
      throw writeError(error, path);
    }
    return new Staging(path, target);
  }

  private constructor(path: string, target: Target) {
    this.path = path;
    this.#target = target;
  }

  /**
   * Writes one blob. With `expected`, it must be exactly that.
   * @throws ImageError Corrupt, DiskFull, NotWritable
   */
  async write(
    content: Readable | Uint8Array | string,
    mediaType: string,
    expected?: { digest: string; size?: number },
  ): Promise<Descriptor> {
    const file = join(this.path, randomUUID());
    const meter = new Meter();
    const source = content instanceof Readable ? content : Readable.from([Buffer.from(content)]);
    try {
      await pipeline(source, meter, createWriteStream(file, { flush: true }));
    } catch (error) {
      throw writeError(error, this.path);
    }
    const descriptor = { mediaType, digest: meter.digest(), size: meter.size };
    if (expected) requireSame(expected, descriptor);
    this.#blobs.set(descriptor.digest, file);
    return descriptor;
  }

  /** Takes a file below `path` whose digest is known already as a blob. */
  adopt(file: string, digest: string): void {
    this.#blobs.set(digest, file);
  }

  /** The content of a blob that was written or adopted. */
  read(digest: string): Readable {
    return createReadStream(this.#blobs.get(digest)!);
  }

  /** Whether a blob was written or adopted. */
  has(digest: string): boolean {
    return this.#blobs.has(digest);
  }

  /** Makes the images visible under their full names, all at once, in place of what had these names. */
  async commit(images: { name: string; descriptor: Descriptor }[]): Promise<void> {
    try {
      await this.#target.commit(this.#blobs, images);
    } finally {
      await this.discard();
    }
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

function requireSame(expected: { digest: string; size?: number }, { digest, size }: Descriptor): void {
  if (digest !== expected.digest || (expected.size !== undefined && size !== expected.size)) {
    throw new ImageError(
      'Corrupt',
      `a blob is not what its name promises: ${expected.digest} (${expected.size ?? '?'} bytes) is really ${digest} (${size} bytes)`,
    );
  }
}

/** Removes what processes left behind that ended in the middle of their work. */
export async function removeAbandoned(parent: string): Promise<void> {
  for (const entry of await readdir(parent, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(parent, entry.name);
    const owner = await readFile(join(path, OWNER_FILE), 'utf8').catch(() => undefined);
    if (owner !== undefined && !(await isRunning(owner))) await rm(path, { recursive: true, force: true });
  }
}
