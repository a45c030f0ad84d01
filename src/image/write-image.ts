import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { Meter } from './digest.ts';
import type { FileNode, FileTree } from './file-tree.ts';
import { type Descriptor, type ImageConfig, type Manifest, MEDIA, type RunConfig } from './oci.ts';
import type { Staging } from './staging.ts';

export interface ImageContent {
  tree: FileTree;
  config: RunConfig;
  architecture: string;
  /** What the image's history says of its making. */
  createdBy: string;
  /** Seconds since 1970 that files and image claim as their time (SOURCE_DATE_EPOCH). */
  epoch: number;
}

/** Writes an image of one layer. The same content gives the same bytes, and so the same digest. */
export async function writeImage(staging: Staging, content: ImageContent): Promise<Descriptor> {
  const { layer, diffId } = await writeLayer(staging, content);
  const config = await staging.write(JSON.stringify(imageConfig(content, diffId)), MEDIA.config);
  const manifest: Manifest = { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers: [layer] };
  return staging.write(JSON.stringify(manifest), MEDIA.manifest);
}

async function writeLayer(
  staging: Staging,
  { tree, epoch }: ImageContent,
): Promise<{ layer: Descriptor; diffId: string }> {
  const tar = pack();
  for (const [path, node] of tree.entries()) {
    if (node.type === 'file') tar.entry(header(path, node, epoch), node.content);
    else tar.entry(header(path, node, epoch));
  }
  tar.finalize();
  const meter = new Meter();
  // Errors of the first streams would not reach the last one by themselves.
  const gzip = createGzip();
  tar.on('error', (error) => gzip.destroy(error));
  meter.on('error', (error) => gzip.destroy(error));
  const layer = await staging.write(tar.pipe(meter).pipe(gzip), MEDIA.layerGzip);
  return { layer, diffId: meter.digest() };
}

function header(path: string, node: FileNode, epoch: number) {
  const { mode, uid, gid } = node;
  const common = { mode, uid, gid, mtime: new Date(epoch * 1000) };
  const name = path.slice(1);
  if (node.type === 'directory') return { ...common, name: `${name}/`, type: 'directory' as const };
  if (node.type === 'symlink') return { ...common, name, type: 'symlink' as const, linkname: node.target };
  return { ...common, name, type: 'file' as const, size: node.content.length };
}

function imageConfig({ architecture, config, createdBy, epoch }: ImageContent, diffId: string): ImageConfig {
  const created = new Date(epoch * 1000).toISOString();
  return {
    created,
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, created_by: createdBy }],
  };
}
