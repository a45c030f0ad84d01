import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runOutfit } from '../testing-outfit.ts';

const STORIES = join(import.meta.dirname, '../../../test/explain');

const run = (story: string, argv: string[], more: { stdin?: string; terminal?: boolean } = {}) =>
  runOutfit(argv, { cwd: join(STORIES, story), ...more });

/** What a command prints, whole: standard output, what it told besides, and its exit code. */
const whole = ({ code, stdout, stderr }: Awaited<ReturnType<typeof run>>): string =>
  `${stdout}${stderr === '' ? '' : `--- standard error\n${stderr}`}--- exit code ${code}\n`;

const FILES = ['-f', 'deploy', '-s', 'sidecars'];

describe('what is printed, whole', () => {
  test.each([
    ['shop', 'explain'],
    ['shop', 'plan'],
    ['shop', 'status'],
    ['attached', 'explain'],
    ['attached', 'plan'],
    ['attached', 'status'],
    ['conflicts', 'explain'],
    ['conflicts', 'plan'],
    ['conflicts', 'status'],
  ])('%s: %s', async (story, command) => {
    const text = await run(story, [command, ...FILES]);
    await expect(whole(text)).toMatchFileSnapshot(join(STORIES, story, `${command}.txt`));
    const json = await run(story, [command, ...FILES, '-o', 'json']);
    expect({ code: json.code, stderr: json.stderr }).toEqual({ code: text.code, stderr: '' });
    await expect(json.stdout).toMatchFileSnapshot(join(STORIES, story, `${command}-json.txt`));
  });

  test('sidecar check', async () => {
    await expect(whole(await run('check', ['sidecar', 'check', '.']))).toMatchFileSnapshot(
      join(STORIES, 'check/check.txt'),
    );
  });
});

describe('exit codes', () => {
  const POD = '{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: a, image: b}]}}';
  const BESIDE = '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}';
  const logs = ['-s', 'sidecars/logs.yaml'];
  test.each([
    ['explain', POD, 0, '0 of 1 Pod template gets sidecars.\n'],
    ['plan', POD, 0, 'Nothing would change in 1 Pod template.\n'],
    ['status', POD, 0, 'No sidecar is attached, and none joins.\n'],
    ['explain', BESIDE, 0, 'There is no Pod template in these files.\n'],
    ['plan', BESIDE, 0, 'There is no Pod template in these files.\n'],
    ['plan', '', 0, 'There is no Pod template in these files.\n'],
  ])('%s of %j: %i', async (command, stdin, code, last) => {
    const result = await run('shop', [command, '-f', '-', ...logs], { stdin });
    expect(result).toMatchObject({ code, stderr: '' });
    expect(result.stdout.endsWith(last), result.stdout).toBe(true);
  });

  test.each([
    [['explain'], 64, /^error: outfit explain needs manifests: -f FILE\n/],
    [['plan', '-f', 'deploy'], 64, /^error: outfit plan needs sidecars: -s FILE\n/],
    [['status', 'deploy'], 64, /^error: unexpected argument "deploy"\nhint: files are given with -f: -f deploy\n/],
    [
      ['explain', ...FILES, '-o', 'yaml'],
      64,
      /^error: unknown output format "yaml"\nhint: formats are tree and json\n/,
    ],
    [['plan', '-f', '-', '-s', '-'], 64, /^error: standard input \(-\) can be read only once\n/],
    [['plan', ...FILES, '--path', 'Rollout'], 64, /^error: --path: "Rollout" is not KIND=PATH/],
    [['plan', '-f', 'nowhere', '-s', 'sidecars'], 1, /^error: the path "nowhere" does not exist\n/],
    [
      ['explain', '-f', 'deploy', '-s', 'deploy/web.yaml'],
      1,
      /^deploy\/web.yaml:2:1: error: this is a Deployment, not a Sid/,
    ],
    [['plan', '-f', '-', '-s', 'sidecars'], 1, /^<stdin>:2:1: error: .* \[Tab\]\n/],
    [['sidecar', 'check'], 64, /^error: expected files with sidecars\n/],
    [['sidecar', 'check', 'deploy'], 1, /^error: no Sidecar or ClusterSidecar in deploy\/stock\.yaml and 1 more\n/],
    [['sidecar', 'crds', '-o', 'xml'], 64, /^error: unknown output format "xml"\n/],
    [['sidecar', 'schema', 'x'], 64, /^error: unexpected argument "x"\n/],
    [['sidecar'], 64, /^Usage: outfit sidecar COMMAND/],
  ])('%j: %i', async (argv, code, stderr) => {
    const result = await run('shop', argv, { stdin: 'a:\n\tb: c\n' });
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(stderr);
  });
});

test('a namespace that is given is that of what names none', async () => {
  const stdin =
    '{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {containers: [{name: a, image: b}]}}';
  const reasons = async (...flags: string[]): Promise<unknown> => {
    const { stdout } = await run('shop', ['explain', '-f', '-', '-s', 'sidecars/logs.yaml', '-o', 'json', ...flags], {
      stdin,
    });
    return JSON.parse(stdout).workloads[0].sidecars[0].rule;
  };
  expect(await reasons()).toBe('Namespace');
  expect(await reasons('-n', 'shop')).toBe('Selected');
});

describe('colours', () => {
  test.each(['explain', 'plan', 'status'])('%s has them on a terminal, around the same text', async (command) => {
    const plain = await run('shop', [command, ...FILES]);
    const coloured = await run('shop', [command, ...FILES], { terminal: true });
    expect(coloured.stdout).toContain('\x1b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are
    expect(coloured.stdout.replace(/\x1b\[\d+m/g, '')).toBe(plain.stdout);
  });
});

describe('sidecar schema and crds', () => {
  test('the schema is JSON', async () => {
    const { stdout } = await run('shop', ['sidecar', 'schema']);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
  });

  test('the CRDs are two documents, and the same as JSON', async () => {
    const { parseAllDocuments } = await import('yaml');
    const { stdout: yaml } = await run('shop', ['sidecar', 'crds']);
    const { stdout: json } = await run('shop', ['sidecar', 'crds', '-o', 'json']);
    expect(parseAllDocuments(yaml).map((document) => document.toJS())).toEqual(JSON.parse(json).items);
  });
});
