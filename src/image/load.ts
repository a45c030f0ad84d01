import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { InvalidImageName, normalizeImageName } from '../kube/image-name.ts';
import { archiveFiles } from './archive-files.ts';
import { dockerImages } from './docker-source.ts';
import { ImageError } from './image-error.ts';
import type { ImageLayout } from './layout.ts';
import { ociArchitecture } from './oci.ts';
import { type FoundImage, ociImages } from './oci-source.ts';
import { directoryFiles, type SourceFiles } from './source-files.ts';
import type { Staging } from './staging.ts';

export interface LoadOptions {
  layout: ImageLayout;
  /** A name for the image, in place of what the archive calls it; needed where that does not say. Only for a single image. */
  name?: string;
  /** Which of an image's platforms is wanted, as images name it: amd64, arm64. */
  architecture?: string;
  /** The most that an archive may unpack to, in bytes. Default: what is free on the disk, less a reserve. */
  maxBytes?: number;
  onProgress?: (step: string) => void;
  signal?: AbortSignal;
}

/**
 * Stores the images of an archive (a file, or a stream of its bytes) or of a directory: OCI image layouts, and what `docker save` writes; archives
 * may be gzipped. All of its images or none.
 * @returns the full name and the manifest's digest of each
 * @throws ImageError NotFound, Corrupt, Unsupported, TooLarge, InvalidName, DiskFull, NotWritable
 */
export async function loadImages(
  source: string | Readable,
  options: LoadOptions,
): Promise<{ name: string; digest: string }[]> {
  const { layout, architecture = ociArchitecture(), onProgress = () => {}, signal } = options;
  const staging = await layout.stage();
  try {
    onProgress('reading the archive');
    const files = await openSource(source, staging, options);
    onProgress('checking the images');
    const found = await findImages(files, staging, architecture);
    const images = nameImages(found, options.name);
    signal?.throwIfAborted();
    await staging.commit(images);
    return images.map(({ name, descriptor }) => ({ name, digest: descriptor.digest }));
  } finally {
    await staging.discard();
  }
}

async function openSource(
  source: string | Readable,
  staging: Staging,
  { maxBytes, signal }: LoadOptions,
): Promise<SourceFiles> {
  if (source instanceof Readable) return archiveFiles(source, staging, maxBytes);
  const isDirectory = await stat(source).then(
    (s) => s.isDirectory(),
    (cause: unknown) => {
      throw new ImageError('NotFound', `there is no ${source}`, { cause });
    },
  );
  if (isDirectory) return directoryFiles(source, staging);
  return archiveFiles(createReadStream(source, { ...(signal && { signal }) }), staging, maxBytes);
}

/** What newer versions of `docker save` write is both; the OCI part says more. */
function findImages(files: SourceFiles, staging: Staging, architecture: string): Promise<FoundImage[]> {
  if (files.has('index.json')) return ociImages(files, architecture);
  if (files.has('manifest.json')) return dockerImages(files, staging, architecture);
  const why = files.has('repositories')
    ? 'it is of a docker before 1.10; save it again with a newer one'
    : 'it has neither an index.json nor a manifest.json';
  throw new ImageError('Unsupported', `this is no image archive: ${why}`);
}

function nameImages(
  found: FoundImage[],
  name: string | undefined,
): { name: string; descriptor: FoundImage['descriptor'] }[] {
  if (name !== undefined && found.length > 1) {
    throw new ImageError('InvalidName', `the archive has ${found.length} images; they cannot all be called ${name}`);
  }
  return found.flatMap(({ names, descriptor }) => {
    const wanted = name === undefined ? names : [name];
    if (wanted.length === 0)
      throw new ImageError('InvalidName', 'the archive does not say what its image is called; give it a name');
    return wanted.map((one) => ({ name: fullName(one), descriptor }));
  });
}

function fullName(name: string): string {
  try {
    const full = normalizeImageName(name);
    if (!full.includes('@')) return full;
  } catch (error) {
    if (error instanceof InvalidImageName) throw new ImageError('InvalidName', error.message, { cause: error });
    throw error;
  }
  throw new ImageError('InvalidName', `${name} names a digest; an image that is loaded needs a tag`);
}
