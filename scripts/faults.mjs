// The fault suite in its long form: npm run test:faults [-- --rounds N] [-- --pods N] [-- --crowd N] [-- --only FAULT] [-- --node N] [-- --keep]. OUTFIT_FAULT_SEED repeats one.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { becomeRoot } from './as-root.mjs';

becomeRoot();
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outfile = join(root, 'dist/faults/main.mjs');
await build({
  entryPoints: [join(root, 'test/faults/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
});
process.exit(spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1);
