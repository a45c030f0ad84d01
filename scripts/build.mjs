// Bundles src/cli/main.ts to dist/, a chunk per command so that each starts quickly, and src/index.ts, the library; and has the data made that the node reads
// at run time (OpenAPI). Does nothing when nothing changed. `--force` builds anyway.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, 'build.json');
/** Of old builds; a node that runs may still load one. */
const KEEP_CHUNKS_MS = 24 * 3_600_000;

generate();
const stamp = stampOf(inputs());
if (process.argv.includes('--force') || !upToDate(stamp)) {
  const started = Date.now();
  await bundle();
  writeFileSync(stampFile, JSON.stringify({ stamp }));
  console.log(`built dist/outfit.js in ${Date.now() - started} ms`);
}

/** The generators look for themselves whether there is something to do. */
function generate() {
  for (const script of ['generate-kube.mjs', 'generate-openapi.mjs']) {
    const path = join(root, 'scripts', script);
    if (!existsSync(path)) continue;
    const run = spawnSync(process.execPath, [path], { cwd: root, stdio: 'inherit' });
    if (run.status !== 0) process.exit(run.status ?? 1);
  }
}

function inputs() {
  return [...filesBelow(join(root, 'src')), 'package.json', 'package-lock.json', 'scripts/build.mjs'].map((f) =>
    f.startsWith(root) ? f : join(root, f),
  );
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(test|e2e|contract)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function stampOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function upToDate(wanted) {
  try {
    return existsSync(join(dist, 'outfit.js')) && JSON.parse(readFileSync(stampFile, 'utf8')).stamp === wanted;
  } catch {
    return false;
  }
}

async function bundle() {
  const { build } = await import('esbuild');
  const result = await build({
    absWorkingDir: root,
    entryPoints: { outfit: 'src/cli/main.ts' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    // Bundles best what is written as modules.
    mainFields: ['module', 'main'],
    target: 'node20.19',
    outdir: dist,
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true,
    // Brings a binary of its own, found beside its package.json.
    external: ['classic-level'],
    // CommonJS packages ask for `require`, `__filename` and `__dirname`.
    banner: {
      js: "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;",
    },
    plugins: [leanClient()],
    write: false,
    logLevel: 'warning',
  });
  const library = await build({
    absWorkingDir: root,
    entryPoints: { library: 'src/index.ts' },
    bundle: true,
    // For browsers as well as for Node.
    platform: 'neutral',
    mainFields: ['module', 'main'],
    format: 'esm',
    target: 'es2023',
    outdir: dist,
    write: false,
    logLevel: 'warning',
  });
  for (const { path, contents } of [...result.outputFiles, ...library.outputFiles]) writeAtomically(path, contents);
  removeOldChunks(new Set(result.outputFiles.map(({ path }) => path)));
}

/**
 * What the Kubernetes client library imports and Outfit never calls costs 40 ms at each start: the classes of every Kubernetes
 * kind (used by makeApiClient only), and a copy of the URL standard for Node before 10.
 */
function leanClient() {
  const namespace = 'lean-client';
  const setup = (build) => {
    build.onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer }) =>
      /client-node\/dist\/config\.js$/.test(importer) ? { path: 'gen', namespace } : undefined,
    );
    build.onResolve({ filter: /^whatwg-url$/ }, () => ({ path: 'whatwg-url', namespace }));
    build.onLoad({ filter: /^gen$/, namespace }, () => ({
      contents:
        "export const createConfiguration=()=>{throw new Error('not in this bundle: scripts/build.mjs leaves the API classes out')};export class ServerConfiguration{}",
    }));
    build.onLoad({ filter: /^whatwg-url$/, namespace }, () => ({
      contents:
        "import{URL,URLSearchParams}from'node:url';export{URL,URLSearchParams};export default{URL,URLSearchParams}",
    }));
  };
  return { name: namespace, setup };
}

function removeOldChunks(current) {
  const folder = join(dist, 'chunks');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!current.has(path) && Date.now() - statSync(path).mtimeMs > KEEP_CHUNKS_MS) rmSync(path);
  }
}

function writeAtomically(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}
