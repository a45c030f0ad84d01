// Every check and every test. The last line is `tests: N passed, N failed, N skipped`; the exit code is 0 only when nothing failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { becomeRoot } from './as-root.mjs';

becomeRoot();
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'outfit-test-'));

const checked = spawnSync(process.execPath, [join(root, 'scripts/check.mjs'), '--no-tests'], {
  cwd: root,
  stdio: 'inherit',
});
const reports = [suite('unit', 'vitest.config.ts'), suite('e2e', 'vitest.e2e.config.ts')];
rmSync(scratch, { recursive: true, force: true });

const skipped = reports.flatMap((r) => r.skipped);
for (const { name, reason } of skipped) console.log(`skipped: ${name}: ${reason}`);
const sum = (pick) => reports.reduce((total, report) => total + pick(report), 0);
const failures = sum((r) => r.failed) + (checked.status === 0 ? 0 : 1);
console.log(`tests: ${sum((r) => r.passed)} passed, ${failures} failed, ${skipped.length} skipped`);
process.exit(failures > 0 ? 1 : 0);

function suite(name, config) {
  const report = join(scratch, `${name}.json`);
  const run = spawnSync(
    join(root, 'node_modules/.bin/vitest'),
    [
      'run',
      '--config',
      config,
      '--reporter=default',
      `--reporter=${join(root, 'scripts/reporter.mjs')}`,
      '--passWithNoTests',
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, OUTFIT_TEST_REPORT: report } },
  );
  try {
    const counts = JSON.parse(readFileSync(report, 'utf8'));
    return run.status === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
}
