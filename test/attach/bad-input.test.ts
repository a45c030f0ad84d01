import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { pod, sidecar } from './samples.ts';
import { Workbench } from './workbench.ts';

let bench: Workbench;
afterEach(() => bench.remove());

const LOGS = sidecar('logs');
const aliases = (depth: number) =>
  [
    'a0: &a0 [x, x]',
    ...Array.from({ length: depth }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}, *a${i}]`),
  ].join('\n');

/** Nothing is printed, no byte of any file changes, and the message names the place that has to be mended. */
async function refused(
  files: Record<string, string | Uint8Array>,
  says: RegExp,
  argv = ['-f', 'pod.yaml', '-s', 'sidecar.yaml'],
) {
  bench = new Workbench({ 'pod.yaml': pod('web'), 'sidecar.yaml': LOGS, ...files });
  for (const how of [[], ['--in-place'], ['--diff'], ['-o', 'json']]) {
    const before = bench.everything();
    const { code, stdout, stderr } = await bench.run(['attach', ...argv, ...how]);
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(bench.everything()).toEqual(before);
  }
}

describe('a manifest that cannot be read', () => {
  test.each([
    { name: 'invalid YAML', text: 'kind: [Pod\nmetadata: {}\n', says: /^pod\.yaml:2:\d+: error: .* \[InvalidYaml\]$/m },
    {
      name: 'JSON that ends too early',
      text: '{"kind": "Pod",\n "metadata": {',
      says: /^pod\.yaml:2:\d+: error: .* \[InvalidJson\]$/m,
    },
    {
      name: 'a key twice',
      text: pod('web', '  containers: []\n'),
      says: /^pod\.yaml:9:3: error: .*containers.* \[DuplicateKey\]$/m,
    },
    {
      name: 'a tab as indentation',
      text: pod('web').replace('  name: web', '\tname: web'),
      says: /^pod\.yaml:4:1: error: .*tab.* \[Tab\]$/m,
    },
    {
      name: 'bytes that are no text',
      text: new Uint8Array([0x61, 0x3a, 0x20, 0x62, 0x0a, 0xff, 0x00]),
      says: /^pod\.yaml:2:1: error: .*not UTF-8.* \[NotText\]$/m,
    },
    {
      name: 'a compressed file',
      text: new Uint8Array([0x1f, 0x8b, 0x08, 0x00]),
      says: /^pod\.yaml:1:2: error: .* \[NotText\]$/m,
    },
    { name: 'zeros', text: new Uint8Array(5000), says: /^pod\.yaml:1:1: error: .*U\+0000.* \[NotText\]$/m },
    {
      name: 'UTF-16',
      text: Buffer.from(`\ufeff${pod('web')}`, 'utf16le'),
      says: /^pod\.yaml:1:1: error: .*UTF-16.* \[NotText\]$/m,
    },
    {
      name: 'aliases that explode',
      text: `${aliases(12)}\n`,
      says: /^pod\.yaml:\d+:\d+: error: .* \[AliasExplosion\]$/m,
    },
    {
      name: 'an alias without its anchor',
      text: 'kind: *gone\n',
      says: /^pod\.yaml:1:7: error: .* \[UnknownAlias\]$/m,
    },
    {
      name: 'nested without end',
      text: `a: ${'['.repeat(1000)}${']'.repeat(1000)}\n`,
      says: /^pod\.yaml:1:\d+: error: .* \[TooDeep\]$/m,
    },
    { name: 'a list', text: '- a\n', says: /^pod\.yaml:1:1: error: .* \[NotAnObject\]$/m },
    {
      name: 'a template of Helm',
      text: pod('{{ .Release.Name }}'),
      says: /^pod\.yaml:4:\d+: error: (?:.|\n)*hint: pod\.yaml looks like a template of Helm/m,
    },
    {
      name: 'the second of three documents',
      text: `${pod('a')}---\nkind: [\n---\n${pod('b')}`,
      says: /^pod\.yaml:1[01]:\d+: error: .* \[InvalidYaml\]$/m,
    },
    {
      name: 'a Pod without containers',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  volumes: []\n',
      says: /^pod\.yaml:4:\d+: error: spec\.containers: Required value \[InvalidTemplate\]$/m,
    },
    {
      name: 'a field of a wrong type',
      text: pod('web').replace('  containers:', '  volumes: none\n  containers:'),
      says: /^pod\.yaml:6:12: error: spec\.volumes: Invalid value: must be of type array \[InvalidTemplate\]$/m,
    },
    {
      name: 'an annotation that cannot be',
      text: pod('web').replace('  name: web', '  name: web\n  annotations: {outfit.dev/inject: yes}'),
      says: /^pod\.yaml:5:\d+: error: metadata\.annotations\[outfit\.dev\/inject\]: .* \[InvalidAnnotation\]$/m,
    },
    {
      name: 'a provenance that somebody else wrote',
      text: pod('web').replace('  name: web', '  name: web\n  annotations: {outfit.dev/attached: mine}'),
      says: /^pod\.yaml:5:\d+: error: .* \[InvalidProvenance\]$/m,
    },
  ])('$name', async ({ text, says }) => refused({ 'pod.yaml': text }, says));

  test('one document of 100 MB', async () => {
    const line = `# ${'x'.repeat(1021)}\n`;
    const text = `${pod('first')}---\n${line.repeat(100 * 1024)}`;
    bench = new Workbench({ 'sidecar.yaml': LOGS, 'pod.yaml': text });
    const { code, stdout, stderr } = await bench.run(['attach', '-f', 'pod.yaml', '-s', 'sidecar.yaml', '--in-place']);
    expect(stderr).toMatch(/^pod\.yaml:9:1: error: a document is larger than \d+ characters \[TooLarge\]$/m);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(bench.read('pod.yaml') === text).toBe(true);
  }, 60_000);
});

describe('a sidecar that cannot be attached', () => {
  const spin = `${'[1,2,3,4,5,6,7,8,9,10].all(a, '.repeat(12)}true${')'.repeat(12)}`;
  test.each([
    {
      name: 'an unknown field',
      text: LOGS.replace('selector:', 'selektor:'),
      says: /^sidecar\.yaml:6:\d+: error: spec\.selektor: .* \[UnknownField\]$/m,
    },
    {
      name: 'an empty selector, which would match everything',
      text: sidecar('logs', { selector: '{}' }),
      says: /^sidecar\.yaml:6:\d+: error: .*matchAll: true.* \[EmptySelector\]$/m,
    },
    {
      name: 'no selector',
      text: LOGS.replace('  selector: {matchAll: true}\n', ''),
      says: /^sidecar\.yaml:\d+:\d+: error: spec\.selector: Required value \[InvalidField\]$/m,
    },
    {
      name: 'CEL that does not parse',
      text: sidecar('logs', { selector: '{condition: "pod.spec."}' }),
      says: /^sidecar\.yaml:6:\d+: error: spec\.selector\.condition: .* \[InvalidExpression\]$/m,
    },
    {
      name: 'CEL that would run too long',
      text: sidecar('logs', { selector: `{condition: "${spin}"}` }),
      says: /^sidecar\.yaml:6:\d+: error: spec\.selector\.condition: .* \[ExpressionTooCostly\]$/m,
    },
    {
      name: 'CEL that is nested without end',
      text: sidecar('logs', { selector: `{condition: "${'('.repeat(3000)}true${')'.repeat(3000)}"}` }),
      says: /^sidecar\.yaml:6:\d+: error: .* \[(ExpressionTooCostly|InvalidExpression)\]$/m,
    },
    {
      name: 'CEL that fails with this Pod',
      text: sidecar('logs', { selector: '{condition: "pod.spec.nodeName == \'a\'"}' }),
      says: /^sidecar\.yaml:6:\d+: error: spec\.selector\.condition: .* \(Pod default\/web\) \[ExpressionFailed\]$/m,
    },
    {
      name: 'two that both demand to be first',
      text: `${sidecar('a', { more: '  order: {before: ["*"]}\n' })}---\n${sidecar('b', { more: '  order: {before: ["*"]}\n' })}`,
      says: /^sidecar\.yaml:(7|21):\d+: error: spec\.order: .* \[OrderCycle\]$/m,
    },
    {
      name: 'two of one name',
      text: `${LOGS}---\n${sidecar('logs', { image: 'other' })}`,
      says: /^sidecar\.yaml:16:9: error: metadata\.name: Duplicate value: "logs" \[DuplicateSidecar\]$/m,
    },
    {
      name: 'a container that the Pod has',
      text: sidecar('app'),
      says: /^sidecar\.yaml:10:15: error: .*; the other is at pod\.yaml:7:5 \[ContainerConflict\]$/m,
    },
    {
      name: 'a name that Kubernetes refuses',
      text: LOGS.replace('- name: logs', '- name: Logs'),
      says: /^sidecar\.yaml:10:15: error: spec\.template\.spec\.containers\[0\]\.name: Invalid value: "Logs": a lowercase RFC 1123 label/m,
    },
    {
      name: 'a missing parameter',
      text: sidecar('logs', { image: "'x:${params.tag}'", more: '  parameters: [{name: tag, type: string}]\n' }),
      says: /^pod\.yaml:\d+:\d+: error: .* \[MissingParameter\]$/m,
    },
    {
      name: 'another kind',
      text: pod('logs'),
      says: /^sidecar\.yaml:1:1: error: this is a Pod, not a Sidecar or ClusterSidecar of outfit\.dev \[NotASidecar\]$/m,
    },
    {
      name: 'nothing in the file',
      text: '# to be written\n',
      says: /^error: no Sidecar or ClusterSidecar in sidecar\.yaml$/m,
    },
  ])('$name', async ({ text, says }) => refused({ 'sidecar.yaml': text }, says));
});

describe('files that cannot be read or written', () => {
  test.each([
    { argv: ['-f', 'gone.yaml', '-s', 'sidecar.yaml'], says: /^error: the path "gone\.yaml" does not exist$/m },
    { argv: ['-f', 'pod.yaml', '-s', 'gone.yaml'], says: /^error: the path "gone\.yaml" does not exist$/m },
    { argv: ['-f', 'gone-*.yaml', '-s', 'sidecar.yaml'], says: /^error: no file matches "gone-\*\.yaml"$/m },
    { argv: ['-f', 'empty', '-s', 'sidecar.yaml'], says: /^error: no \*\.yaml, \*\.yml or \*\.json file in "empty"$/m },
    { argv: ['-f', 'https://example.org/pod.yaml', '-s', 'sidecar.yaml'], says: /^error: .*fetch it first/m },
    { argv: ['-f', 'pod.yaml/x', '-s', 'sidecar.yaml'], says: /^error: the path "pod\.yaml\/x" does not exist$/m },
  ])('$argv', async ({ argv, says }) => refused({ 'empty/README': '' }, says, argv));

  const inPlace = async (prepare: () => void, says: RegExp) => {
    bench = new Workbench({ 'k8s/a.yaml': pod('a'), 'k8s/b.yaml': pod('b'), 'sidecar.yaml': LOGS });
    prepare();
    const before = bench.everything();
    const result = await bench.run(['attach', '-f', 'k8s', '-s', 'sidecar.yaml', '--in-place']);
    expect(result.stderr).toMatch(says);
    expect(result.code).toBe(1);
    expect(bench.everything()).toEqual(before);
    chmodSync(bench.path('k8s'), 0o755);
  };

  test('a read-only file: the others are not written either', () =>
    inPlace(
      () => chmodSync(bench.path('k8s/b.yaml'), 0o444),
      /^error: k8s\/b\.yaml is read-only; nothing was written\nhint: chmod u\+w/m,
    ));

  test('a read-only folder', () =>
    inPlace(
      () => chmodSync(bench.path('k8s'), 0o555),
      /^error: the folder of k8s\/a\.yaml is read-only; nothing was written/m,
    ));

  test('a symbolic link that leads nowhere', () =>
    inPlace(
      () => symlinkSync('gone', bench.path('k8s/c.yaml')),
      /^error: cannot read k8s\/c\.yaml: the symbolic link leads nowhere$/m,
    ));

  test('an error in the last file: the first is not written', () =>
    inPlace(() => bench.write('k8s/z.yaml', 'kind: [\n'), /^error: nothing was written: one error$/m));

  test('a link back to a folder above is walked once', async () => {
    bench = new Workbench({ 'k8s/a.yaml': pod('a'), 'sidecar.yaml': LOGS });
    mkdirSync(bench.path('k8s/deep'));
    symlinkSync('..', bench.path('k8s/deep/back'));
    const { code, stdout } = await bench.run(['attach', '-f', 'k8s', '-s', 'sidecar.yaml']);
    expect({ code, pods: stdout.match(/kind: Pod/g)?.length }).toEqual({ code: 0, pods: 1 });
  });
});
