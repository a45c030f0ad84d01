import { chmodSync, chownSync, linkSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { GOLDEN } from './golden.ts';
import { pod, sidecar } from './samples.ts';
import { Workbench } from './workbench.ts';

let bench: Workbench;
const LOGS = sidecar('logs', { selector: '{names: [a, b]}' });
const POD = readFileSync('examples/web-app/pod.yaml', 'utf8');
const HELLO = readFileSync('examples/web-app/sidecar.yaml', 'utf8');

beforeEach(() => {
  bench = new Workbench({
    'pod.yaml': POD,
    'sidecar.yaml': HELLO,
    'k8s/a.yaml': pod('a'),
    'k8s/b.yaml': pod('b'),
    'k8s/c.yaml': pod('c'),
    'logs.yaml': LOGS,
  });
});
afterEach(() => bench.remove());

const attached = async (file: string, sidecars = 'logs.yaml') =>
  (await bench.run(['attach', '-f', file, '-s', sidecars, '-q'])).stdout;

describe('the golden story', () => {
  test("gives the article's second manifest", async () => {
    expect(await bench.run(['attach', '-f', 'pod.yaml', '-s', 'sidecar.yaml'])).toEqual({
      code: 0,
      stdout: GOLDEN,
      stderr: 'pod.yaml:1:1: Pod default/web-app: hello joined (selected by names)\n1 of 1 Pod template changed\n',
    });
    expect(bench.read('pod.yaml')).toBe(POD);
  });

  test('in place, and back again', async () => {
    expect(await bench.run(['attach', '-f', 'pod.yaml', '-s', 'sidecar.yaml', '--in-place'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/; wrote pod\.yaml\n$/),
    });
    expect(bench.read('pod.yaml')).toBe(GOLDEN);
    expect(await bench.run(['detach', '-f', 'pod.yaml', '--in-place'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'pod.yaml:1:1: Pod default/web-app: hello taken off\n1 of 1 Pod template changed; wrote pod.yaml\n',
    });
    expect(bench.read('pod.yaml')).toBe(POD);
  });

  test('a second time nothing is written', async () => {
    bench.write('pod.yaml', GOLDEN);
    const before = bench.everything();
    expect(await bench.run(['attach', '-f', 'pod.yaml', '-s', 'sidecar.yaml', '--in-place'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'pod.yaml:1:1: Pod default/web-app: hello attached already\n0 of 1 Pod template changed\n',
    });
    expect(bench.everything()).toEqual(before);
  });
});

describe('printing', () => {
  test('a stream on standard input: what nothing joins is passed on byte for byte', async () => {
    const others =
      '# Source: chart/templates/service.yaml\nkind: Service   # as it is\napiVersion: v1\nmetadata: {name: "s"}\n';
    const stream = `---\n${others}---\n${pod('a')}---\n# nothing here\n---\n${pod('c')}...\n`;
    const { code, stdout } = await bench.run(['attach', '-f', '-', '-s', 'logs.yaml'], stream);
    expect(code).toBe(0);
    expect(stdout).toBe(`---\n${others}---\n${await attached('k8s/a.yaml')}---\n# nothing here\n---\n${pod('c')}...\n`);
    expect(await bench.run(['detach', '-f', '-', '-q'], stdout)).toEqual({ code: 0, stdout: stream, stderr: '' });
  });

  test.each([
    {
      name: 'CRLF, a byte order mark and no last line break',
      text: `\ufeff${pod('c').replaceAll('\n', '\r\n').trimEnd()}`,
    },
    { name: 'nothing at all', text: '' },
    { name: 'only comments', text: '# a\n---\n# b\n' },
  ])('$name stays as it is', async ({ text }) => {
    expect(await bench.run(['attach', '-f', '-', '-s', 'logs.yaml', '-q'], text)).toEqual({
      code: 0,
      stdout: text,
      stderr: '',
    });
  });

  test('several files become one stream in the order given', async () => {
    const { stdout } = await bench.run(['attach', '-f', 'k8s/c.yaml', '-f', 'k8s', '-s', 'logs.yaml', '-q']);
    expect(stdout).toBe(`${pod('c')}---\n${await attached('k8s/a.yaml')}---\n${await attached('k8s/b.yaml')}`);
  });

  test.each([
    {
      name: 'a file that begins with a marker',
      files: [pod('c'), `---\n${pod('c')}`],
      joined: `${pod('c')}---\n${pod('c')}`,
    },
    {
      name: 'a file without a last line break',
      files: [pod('c').trimEnd(), pod('c')],
      joined: `${pod('c')}---\n${pod('c')}`,
    },
    {
      name: 'a byte order mark in the middle',
      files: [pod('c'), `\ufeff${pod('c')}`],
      joined: `${pod('c')}---\n${pod('c')}`,
    },
    {
      name: 'directives in the middle',
      files: [pod('c'), `%YAML 1.2\n---\n${pod('c')}`],
      joined: `${pod('c')}...\n%YAML 1.2\n---\n${pod('c')}`,
    },
    { name: 'JSON beside YAML', files: [pod('c'), '{"kind": "Pod"}'], joined: `${pod('c')}---\n{"kind": "Pod"}` },
    { name: 'an empty file between two', files: [pod('c'), '', pod('c')], joined: `${pod('c')}---\n${pod('c')}` },
  ])('$name', async ({ files, joined }) => {
    const argv = files.flatMap((text, i) => {
      bench.write(`f${i}.yaml`, text);
      return ['-f', `f${i}.yaml`];
    });
    expect((await bench.run(['attach', ...argv, '-s', 'logs.yaml'])).stdout).toBe(joined);
  });

  test('objects anew: YAML in documents, JSON as a List', async () => {
    const argv = ['attach', '-f', 'k8s/a.yaml', '-f', 'k8s/c.yaml', '-s', 'logs.yaml', '-q'];
    const expected = [parse(await attached('k8s/a.yaml')), parse(pod('c'))];
    const yaml = await bench.run([...argv, '-o', 'yaml']);
    expect(parseAllDocuments(yaml.stdout).map((document) => document.toJS())).toEqual(expected);
    expect(JSON.parse((await bench.run([...argv, '-o', 'json'])).stdout)).toEqual({
      apiVersion: 'v1',
      kind: 'List',
      items: expected,
    });
    expect(
      JSON.parse((await bench.run(['attach', '-f', 'pod.yaml', '-s', 'sidecar.yaml', '-o', 'json'])).stdout),
    ).toEqual(parse(GOLDEN));
  });

  test('the difference, with exit code 2', async () => {
    const { code, stdout } = await bench.run(['attach', '-f', 'pod.yaml', '-s', 'sidecar.yaml', '--diff']);
    expect(code).toBe(2);
    expect(stdout).toBe(`--- a/pod.yaml
+++ b/pod.yaml
@@ -2,9 +2,24 @@
 kind: Pod
 metadata:
   name: web-app
+  annotations:
+${GOLDEN.split('\n')[5]}
 spec:
   containers:
   - image: nginx
     name: main-container
     ports:
     - containerPort: 80
+    volumeMounts:
+    - name: var-logs
+      mountPath: /usr/share/nginx/html
+  - name: sidecar-container
+    image: busybox
+    command: ["/bin/sh"]
+    args: ["-c", "while true; do echo $(date -u) 'Hi I am from Sidecar container' > /var/log/index.html; sleep 5;done"]
+    volumeMounts:
+    - name: var-logs
+      mountPath: /var/log
+  volumes:
+  - name: var-logs
+    emptyDir: {}
`);
    expect(await bench.run(['attach', '-f', 'k8s/c.yaml', '-s', 'logs.yaml', '--diff', '-q'])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });
});

describe('what is given', () => {
  test('a folder is walked in the order of names; what begins with a dot is passed over', async () => {
    bench.write(
      'k8s/deep/d.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'd' },
        spec: { containers: [{ name: 'app' }] },
      }),
    );
    bench.write('k8s/.git/x.yaml', 'no: [manifest');
    bench.write('k8s/README.md', 'no manifest');
    const { stderr } = await bench.run(['attach', '-f', 'k8s', '-s', 'logs.yaml', '--diff']);
    expect(stderr).toBe(`k8s/a.yaml:1:1: Pod default/a: logs joined (selected by names)
k8s/b.yaml:1:1: Pod default/b: logs joined (selected by names)
k8s/c.yaml:1:1: Pod default/c: nothing joins: logs: its name "c" is none of a, b
k8s/deep/d.json:1:1: Pod default/d: nothing joins: logs: its name "d" is none of a, b
2 of 4 Pod templates changed
`);
  });

  test.each([
    { glob: 'k8s/*.yaml', names: ['a', 'b', 'c'] },
    { glob: 'k8s/[ab].yaml', names: ['a', 'b'] },
    { glob: 'k8s/[!a].yaml', names: ['b', 'c'] },
    { glob: '*/?.yaml', names: ['a', 'b', 'c'] },
    { glob: '**/c.yaml', names: ['c'] },
  ])('the glob $glob, where the shell has left it alone', async ({ glob, names }) => {
    const { stdout } = await bench.run(['attach', '-f', glob, '-s', 'logs.yaml', '-o', 'json']);
    const value = JSON.parse(stdout);
    expect((value.items ?? [value]).map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(
      names,
    );
  });

  test('a folder of sidecars may hold other kinds; manifests and sidecars may be in one', async () => {
    bench.write('k8s/logs.yaml', LOGS);
    const { code, stdout, stderr } = await bench.run(['attach', '-f', 'k8s', '-s', 'k8s', '--diff']);
    expect({ code, files: stdout.match(/^\+\+\+ .*/gm) }).toEqual({
      code: 2,
      files: ['+++ b/k8s/a.yaml', '+++ b/k8s/b.yaml'],
    });
    expect(stderr).toContain(
      'k8s/logs.yaml:1:1: ClusterSidecar default/logs: left alone: spec.template.spec: it defines a sidecar\n',
    );
  });

  test('Namespace objects of one file count for the Pods of another', async () => {
    bench.write(
      'k8s/ns.yaml',
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {outfit.dev/inject: "false"}}\n',
    );
    const { stderr } = await bench.run(['attach', '-f', 'k8s', '-s', 'logs.yaml', '-n', 'shop', '--diff']);
    expect(stderr).toContain(
      'k8s/a.yaml:1:1: Pod shop/a: nothing joins: logs: the namespace says outfit.dev/inject: "false"\n',
    );
  });

  test('a kind that only the user knows of; a path that leads nowhere is said', async () => {
    bench.write(
      'own.yaml',
      'apiVersion: my.dev/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n  pod:\n    spec:\n      containers:\n      - name: app\n',
    );
    const argv = ['attach', '-f', 'own.yaml', '-s', 'logs.yaml', '--diff'];
    expect(await bench.run(argv)).toEqual({ code: 0, stdout: '', stderr: 'no Pod template was found\n' });
    expect((await bench.run([...argv, '--path', 'Thing.my.dev=.spec.pod'])).stderr).toBe(
      'own.yaml:1:1: Thing default/a: logs joined (selected by names)\n1 of 1 Pod template changed\n',
    );
    expect((await bench.run([...argv, '--path', 'Thing=.spec.template'])).stderr).toBe(
      'warning: --path Thing=…: no Pod template was found there\nno Pod template was found\n',
    );
  });

  test('a template that was seen and not changed says why', async () => {
    bench.write(
      'own.yaml',
      'apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: m}\nspec: {predictor: {containers: [{name: a, image: b}]}}\n',
    );
    const { stderr } = await bench.run(['attach', '-f', 'own.yaml', '-s', 'logs.yaml', '--diff']);
    expect(stderr).toMatch(/^own\.yaml:1:1: InferenceService default\/m: left alone: spec\.predictor: /);
  });
});

describe('attaching again', () => {
  test('another version takes the place of the old one', async () => {
    bench.write('a.yaml', await attached('k8s/a.yaml'));
    bench.write('logs.yaml', LOGS.replace('busybox', 'fluentd'));
    const { stdout, stderr } = await bench.run(['attach', '-f', 'a.yaml', '-s', 'logs.yaml']);
    expect(stdout).toBe(await attached('k8s/a.yaml'));
    expect(stderr).toBe('a.yaml:1:1: Pod default/a: logs renewed\n1 of 1 Pod template changed\n');
  });

  test('a sidecar that is not given any more is taken off', async () => {
    bench.write('a.yaml', await attached('k8s/a.yaml'));
    bench.write('more.yaml', sidecar('more'));
    const { stderr } = await bench.run(['attach', '-f', 'a.yaml', '-s', 'more.yaml']);
    expect(stderr).toBe(
      'a.yaml:1:1: Pod default/a: more joined (it joins every Pod (matchAll)); logs taken off (it is not among the sidecars given)\n1 of 1 Pod template changed\n',
    );
  });
});

describe('detaching', () => {
  beforeEach(async () => {
    bench.write('two.yaml', `${LOGS}---\n${sidecar('more')}`);
    bench.write('a.yaml', await attached('k8s/a.yaml', 'two.yaml'));
  });

  test('all, or those that are named', async () => {
    expect((await bench.run(['detach', '-f', 'a.yaml'])).stdout).toBe(pod('a'));
    const one = await bench.run(['detach', '-f', 'a.yaml', '--sidecar', 'more']);
    expect(one.stdout).toBe(await attached('k8s/a.yaml'));
    expect(one.stderr).toBe('a.yaml:1:1: Pod default/a: more taken off; logs stays\n1 of 1 Pod template changed\n');
    expect((await bench.run(['detach', '-f', 'a.yaml', '--sidecar', 'more', '--sidecar', 'logs'])).stdout).toBe(
      pod('a'),
    );
  });

  test('a name that is attached nowhere is said', async () => {
    expect(await bench.run(['detach', '-f', 'a.yaml', '-f', 'k8s/c.yaml', '--sidecar', 'gone', '--diff'])).toEqual({
      code: 0,
      stdout: '',
      stderr: `warning: no sidecar "gone" is attached here
a.yaml:1:1: Pod default/a: logs, more stay
k8s/c.yaml:1:1: Pod default/c: nothing is attached
0 of 2 Pod templates changed
`,
    });
  });

  test('what was changed since in other lines stays, and in what was attached it is reported', async () => {
    bench.write(
      'a.yaml',
      bench
        .read('a.yaml')
        .replace('image: app', 'image: app:2 # newer')
        .replace('name: logs\n    image: busybox', 'name: logs\n    image: mine'),
    );
    const { code, stdout, stderr } = await bench.run(['detach', '-f', 'a.yaml']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: pod('a', '  - name: logs\n    image: mine\n').replace('image: app', 'image: app:2 # newer'),
    });
    expect(stderr).toMatch(
      /^a\.yaml:\d+:\d+: warning: spec\.containers\[1\]: was changed by hand since sidecar "logs" brought it, and stays \[EditedByHand\]$/m,
    );
  });
});

describe('in place', () => {
  const inPlace = ['attach', '-f', 'k8s', '-s', 'logs.yaml', '--in-place'];

  test('only files that change are written, with the mode and the owner that they had', async () => {
    chmodSync(bench.path('k8s/a.yaml'), 0o640);
    if (process.getuid?.() === 0) chownSync(bench.path('k8s/a.yaml'), 1234, 2345);
    const owner = ({ uid, gid, mode }: { uid: number; gid: number; mode: number }) => ({ uid, gid, mode });
    const before = statSync(bench.path('k8s/a.yaml'));
    const untouched = statSync(bench.path('k8s/c.yaml'));
    expect((await bench.run(inPlace)).stderr).toMatch(/^2 of 3 Pod templates changed; wrote 2 files$/m);
    expect(owner(statSync(bench.path('k8s/a.yaml')))).toEqual(owner(before));
    expect(statSync(bench.path('k8s/c.yaml'))).toMatchObject({ ino: untouched.ino, mtimeMs: untouched.mtimeMs });
    expect(Object.keys(bench.everything()).filter((name) => name.includes('.outfit'))).toEqual([]);
  });

  test('through a symbolic link the file is replaced and the link stays', async () => {
    bench.write('elsewhere/real.yaml', pod('a'));
    symlinkSync('../elsewhere/real.yaml', bench.path('k8s/a-link.yaml'));
    const { stderr } = await bench.run(['attach', '-f', 'k8s/a-link.yaml', '-s', 'logs.yaml', '--in-place']);
    expect(stderr).toMatch(/wrote k8s\/a-link\.yaml/);
    expect(lstatSync(bench.path('k8s/a-link.yaml')).isSymbolicLink()).toBe(true);
    expect(bench.read('elsewhere/real.yaml')).toBe(await attached('k8s/a.yaml'));
  });

  test('a file that is named in two ways is written once', async () => {
    symlinkSync('a.yaml', bench.path('k8s/again.yaml'));
    expect((await bench.run(inPlace)).stderr).toMatch(/^2 of 3 Pod templates changed; wrote 2 files$/m);
  });

  test('a second name of the same file keeps the old text, and that is said', async () => {
    linkSync(bench.path('k8s/a.yaml'), bench.path('other-name.yaml'));
    const { code, stderr } = await bench.run(inPlace);
    expect({ code, other: bench.read('other-name.yaml') }).toEqual({ code: 0, other: pod('a') });
    expect(stderr).toMatch(/^warning: k8s\/a\.yaml has another name \(a hard link\), which keeps the old text$/m);
  });
});

describe('the command line', () => {
  test.each([
    { argv: ['attach', '-s', 'logs.yaml'], says: 'error: outfit attach needs manifests: -f FILE' },
    { argv: ['attach', '-f', 'k8s'], says: 'error: outfit attach needs sidecars: -s FILE' },
    { argv: ['detach'], says: 'error: outfit detach needs manifests: -f FILE' },
    { argv: ['attach', '-f', '-', '-s', '-'], says: 'error: standard input (-) can be read only once' },
    {
      argv: ['attach', '-f', '-', '-f', '-', '-s', 'logs.yaml'],
      says: 'error: standard input (-) can be read only once',
    },
    {
      argv: ['attach', '-f', '-', '-s', 'logs.yaml', '--in-place'],
      says: 'error: --in-place cannot write back <stdin>: it is no regular file',
    },
    {
      argv: ['attach', '-f', 'k8s', '-s', 'logs.yaml', '--in-place', '--diff'],
      says: 'error: --in-place, --diff and --output exclude each other',
    },
    { argv: ['detach', '-f', 'k8s', '-o', 'wide'], says: 'error: unknown output format "wide"' },
    { argv: ['detach', '-f', 'k8s', '--report', 'xml'], says: 'error: unknown report format "xml"' },
    {
      argv: ['detach', '-f', 'k8s', '--path', 'nonsense'],
      says: 'error: --path: "nonsense" is not KIND=PATH, such as Rollout.argoproj.io=.spec.template',
    },
    { argv: ['detach', 'k8s'], says: 'error: outfit detach needs manifests: -f FILE' },
    { argv: ['detach', '-f', 'k8s', 'more'], says: 'error: unexpected argument "more"' },
  ])('$argv is wrong usage', async ({ argv, says }) => {
    const { code, stdout, stderr } = await bench.run(argv);
    expect({ code, stdout, first: stderr.split('\n')[0] }).toEqual({ code: 64, stdout: '', first: says });
  });

  test('the report as JSON', async () => {
    const done = await bench.run(['attach', '-f', 'k8s', '-s', 'logs.yaml', '--in-place', '--report', 'json']);
    expect(JSON.parse(done.stderr)).toMatchObject({
      workloads: [
        {
          file: 'k8s/a.yaml',
          line: 1,
          column: 1,
          workload: { kind: 'Pod', name: 'a' },
          changed: true,
          says: 'logs joined (selected by names)',
        },
        { changed: true },
        { changed: false },
      ],
      findings: [],
      written: ['k8s/a.yaml', 'k8s/b.yaml'],
    });
    bench.write('k8s/z.yaml', 'kind: [\n');
    const failed = await bench.run(['detach', '-f', 'k8s', '--in-place', '--report', 'json']);
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(failed.stderr)).toMatchObject({
      findings: [{ severity: 'error', code: 'InvalidYaml', file: 'k8s/z.yaml' }],
      written: [],
    });
  });
});
