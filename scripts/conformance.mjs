// Makes docs/conformance.md from the scenarios of test/conformance.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'outfit-conformance-'));
const bundle = join(scratch, 'report.mjs');
const contents = `
  import { report } from './report.ts';
  import { scenarios } from './scenarios/index.ts';
  import { upstream } from './upstream.ts';
  export const text = report(scenarios, upstream);
`;

try {
  const stdin = { contents, resolveDir: join(root, 'test/conformance'), loader: 'ts' };
  await build({ stdin, bundle: true, format: 'esm', platform: 'node', outfile: bundle });
  const { text } = await import(pathToFileURL(bundle).href);
  writeFileSync(join(root, 'docs/conformance.md'), text);
} finally {
  rmSync(scratch, { recursive: true });
}
