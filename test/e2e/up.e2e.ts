import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, missing, NodeUnderTest, page } from './node-under-test.ts';

/** `outfit up` on a node that runs: from the first line to nothing left. */
describe('outfit up', () => {
  let node: NodeUnderTest;
  let folder: string;

  beforeAll(async () => {
    if (missing) return;
    node = new NodeUnderTest(33);
    await node.start();
  });
  afterAll(() => node?.close());
  beforeEach((context) => {
    if (missing) context.skip(missing);
    folder = mkdtempSync(join(tmpdir(), 'outfit-e2e-up-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Puts a file into the folder in one step, as editors do, and gives its path. */
  function write(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(`${path}~`, text);
    renameSync(`${path}~`, path);
    return path;
  }

  function up(...args: string[]) {
    const child = node.follow(process.execPath, 'bin/outfit', 'up', ...args);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return {
      ended,
      output: child.output,
      interrupt: () => child.kill('SIGINT'),
      kill: () => child.kill('SIGKILL'),
      says: (what: string | RegExp, from = 0) =>
        eventually(
          `"${what}" in:\n${child.output()}`,
          () => {
            const text = child.output().slice(from);
            return typeof what === 'string' ? text.includes(what) : what.test(text);
          },
          60,
        ).catch((error) => {
          throw new Error(`${error.message}\nin the end:\n${child.output()}`);
        }),
    };
  }

  const podsLeft = async (): Promise<string> => node.must('get', 'pods', '-A', '-o', 'name');

  test('the story: the sidecar joins, the page is forwarded, Ctrl-C takes everything away', async () => {
    const run = up('-f', 'examples/web-app/pod.yaml', '-s', 'examples/web-app/sidecar.yaml', '--grace-period', '1');
    await run.says('hello joins pod/web-app: selected by names; it brings sidecar-container\n');
    await run.says('pod/web-app created\n');
    await run.says('pod/web-app 2/2 Running\n');
    await run.says(/localhost:\d+ -> pod\/web-app port 80 \(main-container/);
    const port = Number(/localhost:(\d+) ->/.exec(run.output())![1]);
    const line = await eventually('the page', async () => {
      const text = await page(port);
      return text.includes('Hi I am from Sidecar container') && text;
    });
    expect(line).toMatch(/UTC \d{4} Hi I am from Sidecar container\n$/);
    run.interrupt();
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain('pod/web-app deleted\n');
    expect(await podsLeft()).toBe('');
    expect((await node.outfit('node', 'status')).code).toBe(0);
  });

  test('logs of init containers, native sidecars, main containers and earlier runs are merged, each line once', async () => {
    write('pod.yaml', CHATTY);
    const run = up('-f', folder, '--grace-period', '1');
    await run.says(/^app +\| run 2 line 3$/m);
    await run.says(/^native +\| native line 3$/m);
    run.interrupt();
    expect(await run.ended).toBe(0);
    const lines = run.output().split('\n');
    const of = (name: string) => lines.filter((line) => line.startsWith(name)).map((line) => line.split('| ')[1]);
    expect(of('prepare ')).toEqual(['prepared', 'without end']);
    expect(of('app ').slice(0, 6)).toEqual([1, 2].flatMap((n) => [1, 2, 3].map((i) => `run ${n} line ${i}`)));
    expect(of('native ').slice(0, 3)).toEqual(['native line 1', 'native line 2', 'native line 3']);
    expect(run.output()).toMatch(/pod\/chatty 1\/2 CrashLoopBackOff: app exited with code 3, restarted/);
  });

  test('a change of a file is applied; a mistake is told with its place, and what runs goes on', async () => {
    const file = write('app.yaml', APP('settings-1', 'busybox'));
    const run = up('-f', file, '-s', write('sidecar.yaml', SIDECAR('first')), '--grace-period', '0');
    await run.says(/^app +\| it is settings-1$/m);
    await run.says(/^helper +\| helped by first$/m);
    await run.says(/localhost:\d+ -> pod\/app port 8080/);
    const port = /localhost:(\d+) ->/.exec(run.output())![1];

    let from = run.output().length;
    write('app.yaml', APP('settings-1', 'busybox').replace('kind: Pod', 'kind: Pod\nkind: Pod'));
    await run.says(/app\.yaml:\d+:\d+: error: .*kind/, from);
    await run.says('what runs stays as it is\n', from);
    expect(await node.must('get', 'pods', '-o', 'name')).toBe('pod/app\n');

    from = run.output().length;
    write('app.yaml', APP('settings-2', 'busybox'));
    await run.says('configmap/settings changed: data.word\n', from);
    await run.says('pod/app is replaced: configmap/settings changed, which it reads only when it starts\n', from);
    await run.says(/^app +\| it is settings-2$/m, from);
    await run.says(`localhost:${port} -> pod/app port 8080`, from);

    from = run.output().length;
    write('sidecar.yaml', SIDECAR('second'));
    await run.says(/^helper +\| helped by second$/m, from);

    from = run.output().length;
    write('app.yaml', APP('settings-2', 'busybox').replace('name: app\n', 'name: app\n  labels: {tier: web}\n'));
    await run.says('pod/app changed: metadata.labels', from);

    from = run.output().length;
    write('app.yaml', APP('settings-2', 'busybox').replace('containerPort: 8080', 'containerPort: 99999'));
    await run.says(
      /The Pod "app" is invalid: spec\.containers\[0\]\.ports\[0\]\.containerPort: Invalid value: 99999/,
      from,
    );
    await run.says('what runs stays as it is\n', from);
    expect(run.output().slice(from)).not.toContain('is replaced');

    from = run.output().length;
    write('app.yaml', APP('settings-2', 'busybox').split('---\n')[0]!);
    await run.says('pod/app deleted\n', from);
    run.interrupt();
    expect(await run.ended).toBe(0);
    expect(await node.must('get', 'configmaps,pods', '-o', 'name')).not.toMatch(/settings|app/);
  });

  test('a second Ctrl-C ends at once what ignores the first', async () => {
    const run = up('-f', write('pod.yaml', STUBBORN));
    await run.says('stubborn 1/1 Running');
    run.interrupt();
    await run.says('app still runs, and has 29');
    run.interrupt();
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain('pod/stubborn deleted\n');
    expect(run.output()).not.toContain('has 9 s');
    expect(await podsLeft()).toBe('');
  });

  test.each([
    {
      name: 'ready: 0, and nothing is left',
      manifest: POD(SLEEPING),
      code: 0,
      says: /^ready$/m,
    },
    {
      name: 'a Pod that has done its work is ready',
      manifest: POD('  restartPolicy: Never\n  containers: [{name: app, image: busybox, command: [echo, done]}]'),
      code: 0,
      says: /^app \| done$.*^ready$/ms,
    },
    {
      name: 'an image that is not there: 1, and why',
      manifest: POD('  containers: [{name: app, image: "127.0.0.1:1/nothing:here"}]'),
      code: 1,
      says: /pod\/try failed: 0\/1 ImagePullBackOff: app cannot start: Back-off pulling image "127\.0\.0\.1:1\/nothing:here"/,
    },
    {
      name: 'a program that ends again and again',
      manifest: POD('  containers: [{name: app, image: busybox, command: [sh, -c, "echo oh no; exit 3"]}]'),
      flags: ['--timeout', '10s'],
      code: 1,
      says: /^app \| oh no$.*pod\/try is not ready after 10 s: 0\/1 CrashLoopBackOff: app exited with code 3, restarted/ms,
    },
    {
      name: 'a Pod that never becomes ready',
      manifest: POD(
        '  containers: [{name: app, image: busybox, command: [sleep, "1000"], readinessProbe: {exec: {command: [sh, -c, "echo not yet; exit 1"]}, periodSeconds: 1}}]',
      ),
      flags: ['--timeout', '5s'],
      code: 1,
      says: /pod\/try is not ready after 5 s: 0\/1 Running.*Readiness probe failed: not yet/,
    },
    {
      name: 'a ConfigMap that is missing',
      manifest: POD('  containers: [{name: app, image: busybox, envFrom: [{configMapRef: {name: nowhere}}]}]'),
      code: 1,
      says: /pod\/try failed: 0\/1 CreateContainerConfigError: app cannot start: configmap "nowhere" not found/,
    },
  ])('--once: $name', async ({ manifest, code, says, flags = [] }) => {
    const run = up('--once', '--grace-period', '0', ...flags, '-f', write('pod.yaml', manifest));
    expect([await run.ended, run.output()]).toEqual([code, expect.stringMatching(says)]);
    expect(await podsLeft()).toBe('');
  });

  test('workloads that the node does not serve run as one Pod, and what cannot run is named', async () => {
    write('all.yaml', WORKLOADS);
    const run = up('--once', '--grace-period', '0', '-f', folder);
    expect([await run.ended, run.output()]).toEqual([0, expect.stringContaining('ready\n')]);
    expect(run.output()).toContain(
      'deployment/web runs here as pod/web (1 of 3 replicas): this node has no Deployments\n',
    );
    expect(run.output()).toContain('job/sum runs here as pod/sum: this node has no Jobs\n');
    expect(run.output()).toContain('service/web skipped: this node has no Services\n');
    expect(run.output()).toMatch(/^sum +\| 42$/m);
  });

  test('sidecars among the manifests go to the node, too, and change there; those that live on the node join', async () => {
    write('living.yaml', SIDECAR('life').replaceAll('helper', 'living').replace('[app]', '[web]'));
    await node.must('create', '-f', join(folder, 'living.yaml'));
    rmSync(join(folder, 'living.yaml'));
    try {
      const sidecar = (word: string) => SIDECAR(word).replace('names: [app]', 'kinds: [Deployment]');
      write('sidecar.yaml', sidecar('first'));
      write('web.yaml', WORKLOADS.split('---\n')[0]!);
      const run = up('-f', folder, '--grace-period', '0');
      await run.says(/^helper +\| helped by first$/m);
      await run.says(/^living +\| helped by life$/m);
      expect(run.output()).toContain('sidecar.outfit.dev/helper created\n');
      expect(run.output()).toContain('helper joins pod/web: selected by kinds; it brings helper\n');
      expect(run.output()).toContain('living joins pod/web: it lives on the node\n');
      expect(run.output()).not.toContain('warning');
      const from = run.output().length;
      write('sidecar.yaml', sidecar('second'));
      await run.says(/^helper +\| helped by second$/m, from);
      expect(run.output().slice(from)).toContain('sidecar.outfit.dev/helper changed: spec.template');
      run.interrupt();
      expect(await run.ended).toBe(0);
      expect(await node.must('get', 'sidecars', '-o', 'name')).toBe('sidecar.outfit.dev/living\n');
    } finally {
      await node.must('delete', 'sidecar', 'living');
    }
  });

  test('when nobody reads any more, everything is taken away', async () => {
    const file = write('pod.yaml', CHATTY);
    const { stdout } = await node.run('sh', [
      '-c',
      `"${process.execPath}" bin/outfit up --grace-period 0 -f "${file}" | head -2`,
    ]);
    expect(stdout.split('\n')).toHaveLength(3);
    await eventually('no Pod is left', async () => (await podsLeft()) === '', 60);
  });

  test('a node that is stopped meanwhile is waited for', async () => {
    const run = up('-f', write('pod.yaml', POD(`  terminationGracePeriodSeconds: 1\n${SLEEPING}`)));
    await run.says('1/1 Running');
    await node.must('node', 'stop');
    await run.says('warning: The connection to the server');
    await node.must('node', 'start');
    const from = run.output().length;
    await run.says('1/1 Running', from);
    run.interrupt();
    expect(await run.ended).toBe(0);
    expect(await podsLeft()).toBe('');
  });

  test('a local port that is taken is said, and another is used', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const run = up('-f', write('pod.yaml', WEB(port)), '--grace-period', '0');
    await run.says(new RegExp(`localhost:\\d+ -> pod/web port ${port} \\(app; ${port} is taken\\)`));
    const local = Number(/localhost:(\d+) ->/.exec(run.output())![1]);
    expect(local).not.toBe(port);
    expect(await eventually('the page', async () => page(local))).toBe('served\n');
    run.interrupt();
    expect(await run.ended).toBe(0);
    taken.close();
  });

  test('what somebody else made is left alone; what a killed run left is replaced', async () => {
    const file = write('pod.yaml', POD(SLEEPING));
    await node.must('create', '-f', file);
    const refused = up('--once', '-f', file);
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toMatch(
      /pod\.yaml:1:1: pod\/try is there already, and was not made by "outfit up"\nhint: outfit delete pod try/,
    );
    await node.must('delete', 'pod', 'try', '--force');

    const killed = up('-f', file);
    await killed.says('1/1 Running');
    const second = up('--once', '-f', file);
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/belongs to another "outfit up" that still runs/);
    killed.kill();
    await killed.ended;
    const third = up('--once', '-f', file, '--grace-period', '0');
    expect([await third.ended, third.output()]).toEqual([
      0,
      expect.stringContaining('pod/try is replaced: an earlier "outfit up" left it behind\n'),
    ]);
    expect(await podsLeft()).toBe('');
  });

  test('-o json: one object a line', async () => {
    const run = up('--once', '-o', 'json', '--grace-period', '0', '-f', write('pod.yaml', CHATTY_ONCE));
    expect(await run.ended).toBe(0);
    const said = run
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(said).toContainEqual(expect.objectContaining({ type: 'applied', object: 'pod/try', action: 'created' }));
    expect(said).toContainEqual(
      expect.objectContaining({ type: 'log', object: 'pod/try', container: 'app', line: 'hi' }),
    );
    expect(said).toContainEqual(expect.objectContaining({ type: 'result', ready: true }));
  });
});

describe('outfit up without a node', () => {
  test('starts the node, and stops it again at the end', async (context) => {
    if (missing) context.skip(missing);
    const node = new NodeUnderTest(34);
    const folder = mkdtempSync(join(tmpdir(), 'outfit-e2e-up-'));
    try {
      await node.start({ images: ['busybox'] });
      await node.must('node', 'stop');
      const bad = join(folder, 'bad.yaml');
      writeFileSync(bad, 'apiVersion: v1\nkind: Pod\nmetadata: {name: x\n');
      const refused = await node.outfit('up', '-f', bad);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/bad\.yaml:\d+:\d+: error: /)]);
      expect((await node.outfit('node', 'status')).code).toBe(1);
      const file = join(folder, 'pod.yaml');
      writeFileSync(file, POD(SLEEPING));
      const { code, stdout } = await node.outfit('up', '--once', '--grace-period', '0', '-f', file);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^node: started at .*^ready$.*^node: stopped$/ms)]);
      expect((await node.outfit('node', 'status')).code).toBe(1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await node.close();
    }
  });
});

function POD(spec: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: try}\nspec:\n${spec}\n`;
}

const SLEEPING = '  containers: [{name: app, image: busybox, command: [sleep, "1000"]}]';

const CHATTY_ONCE = POD('  restartPolicy: Never\n  containers: [{name: app, image: busybox, command: [echo, hi]}]');

const CHATTY = `apiVersion: v1
kind: Pod
metadata: {name: chatty}
spec:
  volumes: [{name: count, emptyDir: {}}]
  initContainers:
  - name: native
    image: busybox
    restartPolicy: Always
    command: [sh, -c, 'i=0; while true; do i=$((i+1)); echo native line $i; sleep 1; done']
  - name: prepare
    image: busybox
    command: [sh, -c, 'echo prepared; printf "without end"']
  containers:
  - name: app
    image: busybox
    volumeMounts: [{name: count, mountPath: /count}]
    command: [sh, -c, 'echo x >> /count/n; n=$(wc -l < /count/n); for i in 1 2 3; do echo run $n line $i; done; exit 3']
`;

const APP = (word: string, image: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {word: ${word}}
---
apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: app
    image: ${image}
    ports: [{containerPort: 8080}]
    envFrom: [{configMapRef: {name: settings}}]
    command: [sh, -c, 'echo it is $word; exec sleep 1000']
`;

const SIDECAR = (word: string) => `apiVersion: outfit.dev/v1alpha1
kind: Sidecar
metadata: {name: helper}
spec:
  selector: {names: [app]}
  template:
    spec:
      containers:
      - name: helper
        image: busybox
        command: [sh, -c, 'echo helped by ${word}; exec sleep 1000']
`;

const STUBBORN = `apiVersion: v1
kind: Pod
metadata: {name: stubborn}
spec:
  containers: [{name: app, image: busybox, command: [sh, -c, 'trap "" TERM; while true; do sleep 1; done']}]
`;

const WEB = (port: number) => `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: app
    image: busybox
    ports: [{containerPort: ${port}}]
    command: [sh, -c, 'mkdir /www; echo served > /www/index.html; exec httpd -f -p ${port} -h /www']
`;

const WORKLOADS = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: busybox, command: [sleep, "1000"]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: sum, image: busybox, command: [echo, "42"]}]
`;
