// Every check that needs no container: format and lint, types, the table of folders, unused code.
import { spawnSync } from 'node:child_process';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// A tool is a binary of node_modules, or an absolute path.
const CHECKS = [
  ['format and lint', 'biome', ['check', '--error-on-warnings', '.']],
  ['types', 'tsc', ['-p', '.']],
  ['imports', 'depcruise', ['src', '--config', '.dependency-cruiser.mjs']],
  ['unused code', 'knip', []],
  ['diagram', process.execPath, [join(root, 'scripts/architecture.mjs'), '--check']],
  ...(process.argv.includes('--no-tests') ? [] : [['unit tests', 'vitest', ['run', '--config', 'vitest.config.ts']]]),
];

const failed = CHECKS.filter(([name, tool, args]) => {
  const started = Date.now();
  const result = spawnSync(resolve(root, 'node_modules/.bin', tool), args, { cwd: root, encoding: 'utf8' });
  const ok = result.status === 0;
  console.log(
    `${ok ? 'ok    ' : 'failed'} ${name} (${basename(tool)}, ${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (!ok) console.log(`${result.stdout}${result.stderr}`);
  return !ok;
});
process.exit(failed.length > 0 ? 1 : 0);
