import { buildImage } from './build.ts';
import type { ImageLayout } from './layout.ts';
import { type ImageConfig, type Manifest, ociArchitecture } from './oci.ts';

/** The image of every Pod's sandbox. It never comes from a network. */
export const PAUSE_IMAGE = 'outfit.local/pause:1';

/**
 * Sees to it that the layout has the pause image for this machine; makes it from the program that ships with Outfit where it has not. A few
 * milliseconds, without any other program or network.
 * @throws ImageError NotFound (no program for this architecture), DiskFull, NotWritable
 */
export async function ensurePause(
  layout: ImageLayout,
  { recipes, architecture = ociArchitecture() }: { recipes: string; architecture?: string },
): Promise<void> {
  if (await isWhole(layout, architecture)) return;
  await buildImage('pause', { layout, recipes, architecture, cache: layout.path });
}

async function isWhole(layout: ImageLayout, architecture: string): Promise<boolean> {
  const found = await layout.find(PAUSE_IMAGE);
  if (!found) return false;
  try {
    const manifest = await layout.readJson<Manifest>(found.digest);
    const config = await layout.readJson<ImageConfig>(manifest.config.digest);
    const sizes = await Promise.all(manifest.layers.map((layer) => layout.blobSize(layer.digest)));
    return config.architecture === architecture && manifest.layers.every((layer, i) => layer.size === sizes[i]);
  } catch {
    return false;
  }
}
