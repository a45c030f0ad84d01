import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { InvalidImageName, parseImageName } from '../kube/image-name.ts';
import { ImageError } from './image-error.ts';
import { fileMode, integer, list, mapOf, object, optional, readYaml, type Shape, text } from './yaml-shape.ts';

/** How an image is made: Debian packages or parts of them, own files, and how its containers run. The README of `images/` is the reference. */
export interface Recipe {
  name: string;
  /** Full image names. */
  tags: string[];
  packages: {
    install: string[];
    /** Globs of packages that are not wanted although others depend on them. */
    exclude: string[];
    /** Globs of the paths that are kept. */
    keep: string[];
  };
  directories: { path: string; mode: number; uid: number; gid: number }[];
  files: {
    path: string;
    mode: number;
    uid: number;
    gid: number;
    source: string | undefined;
    content: string | undefined;
  }[];
  links: { path: string; target: string }[];
  /** Programs that are many: run with `arguments`, they list the names that become links to them in `directory`. */
  applets: { program: string; arguments: string[]; directory: string }[];
  users: { name: string; id: number; home: string; shell: string }[];
  groups: { name: string; id: number }[];
  config: {
    entrypoint: string[] | undefined;
    cmd: string[] | undefined;
    env: Record<string, string>;
    exposedPorts: string[];
    stopSignal: string | undefined;
    workingDir: string | undefined;
    user: string | undefined;
    labels: Record<string, string>;
  };
}

/**
 * Reads the recipe of a name (`nginx`: `<recipes>/nginx/recipe.yaml`), or of a path to a recipe or its directory (with a slash, or ending in .yaml).
 * @throws ImageError NotFound, RecipeInvalid
 */
export async function readRecipe(nameOrPath: string, recipes: string): Promise<{ recipe: Recipe; directory: string }> {
  const file = await recipeFile(nameOrPath, recipes);
  const content = await readFile(file, 'utf8').catch(async (cause: unknown) => {
    const known = (await recipeNames(recipes)).join(', ');
    throw new ImageError('NotFound', `there is no recipe ${file}; recipes that ship with Outfit: ${known}`, { cause });
  });
  return { recipe: parseRecipe(content, file), directory: dirname(file) };
}

/** The names of the recipes in a directory. */
export async function recipeNames(recipes: string): Promise<string[]> {
  const entries = await readdir(recipes, { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).sort();
}

/**
 * Reads a recipe's text.
 * @throws ImageError RecipeInvalid with every mistake, one a line: `file:line:column: what`
 */
export function parseRecipe(content: string, file: string): Recipe {
  const read = readYaml(content, file, RECIPE);
  if ('problems' in read) throw new ImageError('RecipeInvalid', read.problems.join('\n'));
  return read.value;
}

async function recipeFile(nameOrPath: string, recipes: string): Promise<string> {
  if (!nameOrPath.includes('/') && !nameOrPath.endsWith('.yaml'))
    return join(recipes, basename(nameOrPath), 'recipe.yaml');
  const isDirectory = await stat(nameOrPath).then(
    (s) => s.isDirectory(),
    () => false,
  );
  return isDirectory ? join(nameOrPath, 'recipe.yaml') : nameOrPath;
}

const NAME = text((v) =>
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(v) ? undefined : 'must be lower case letters, digits and dashes',
);
const PATH = text((v) =>
  v === posix.resolve('/', v) && v !== '/' ? undefined : 'must be an absolute path without . and ..',
);
const ID = integer({ min: 0, max: 4294967294 });
const OWN_ID = optional(ID, 0);
const PACKAGE = text((v) => (/^[a-z0-9][a-z0-9+.-]+$/.test(v) ? undefined : 'must be the name of a Debian package'));
const ACCOUNT = text((v) => (/^[a-z_][a-z0-9_-]{0,31}$/.test(v) ? undefined : 'must be a user name'));
const FIELD = text((v) => (/[:\n]/.test(v) ? 'must not contain a colon' : undefined));
const PORT = text((v) =>
  /^\d{1,5}\/(tcp|udp|sctp)$/.test(v) ? undefined : 'must be a port and its protocol, such as 80/tcp',
);
const SIGNAL = text((v) => (/^SIG[A-Z0-9+-]+$/.test(v) ? undefined : 'must be a signal such as SIGTERM'));
const SOURCE = text((v) =>
  posix.isAbsolute(v) || posix.normalize(v).startsWith('..') ? 'must be a file beside the recipe' : undefined,
);
const FULL_NAME = text(faultOfName);

const none = <T>(shape: Shape<T>) => optional<T | undefined>(shape as Shape<T | undefined>, undefined);

const RECIPE = object<Recipe>({
  name: NAME,
  tags: list(FULL_NAME),
  packages: optional(
    object<Recipe['packages']>({
      install: list(PACKAGE),
      exclude: optional(list(text()), []),
      keep: optional(list(text()), ['/**']),
    }),
    { install: [], exclude: [], keep: [] },
  ),
  directories: optional(list(object({ path: PATH, mode: optional(fileMode, 0o755), uid: OWN_ID, gid: OWN_ID })), []),
  files: optional(
    list(
      object<Recipe['files'][number]>(
        {
          path: PATH,
          mode: optional(fileMode, 0o644),
          uid: OWN_ID,
          gid: OWN_ID,
          source: none(SOURCE),
          content: none(text()),
        },
        ({ source, content }) =>
          (source === undefined) === (content === undefined) ? 'needs either source or content' : undefined,
      ),
    ),
    [],
  ),
  links: optional(list(object({ path: PATH, target: text() })), []),
  applets: optional(list(object({ program: PATH, arguments: list(text()), directory: PATH })), []),
  users: optional(
    list(object({ name: ACCOUNT, id: ID, home: optional(FIELD, '/'), shell: optional(FIELD, '/bin/sh') })),
    [],
  ),
  groups: optional(list(object({ name: ACCOUNT, id: ID })), []),
  config: object<Recipe['config']>({
    entrypoint: none(list(text())),
    cmd: none(list(text())),
    env: optional(mapOf(text()), {}),
    exposedPorts: optional(list(PORT), []),
    stopSignal: none(SIGNAL),
    workingDir: none(PATH),
    user: none(text()),
    labels: optional(mapOf(text()), {}),
  }),
});

function faultOfName(name: string): string | undefined {
  try {
    const { registry, repository, tag } = parseImageName(name);
    return tag && name === `${registry}/${repository}:${tag}` ? undefined : 'must be a full image name with its tag';
  } catch (error) {
    if (error instanceof InvalidImageName) return error.message;
    throw error;
  }
}
