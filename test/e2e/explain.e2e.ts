// explain, plan, status and `sidecar` as processes: exit codes, pipes, and definitions that would take for ever.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const OUTFIT = join(ROOT, 'bin/outfit');
const SHOP = join(ROOT, 'test/explain/shop');
const FILES = ['-f', 'deploy', '-s', 'sidecars'];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outfit-explain-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(argv: string[], { cwd = SHOP, input = '' } = {}) {
  const { status, stdout, stderr } = spawnSync(OUTFIT, argv, { cwd, input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { code: status, stdout, stderr };
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test.each([
  ['explain', 0],
  ['plan', 2],
  ['status', 0],
])('%s exits with %i, and says what it says anywhere', (command, code) => {
  const expected = readFileSync(join(SHOP, `${command}.txt`), 'utf8').replace(/--- exit code.*\n/, '');
  expect(run([command, ...FILES])).toEqual({ code, stdout: expected, stderr: '' });
});

describe('a long answer', () => {
  const deployments = (many: number): string =>
    Array.from(
      { length: many },
      (_, i) =>
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-${i}, namespace: shop}\nspec: {template: {metadata: {labels: {app: stock}}, spec: {containers: [{name: a, image: b}]}}}\n`,
    ).join('---\n');

  test('reaches a reader that takes its time, whole', async () => {
    const input = fileOf('many.yaml', deployments(400));
    const child = spawn(OUTFIT, ['plan', '-f', input, '-s', 'sidecars/mesh.yaml', '-o', 'json'], { cwd: SHOP });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const text = await slowly(child);
    expect(JSON.parse(text).workloads).toHaveLength(400);
    expect(await exited).toBe(2);
  });

  test('ends with a reader that has gone', () => {
    const input = fileOf('more.yaml', deployments(400));
    const script = `set -o pipefail; '${OUTFIT}' plan -f '${input}' -s sidecars | head -1; echo \${PIPESTATUS[0]}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: SHOP, encoding: 'utf8' });
    expect({ last: stdout.trim().split('\n').at(-1), stderr }).toEqual({ last: '141', stderr: '' });
  });
});

describe('expressions that would take for ever', () => {
  const sidecar = (condition: string): string =>
    `apiVersion: outfit.dev/v1alpha1\nkind: ClusterSidecar\nmetadata: {name: slow}\nspec:\n  selector:\n    condition: ${JSON.stringify(condition)}\n  template: {metadata: {labels: {a: b}}}\n`;

  test.each([
    [
      'loops in loops',
      `${'abcde'.replace(/./g, 'pod.spec.containers.all($&, ')}a == b${')'.repeat(5)}`,
      'may take too long: too many loops stand in each other',
    ],
    ['a pattern that backtracks', "'x'.matches('(a+)+$')", 'a repeated group may neither repeat nor choose inside'],
    ['a long text', `'${'x'.repeat(20_000)}' == ''`, 'may not be longer than'],
    ['many brackets', `${'('.repeat(3000)}true${')'.repeat(3000)}`, ''],
  ])('%s are refused before anything is looked at', (_, condition, message) => {
    const file = fileOf('slow.yaml', sidecar(condition));
    for (const argv of [
      ['sidecar', 'check', file],
      ['explain', '-f', 'deploy', '-s', file],
      ['plan', '-f', 'deploy', '-s', file],
    ]) {
      const { code, stdout, stderr } = run(argv);
      expect(code, argv[0]).toBe(1);
      expect(stdout + stderr).toContain(`slow.yaml:6:16: error: spec.selector.condition: `);
      expect(stdout + stderr).toContain(message);
    }
  });

  test('and where only a large Pod makes them slow, for that Pod', () => {
    const file = fileOf(
      'slow.yaml',
      sidecar('pod.spec.containers.all(a, pod.spec.containers.all(b, a.name != "" || b.name != ""))'),
    );
    const containers = Array.from({ length: 20_000 }, (_, i) => `{name: c${i}, image: i}`).join(', ');
    const input = `apiVersion: v1\nkind: Pod\nmetadata: {name: large}\nspec: {containers: [${containers}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: small}\nspec: {containers: [{name: a, image: i}]}\n`;
    const { code, stdout } = run(['explain', '-f', '-', '-s', file], { input });
    expect(code).toBe(1);
    expect(stdout).toContain('would take too long for a Pod of this size');
    expect(stdout).toMatch(/^Pod default\/small.*\n└─ slow {2}joins: selected by condition/m);
  });
});

describe('what cannot be read', () => {
  test.each([
    ['binary junk', '\x00\x01\x02\xff', /^error|: error: /m],
    [
      'aliases that explode',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
      /\[AliasExplosion\]/,
    ],
    ['a key twice', 'a: 1\na: 2\n', /:2:1: error: .*\[DuplicateKey\]/],
  ])('%s', (_, input, message) => {
    for (const command of ['explain', 'plan', 'status']) {
      const { code, stderr } = run([command, '-f', '-', '-s', 'sidecars'], { input });
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(stderr).toMatch(message);
    }
    expect(run(['sidecar', 'check', '-'], { input }).code).toBe(1);
  });
});

async function slowly({ stdout }: ChildProcess): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdout!) {
    chunks.push(chunk as Buffer);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return Buffer.concat(chunks).toString();
}
