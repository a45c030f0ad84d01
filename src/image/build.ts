import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listApplets } from './applets.ts';
import { downloadPackages } from './apt.ts';
import { debFileName } from './debian-package.ts';
import { FileTree } from './file-tree.ts';
import { ImageError } from './image-error.ts';
import type { ImageLayout } from './layout.ts';
import { ociArchitecture, type RunConfig } from './oci.ts';
import { type Recipe, readRecipe } from './recipe.ts';
import { type RunCommand, runCommand } from './run-command.ts';
import { unpackDeb } from './unpack-deb.ts';
import { writeImage } from './write-image.ts';

export interface BuildOptions {
  layout: ImageLayout;
  /** The directory of recipes that ship with Outfit. */
  recipes: string;
  /** Where downloaded packages are kept. */
  cache: string;
  /** Full image names instead of the recipe's own. */
  tags?: string[];
  /** As in images: amd64, arm64. Packages can only be had for the machine's own. */
  architecture?: string;
  /** Seconds since 1970 that files claim as their time (SOURCE_DATE_EPOCH). */
  epoch?: number;
  run?: RunCommand;
  onProgress?: (step: string) => void;
  signal?: AbortSignal;
}

export interface BuiltImage {
  names: string[];
  digest: string;
  /** Name and version of each package in it. */
  packages: string[];
}

/**
 * Makes the image of a recipe, given by its name or a path to it, and stores it under the recipe's names. Nothing is stored when a step fails.
 * @throws ImageError NotFound, RecipeInvalid, Unavailable, Unsupported, Corrupt, DiskFull, NotWritable
 */
export async function buildImage(nameOrPath: string, options: BuildOptions): Promise<BuiltImage> {
  const { layout, architecture = ociArchitecture(), epoch = 0, onProgress = () => {}, signal } = options;
  const { recipe, directory } = await readRecipe(nameOrPath, options.recipes);
  const { tree, packages } = await makeTree(recipe, directory, { ...options, architecture, onProgress });
  onProgress('writing the image');
  const names = options.tags ?? recipe.tags;
  const staging = await layout.stage();
  try {
    const descriptor = await writeImage(staging, {
      tree,
      architecture,
      epoch,
      config: runConfig(recipe, packages),
      createdBy: `outfit image build ${recipe.name}`,
    });
    signal?.throwIfAborted();
    await staging.commit(names.map((name) => ({ name, descriptor })));
    return { names, digest: descriptor.digest, packages };
  } finally {
    await staging.discard();
  }
}

/** The image's files: first what packages bring, then what the recipe says, so that it can replace them. */
async function makeTree(
  recipe: Recipe,
  directory: string,
  options: BuildOptions & { architecture: string; onProgress: (step: string) => void },
): Promise<{ tree: FileTree; packages: string[] }> {
  const { architecture, onProgress, cache, run = runCommand, signal } = options;
  const tree = new FileTree();
  const packages =
    recipe.packages.install.length === 0
      ? []
      : await downloadPackages(recipe.packages, { cache, run, onProgress, ...(signal && { signal }) });
  for (const { file, package: p } of packages) {
    onProgress(`unpacking ${debFileName(p)}`);
    await unpackDeb(file, { tree, keep: recipe.packages.keep, run, ...(signal && { signal }) });
  }
  for (const { path, mode, uid, gid } of recipe.directories) tree.set(path, { type: 'directory', mode, uid, gid });
  for (const file of recipe.files) {
    const content =
      file.source === undefined ? Buffer.from(file.content!) : await readSource(directory, file.source, architecture);
    tree.set(file.path, { type: 'file', content, mode: file.mode, uid: file.uid, gid: file.gid });
  }
  for (const { path, target } of recipe.links) setLink(tree, path, target);
  for (const applet of recipe.applets) {
    for (const path of await listApplets(tree, applet, run)) if (!tree.get(path)) setLink(tree, path, applet.program);
  }
  addAccounts(tree, recipe);
  return { tree, packages: packages.map(({ package: p }) => `${p.name}=${p.version}`) };
}

function setLink(tree: FileTree, path: string, target: string): void {
  tree.set(path, { type: 'symlink', target, mode: 0o777, uid: 0, gid: 0 });
}

async function readSource(directory: string, source: string, architecture: string): Promise<Buffer> {
  const file = join(directory, source.replaceAll('${ARCH}', architecture));
  return readFile(file).catch((cause: unknown) => {
    throw new ImageError('NotFound', `the recipe needs ${file}, which cannot be read`, { cause });
  });
}

/** /etc/passwd and /etc/group, each user with a group of its own name and number. */
function addAccounts(tree: FileTree, { users, groups }: Recipe): void {
  if (users.length === 0 && groups.length === 0) return;
  const passwd = users.map(({ name, id, home, shell }) => `${name}:x:${id}:${id}:${name}:${home}:${shell}\n`);
  const group = [...users, ...groups].map(({ name, id }) => `${name}:x:${id}:\n`);
  const write = (path: string, lines: string[]): void =>
    tree.set(path, { type: 'file', content: Buffer.from(lines.join('')), mode: 0o644, uid: 0, gid: 0 });
  write('/etc/passwd', passwd);
  write('/etc/group', group);
}

function runConfig({ config, name }: Recipe, packages: string[]): RunConfig {
  const { entrypoint, cmd, env, exposedPorts, stopSignal, workingDir, user, labels } = config;
  return {
    ...(user && { User: user }),
    ...(exposedPorts.length > 0 && { ExposedPorts: Object.fromEntries(exposedPorts.map((port) => [port, {}])) }),
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(cmd && { Cmd: cmd }),
    ...(workingDir && { WorkingDir: workingDir }),
    Labels: {
      'outfit.local/recipe': name,
      ...(packages.length > 0 && { 'outfit.local/packages': packages.join(' ') }),
      ...labels,
    },
    ...(stopSignal && { StopSignal: stopSignal }),
  };
}
