import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Meter } from './digest.ts';
import { ImageError } from './image-error.ts';
import { type Descriptor, type ImageConfig, type Manifest, MEDIA } from './oci.ts';
import type { FoundImage } from './oci-source.ts';
import { type SourceFiles, safeName } from './source-files.ts';
import type { Staging } from './staging.ts';

/** One image in the manifest.json that `docker save` writes. */
interface SavedImage {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[];
}

/**
 * The images of an archive of `docker save`. Layers stay as they are, compressed or not, and must be what the image's configuration says.
 * @throws ImageError Corrupt, Unsupported
 */
export async function dockerImages(files: SourceFiles, staging: Staging, architecture: string): Promise<FoundImage[]> {
  const saved = await files.json<SavedImage[]>('manifest.json');
  if (!Array.isArray(saved) || saved.length === 0) throw new ImageError('Corrupt', 'manifest.json lists no image');
  const images: FoundImage[] = [];
  for (const image of saved) {
    if (typeof image?.Config !== 'string' || !Array.isArray(image.Layers))
      throw new ImageError('Corrupt', 'manifest.json is not what docker save writes');
    images.push({ names: image.RepoTags ?? [], descriptor: await stageImage(image, { files, staging, architecture }) });
  }
  return images;
}

async function stageImage(
  { Config, RepoTags, Layers }: SavedImage,
  { files, staging, architecture }: { files: SourceFiles; staging: Staging; architecture: string },
): Promise<Descriptor> {
  const name = RepoTags?.[0] ?? Config;
  const config = await files.json<ImageConfig>(safeName(Config));
  if (config.os !== 'linux' || config.architecture !== architecture) {
    throw new ImageError(
      'Unsupported',
      `${name} is for ${config.os}/${config.architecture}, not for linux/${architecture}`,
    );
  }
  const diffIds = config.rootfs?.diff_ids ?? [];
  if (diffIds.length !== Layers.length)
    throw new ImageError(
      'Corrupt',
      `${name} has ${Layers.length} layers, and its configuration names ${diffIds.length}`,
    );
  const layers: Descriptor[] = [];
  for (const [i, layer] of Layers.entries())
    layers.push(await stageLayer(safeName(layer), diffIds[i]!, { files, staging }));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: { mediaType: MEDIA.config, ...(await files.place(safeName(Config))) },
    layers,
  };
  return staging.write(JSON.stringify(manifest), MEDIA.manifest);
}

async function stageLayer(
  name: string,
  diffId: string,
  { files, staging }: { files: SourceFiles; staging: Staging },
): Promise<Descriptor> {
  const { digest, size } = await files.place(name);
  if (digest === diffId) return { mediaType: MEDIA.layer, digest, size };
  const meter = new Meter();
  try {
    await pipeline(staging.read(digest), createGunzip(), meter.resume());
  } catch (cause) {
    throw new ImageError('Corrupt', `${name} is not the layer that the image's configuration names: ${diffId}`, {
      cause,
    });
  }
  if (meter.digest() !== diffId)
    throw new ImageError('Corrupt', `${name} is not the layer that the image's configuration names: ${diffId}`);
  return { mediaType: MEDIA.layerGzip, digest, size };
}
