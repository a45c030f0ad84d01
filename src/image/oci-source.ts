import { isDigest } from './digest.ts';
import { ImageError } from './image-error.ts';
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  isIndex,
  isManifest,
  type Manifest,
  NAME_ANNOTATION,
  type Platform,
  REF_ANNOTATION,
} from './oci.ts';
import type { SourceFiles } from './source-files.ts';

/** One image that a source holds, with its blobs staged. */
export interface FoundImage {
  /** As the source has them; none where it does not say. */
  names: string[];
  descriptor: Descriptor;
}

/**
 * The images of an OCI image layout, for one architecture. All blobs of them are checked and staged.
 * @throws ImageError Corrupt, Unsupported
 */
export async function ociImages(files: SourceFiles, architecture: string): Promise<FoundImage[]> {
  const { manifests } = await files.json<Index>('index.json');
  if (!Array.isArray(manifests) || manifests.length === 0) throw new ImageError('Corrupt', 'index.json lists no image');
  const images = new Map<string, FoundImage>();
  for (const listed of mergePlatforms(manifests)) {
    const descriptor = await stageImage(files, listed, architecture);
    const image = images.get(descriptor.digest) ?? { names: [], descriptor };
    const name = nameOf(listed[0]!);
    if (name) image.names.push(name);
    images.set(descriptor.digest, image);
  }
  return [...images.values()];
}

/** Entries of one name are the platforms of one image, as some tools write them instead of an index. */
function mergePlatforms(manifests: Descriptor[]): Descriptor[][] {
  const groups = new Map<string, Descriptor[]>();
  manifests.forEach((descriptor, i) => {
    const name = nameOf(descriptor) ?? (descriptor.platform ? '' : String(i));
    groups.set(name, [...(groups.get(name) ?? []), descriptor]);
  });
  return [...groups.values()];
}

/** The full name, or a name in the annotation that by the specification holds a tag only. */
function nameOf({ annotations }: Descriptor): string | undefined {
  const reference = annotations?.[REF_ANNOTATION];
  return annotations?.[NAME_ANNOTATION] ?? (reference && /[/:]/.test(reference) ? reference : undefined);
}

async function stageImage(files: SourceFiles, listed: Descriptor[], architecture: string): Promise<Descriptor> {
  const seen: string[] = [];
  const found = await chooseManifest(files, listed, { architecture, seen, depth: 0 });
  if (!found) {
    const what = nameOf(listed[0]!) ?? listed[0]!.digest;
    throw new ImageError(
      'Unsupported',
      `${what} is not for linux/${architecture}; it is for ${[...new Set(seen)].join(', ') || 'nothing known'}`,
    );
  }
  const { descriptor, manifest } = found;
  for (const part of [descriptor, manifest.config, ...manifest.layers]) await stage(files, part);
  return { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size };
}

interface Choice {
  architecture: string;
  /** The platforms that were found, to tell of. */
  seen: string[];
  depth: number;
}

/** The first manifest for the architecture whose files are there, through indexes in indexes. */
async function chooseManifest(
  files: SourceFiles,
  candidates: Descriptor[],
  choice: Choice,
): Promise<{ descriptor: Descriptor; manifest: Manifest } | undefined> {
  for (const descriptor of candidates) {
    if (descriptor.platform && !fits(descriptor.platform, choice)) continue;
    if (isIndex(descriptor) && choice.depth < 4) {
      const { manifests } = await files.json<Index>(blobName(descriptor));
      const found = await chooseManifest(files, manifests ?? [], { ...choice, depth: choice.depth + 1 });
      if (found) return found;
    } else if (isManifest(descriptor)) {
      const manifest = await readManifest(files, descriptor);
      const config = await files.json<ImageConfig>(blobName(manifest.config));
      if (descriptor.platform || fits(config, choice)) return { descriptor, manifest };
    } else if (candidates.length === 1) {
      throw new ImageError('Unsupported', `${descriptor.mediaType} is no kind of image that can be loaded`);
    }
  }
  return undefined;
}

/** Whether the platform is the wanted one. A platform `unknown` marks what is no image: build attestations. */
function fits({ os, architecture }: Platform, choice: Choice): boolean {
  if (os === 'unknown') return false;
  choice.seen.push(`${os}/${architecture}`);
  return os === 'linux' && architecture === choice.architecture;
}

async function readManifest(files: SourceFiles, descriptor: Descriptor): Promise<Manifest> {
  const manifest = await files.json<Manifest>(blobName(descriptor));
  if (!manifest.config || !Array.isArray(manifest.layers))
    throw new ImageError('Corrupt', `${descriptor.digest} is no manifest`);
  return manifest;
}

async function stage(files: SourceFiles, { digest, size, mediaType, urls }: Descriptor): Promise<void> {
  const name = blobName({ digest });
  if (urls && !files.has(name))
    throw new ImageError('Unsupported', `the layer ${digest} (${mediaType}) is kept elsewhere: ${urls[0]}`);
  const placed = await files.place(name);
  if (placed.digest !== digest || placed.size !== size) {
    throw new ImageError(
      'Corrupt',
      `${name} is not what its name promises: ${size} bytes were expected, and it is ${placed.digest} (${placed.size} bytes)`,
    );
  }
}

function blobName({ digest }: { digest: string }): string {
  if (!isDigest(String(digest))) throw new ImageError('Unsupported', `${JSON.stringify(digest)} is no sha256 digest`);
  return digest.replace('sha256:', 'blobs/sha256/');
}
