// Speed and memory, as ratios within one run: npm run bench [-- --quick] [-- --json FILE] [-- --only attach,start,pod,restart,commands,idle,many,cycles,api]
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { becomeRoot } from './as-root.mjs';

// All but attaching needs a node, and a node needs root.
if (process.argv[process.argv.indexOf('--only') + 1] !== 'attach') becomeRoot();
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outfile = join(root, 'dist/bench.mjs');
await build({
  entryPoints: [join(root, 'bench/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
  // A native module, which finds its binary beside itself.
  external: ['classic-level'],
  logLevel: 'warning',
});
process.exit(spawnSync(process.execPath, [outfile, root, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1);
