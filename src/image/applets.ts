import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import type { FileTree } from './file-tree.ts';
import { ImageError } from './image-error.ts';
import type { Recipe } from './recipe.ts';
import { CommandError, type RunCommand } from './run-command.ts';

/**
 * The paths that are to become links to a program that is many, such as busybox: the program, which must need no libraries, is asked itself. So
 * each version gets the links it can serve.
 * @throws ImageError RecipeInvalid when the tree has no such program, or it fails
 */
export async function listApplets(
  tree: FileTree,
  { program, arguments: args, directory }: Recipe['applets'][number],
  run: RunCommand,
): Promise<string[]> {
  const file = tree.resolveFile(program);
  if (!file)
    throw new ImageError('RecipeInvalid', `applets: there is no program ${program} in the packages that are kept`);
  const place = await mkdtemp(join(tmpdir(), 'outfit-applets-'));
  try {
    const executable = join(place, posix.basename(program));
    await writeFile(executable, file.content, { mode: 0o755 });
    const names = (await run.text(executable, args)).split('\n').filter((name) => /^[\w.[-]+$/.test(name));
    return names.map((name) => posix.join(directory, name));
  } catch (error) {
    if (error instanceof CommandError)
      throw new ImageError('RecipeInvalid', `applets: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
