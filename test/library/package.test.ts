import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/.bin/tsc');

/** What somebody writes who has installed the package. */
const CONSUMER = `import { readFileSync } from 'node:fs';
import { attach, attachFile, compileSidecars, detachFile, parseManifests, plan, readSidecars } from 'outfit';
import type { Finding, Template, Workload } from 'outfit';

const [podFile, sidecarFile] = process.argv.slice(2).map((file) => parseManifests(readFileSync(file, 'utf8'), { file }));
if (!podFile || !sidecarFile) throw new Error('two files');
const sidecars = readSidecars([sidecarFile]);
const attached = attachFile(podFile, { sidecars });
const back = detachFile(parseManifests(attached.text, { file: 'pod.yaml' }));

const pod = podFile.documents[0]?.object as Template & Workload;
const compiled = compileSidecars([sidecarFile.documents[0]?.object]);
const findings: Finding[] = attach({ template: pod, workload: pod, sidecars: compiled }).findings;
const joined: string[] = attached.workloads.flatMap(({ joined }) => joined.map(({ name }) => name));
console.log(JSON.stringify({ joined, same: back.text === podFile.text, findings, plan: typeof plan }));
`;

describe('the package, as somebody has it who installed it', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'outfit-package-'));
    const outfit = join(home, 'node_modules/outfit');
    mkdirSync(join(outfit, 'dist'), { recursive: true });
    execFileSync(TSC, ['-p', 'tsconfig.library.json', '--outDir', join(outfit, 'dist/types')], { cwd: ROOT });
    for (const file of ['package.json', 'dist/library.js']) cpSync(join(ROOT, file), join(outfit, file));
    for (const name of ['yaml', '@marcbachmann', '@types'])
      symlinkSync(join(ROOT, 'node_modules', name), join(home, 'node_modules', name));
    writeFileSync(join(home, 'package.json'), '{"type":"module"}');
    writeFileSync(join(home, 'consumer.ts'), CONSUMER);
  }, 120_000);
  afterAll(() => rmSync(home, { recursive: true }));

  test('has types that a strict compiler takes, and does what it says', { timeout: 120_000 }, () => {
    const strict = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--ignoreConfig'];
    execFileSync(TSC, [...strict, 'consumer.ts'], { cwd: home, stdio: 'pipe' });
    const example = (name: string) => join(ROOT, 'examples/web-app', name);
    const output = execFileSync(process.execPath, ['consumer.js', example('pod.yaml'), example('sidecar.yaml')], {
      cwd: home,
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual({ joined: ['hello'], same: true, findings: [], plan: 'function' });
  });
});
