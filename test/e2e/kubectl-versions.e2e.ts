import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

/** Every kubectl of this machine, through the verbs of a day's work, each in a namespace of its own. */
describe('stock kubectl', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(2);
    await node.start();
  });
  afterAll(() => node?.close());

  const cases = kubectls.length > 0 ? kubectls : [{ name: 'kubectl', path: 'kubectl' }];
  describe.each(cases)('$name', (kubectl) => {
    const namespace = `v${kubectl.name.replaceAll(/[^0-9a-z]/g, '')}`;
    const k = (...args: string[]) => node.kubectlOf(kubectl, '-n', namespace, ...args);
    const out = async (...args: string[]) => {
      const result = await k(...args);
      expect(result, args.join(' ')).toMatchObject({ code: 0 });
      return result.stdout;
    };

    beforeAll(async () => {
      if (missingKubectl) return;
      await node.create(`{apiVersion: v1, kind: Namespace, metadata: {name: ${namespace}}}`);
    });

    const step = (name: string, body: () => Promise<void>) =>
      test(name, async (context) => {
        if (missingKubectl) context.skip(missingKubectl);
        await body();
      });

    step('version and api-resources', async () => {
      expect(await out('version')).toMatch(/Server Version: (v1\.33|version\.Info\{Major:"1", Minor:"33")/);
      expect(await out('api-resources')).toMatch(/^pods +po +v1 +true +Pod$/m);
    });

    step('explain', async () => {
      const text = await out('explain', 'pod.spec.containers');
      expect(text).toMatch(/^FIELDS?: containers|containers <\[\]Container>/m);
      expect(text).toContain('imagePullPolicy');
    });

    step('create, wait, get', async () => {
      expect(await out('create', '-f', 'examples/web-app/pod-with-sidecar.yaml')).toBe('pod/web-app created\n');
      expect(await out('wait', '--for=condition=Ready', 'pod/web-app', '--timeout=60s')).toBe(
        'pod/web-app condition met\n',
      );
      expect(await out('get', 'po')).toMatch(/^web-app {3}2\/2 {5}Running {3}0 {10}\d+s$/m);
      expect(await out('get', 'po', '-o', 'wide')).toMatch(
        /IP +NODE +NOMINATED NODE +READINESS GATES\nweb-app .* node1 +<none> +<none>/,
      );
      expect(await out('get', 'po', '-o', 'name')).toBe('pod/web-app\n');
      expect(await out('get', 'po', 'web-app', '-o', 'jsonpath={.status.phase}')).toBe('Running');
      expect(JSON.parse(await out('get', 'po', '-o', 'json')).items[0].kind).toBe('Pod');
      expect(await out('get', 'po', 'web-app', '-o', 'yaml')).toMatch(/^apiVersion: v1\nkind: Pod$/m);
      expect(await out('get', 'po', '-A')).toMatch(/^NAMESPACE +NAME/);
      expect(await out('get', 'po', '--field-selector', 'status.phase=Running', '-o', 'name')).toBe('pod/web-app\n');
      expect(await out('get', 'po', '--field-selector', 'status.phase=Pending', '-o', 'name')).toBe('');
    });

    step('get -w shows what changes', async () => {
      const watching = node.follow(kubectl.path, '-n', namespace, 'get', 'po', '-w');
      await eventually('the first row', () => watching.output().includes('web-app'));
      await out('label', 'pod', 'web-app', 'seen=yes');
      await eventually(
        'a second row',
        () =>
          watching
            .output()
            .split('\n')
            .filter((l) => l.startsWith('web-app')).length >= 2,
      );
      watching.kill();
      expect(await out('get', 'po', '-l', 'seen=yes', '-o', 'name')).toBe('pod/web-app\n');
      expect(await out('annotate', 'pod', 'web-app', 'note=here')).toMatch(/^pod\/web-app annotated?\n$/);
    });

    step('describe', async () => {
      const text = await out('describe', 'po', 'web-app');
      expect(text).toMatch(/Type +Reason +Age +From +Message/);
      expect(text).toMatch(/Normal +Scheduled +\S+ +default-scheduler +Successfully assigned/);
      expect(text).toMatch(/Normal +Started +\S+ +kubelet +Started container sidecar-container/);
      expect(text).toMatch(/PodScheduled +True/);
    });

    step('logs', async () => {
      expect(await out('logs', 'web-app', '-c', 'main-container', '--tail=1')).toMatch(/\n$/);
      expect(await out('logs', 'web-app', '-c', 'main-container', '--tail=1', '--timestamps')).toMatch(
        /^\d{4}-\d\d-\d\dT[\d:.]+Z /,
      );
      expect(await out('logs', 'web-app', '--all-containers', '--since=1h')).toContain('start worker');
      expect((await k('logs', 'web-app', '-c', 'main-container', '--previous')).stderr).toContain(
        'previous terminated container "main-container" in pod "web-app" not found',
      );
    });

    step('exec passes output, input and exit code', async () => {
      expect(await out('exec', 'web-app', '-c', 'sidecar-container', '--', 'echo', 'hello')).toBe('hello\n');
      expect(await k('exec', 'web-app', '-c', 'sidecar-container', '--', 'sh', '-c', 'exit 7')).toMatchObject({
        code: 7,
        stderr: expect.stringContaining('command terminated with exit code 7'),
      });
      const cat = await node.run(
        kubectl.path,
        ['-n', namespace, 'exec', '-i', 'web-app', '-c', 'sidecar-container', '--', 'cat'],
        'through\n',
      );
      expect(cat).toMatchObject({ code: 0, stdout: 'through\n' });
      expect((await k('exec', 'web-app', '-c', 'nosuch', '--', 'ls')).stderr).toContain(
        'container nosuch is not valid for pod web-app',
      );
    });

    step('cp there and back', async () => {
      const there = join(node.home, 'there');
      const back = join(node.home, `back-${kubectl.name}`);
      writeFileSync(there, 'copied\n');
      await out('cp', there, 'web-app:/tmp/file', '-c', 'sidecar-container');
      await out('cp', 'web-app:/tmp/file', back, '-c', 'sidecar-container');
      expect(readFileSync(back, 'utf8')).toBe('copied\n');
    });

    step('port-forward on a port of its choice', async () => {
      const forward = node.follow(kubectl.path, '-n', namespace, 'port-forward', 'web-app', ':80');
      const port = await eventually('a local port', () => forward.output().match(/127\.0\.0\.1:(\d+) -> 80/)?.[1]);
      const page = await eventually('the page', async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        return answer.ok && (await answer.text());
      });
      expect(page).toContain('Hi I am from Sidecar container');
      forward.kill();
    });

    step('apply: new, unchanged, changed image', async () => {
      const manifest = (image: string) =>
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'applied' },
          spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image, command: ['sleep', '1000'] }] },
        });
      const apply = (image: string) => node.run(kubectl.path, ['-n', namespace, 'apply', '-f', '-'], manifest(image));
      expect(await apply('busybox')).toMatchObject({ code: 0, stdout: 'pod/applied created\n' });
      expect(await apply('busybox')).toMatchObject({ code: 0, stdout: 'pod/applied unchanged\n' });
      await out('wait', '--for=condition=Ready', 'pod/applied', '--timeout=60s');
      expect(await apply('docker.io/library/busybox')).toMatchObject({ code: 0, stdout: 'pod/applied configured\n' });
      await eventually(
        'one restart',
        async () =>
          (await out('get', 'po', 'applied', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}')) === '1',
      );
      expect(await out('get', 'events')).toContain('Container c definition changed, will be restarted');
    });

    step('delete: gracefully, by label, forced', async () => {
      expect(await out('delete', 'po', 'web-app', '--now')).toMatch(/^pod "web-app" deleted/);
      expect((await k('delete', 'po', 'web-app')).stderr).toContain(
        'Error from server (NotFound): pods "web-app" not found',
      );
      await out('label', 'pod', 'applied', 'app=x');
      expect(await out('delete', 'po', '-l', 'app=x')).toMatch(/^pod "applied" deleted/);
      await out('run', 'short', '--image=busybox', '--restart=Never', '--', 'sleep', '1000');
      expect(await out('delete', 'po', 'short', '--force', '--grace-period=0')).toMatch(
        /^pod "short" (force )?deleted/,
      );
      expect((await k('get', 'po')).stderr).toContain('No resources found');
    });

    step('the node and the namespaces', async () => {
      expect(await out('get', 'nodes')).toMatch(/^node1 +Ready +\S+ +\S+ +v1\.33/m);
      expect(await out('get', 'ns')).toMatch(/^default +Active/m);
    });
  });
});
