import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type Kubectl, kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const POD = 'examples/web-app/pod.yaml';
const SIDECAR = 'examples/web-app/sidecar.yaml';
const JOINS = (pod: string) => `Warning: sidecar "hello" joins Pod "${pod}" with container sidecar-container\n`;
const TRIED = kubectls.filter(({ name }) => ['kubectl', 'kubectl.1.27', 'kubectl.1.33'].includes(name));
const NONE: Kubectl = { name: 'kubectl', path: '' };
const node = shared();

beforeAll(() => node.acquire());
afterAll(() => node.release());

/** Sidecars in the node, through kubectl: definitions that are applied, Pods that get them, and what is said about it. */
describe.each(TRIED.length > 0 ? TRIED : [NONE])('$name', (kubectl) => {
  const k = (...args: string[]) => node.must(kubectl, ...args);
  const tried = (...args: string[]) => node.get().kubectlOf(kubectl, ...args);
  const step = (name: string, body: () => Promise<void>) =>
    test(name, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });

  step('a sidecar is applied, listed and explained', async () => {
    expect(await k('apply', '-f', SIDECAR)).toBe('sidecar.outfit.dev/hello created\n');
    expect(await k('apply', '-f', SIDECAR)).toBe('sidecar.outfit.dev/hello unchanged\n');
    await eventually('it is accepted', async () =>
      /^NAME +SELECTOR +JOINS +JOINED +ACCEPTED +AGE\nhello +names=web-app +Always +0 +True +\d+s\n$/.test(
        await k('get', 'sidecars'),
      ),
    );
    expect(await k('get', 'sidecars', '-o', 'wide')).toMatch(
      /REASON +MESSAGE\n.* Accepted +The definition is valid\.\n/,
    );
    expect(await k('get', 'outfit', '-A', '-o', 'name')).toBe('sidecar.outfit.dev/hello\n');
    expect(await k('explain', 'sidecar.spec.selector.names')).toContain('Globs over the name of the Pod');
    expect(await k('explain', 'clustersidecar.spec.template.spec.containers.image')).toContain('Container image name');
    expect(await k('api-resources', '--api-group=outfit.dev', '--no-headers')).toMatch(
      /^clustersidecars +outfit\.dev\/v1alpha1 +false +ClusterSidecar\nsidecars +outfit\.dev\/v1alpha1 +true +Sidecar\n$/,
    );
  });

  step('a Pod is created with it, and kubectl says so', async () => {
    expect(await tried('create', '-f', POD)).toEqual({
      code: 0,
      stdout: 'pod/web-app created\n',
      stderr: JOINS('web-app'),
    });
    await k('wait', '--for=condition=Ready', 'pod/web-app', '--timeout=60s');
    expect(await k('get', 'po')).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\nweb-app +2\/2 +Running +0 +\d+s\n$/);
    const page = () => k('exec', 'web-app', '-c', 'main-container', '--', 'cat', '/usr/share/nginx/html/index.html');
    const first = await eventually('the page is the sidecar’s', async () => {
      const text = await page();
      return text.includes('Hi I am from Sidecar container') && text;
    });
    await eventually('the page changes', async () => (await page()) !== first);
    await eventually('it is counted', async () => /^hello .* 1 +True/m.test(await k('get', 'sidecars')));
    expect(await k('describe', 'sidecar', 'hello')).toMatch(/Joined: +1\n/);
    expect(await k('describe', 'pod', 'web-app')).toMatch(
      /Normal +SidecarAttached +\S+ +sidecar-admission +Attached sidecar hello: container sidecar-container\n/,
    );
  });

  step('apply of the manifest goes on working, and leaves the sidecar alone', async () => {
    await k('apply', '-f', POD);
    const version = () => k('get', 'po', 'web-app', '-o', 'jsonpath={.metadata.resourceVersion}');
    const before = await version();
    expect(await tried('apply', '-f', POD)).toMatchObject({ code: 0, stderr: '' });
    expect(await version()).toBe(before);
    const changed = node.file('changed.yaml', readFileSync(POD, 'utf8').replace('image: nginx', 'image: nginx:latest'));
    expect(await k('apply', '-f', changed)).toBe('pod/web-app configured\n');
    expect(await k('get', 'po', 'web-app', '-o', 'jsonpath={.spec.containers[*].image}')).toBe('nginx:latest busybox');
    expect(await tried('replace', '--force', '--grace-period=1', '-f', POD)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/pod "web-app" (force )?deleted\npod\/web-app replaced\n/),
      stderr: expect.stringContaining(JOINS('web-app')),
    });
    await k('delete', 'po', 'web-app', '--now');
    await eventually('nobody is counted', async () => /^hello .* 0 +True/m.test(await k('get', 'sidecars')));
  });

  step(
    'a server dry run shows the Pod as it would be; generated names and kubectl run get their sidecars, too',
    async () => {
      const dry = await tried('create', '-f', POD, '--dry-run=server', '-o', 'jsonpath={.spec.containers[*].name}');
      expect(dry).toEqual({ code: 0, stdout: 'main-container sidecar-container', stderr: JOINS('web-app') });
      expect(await k('get', 'po', '-o', 'name')).toBe('');
      await patch('{"spec":{"selector":{"names":["web-*","main-container"]}}}');
      const generated = await node
        .get()
        .run(
          kubectl.path,
          ['create', '-o', 'jsonpath={.spec.containers[*].name}', '-f', '-'],
          '{"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-"}, "spec": {"containers": [{"name": "main-container", "image": "nginx"}]}}',
        );
      expect(generated).toMatchObject({ code: 0, stdout: 'main-container sidecar-container' });
      expect(await tried('run', 'main-container', '--image=nginx', '--restart=Never')).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('sidecar "hello" joins Pod "main-container"'),
      });
      await k('delete', 'po', '--all', '--now');
      await patch('{"spec":{"selector":{"names":["web-app"]}}}');
    },
  );

  step('annotations: opting out, parameters, and those that cannot be', async () => {
    const pod = (annotations: string) =>
      `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-app", "annotations": {${annotations}}}, "spec": {"containers": [{"name": "main-container", "image": "nginx"}]}}`;
    const create = (annotations: string) =>
      node.get().run(kubectl.path, ['create', '--dry-run=server', '-o', 'json', '-f', '-'], pod(annotations));
    const containers = ({ stdout }: { stdout: string }) => JSON.parse(stdout).spec.containers;
    const out = await create('"outfit.dev/inject": "false"');
    expect(out.stderr).toBe('');
    expect(containers(out)).toHaveLength(1);
    const set = await create('"hello.sidecar.outfit.dev/interval": "17"');
    expect(containers(set)[1].args[1]).toContain('sleep 17;');
    const wrong = await create('"hello.sidecar.outfit.dev/interval": "never"');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(
      /^Error from server \(Forbidden\): error when creating "STDIN": admission webhook "sidecars\.outfit\.dev" denied the request: sidecar "hello": .*interval/,
    );
  });

  step('a conflict refuses the Pod; with failurePolicy Ignore it goes in as it is', async () => {
    const containers =
      '[{"name": "main-container", "image": "nginx"}, {"name": "sidecar-container", "image": "busybox"}]';
    const pod = node.file(
      'conflict.json',
      `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-app"}, "spec": {"containers": ${containers}}}`,
    );
    const refused = await tried('create', '-f', pod);
    expect(refused.stderr).toBe(
      `Error from server (Forbidden): error when creating "${pod}": admission webhook "sidecars.outfit.dev" denied the request: sidecar "hello": container "sidecar-container": the Pod has its own, and onConflict.containers is Error (spec.template.spec.containers[0].name of the sidecar, spec.containers[1] of the Pod)\n`,
    );
    await patch('{"spec":{"failurePolicy":"Ignore"}}');
    const ignored = await tried('create', '--dry-run=server', '-f', pod, '-o', 'jsonpath={.spec.containers[*].name}');
    expect(ignored).toMatchObject({ code: 0, stdout: 'main-container sidecar-container' });
    expect(ignored.stderr).toMatch(/^Warning: sidecar "hello": container .* \(failurePolicy is Ignore\)\n$/);
    await patch('{"spec":{"failurePolicy":"Fail"}}');
  });

  step('what is wrong with a sidecar is refused with its field; what is only odd is a warning', async () => {
    const text = readFileSync(SIDECAR, 'utf8').replace('name: hello', 'name: odd');
    const create = (from: string, to: string) =>
      tried('create', '-f', node.file('odd.yaml', text.replace(from, to)), '--dry-run=server');
    expect((await create('selector:', 'selctor:')).stderr).toMatch(
      /Sidecar in version "v1alpha1" cannot be handled as a Sidecar: strict decoding error: unknown field "spec\.selctor"\n$/,
    );
    expect((await create('minimum: 1', 'minimum: 6')).stderr).toBe(
      'The Sidecar "odd" is invalid: spec.parameters[0].default: Invalid value: 5: must be greater than or equal to 6\n',
    );
    expect((await create('names: [web-app]', 'condition: "pod.spec =="')).stderr).toBe(
      'The Sidecar "odd" is invalid: spec.selector.condition: Invalid value: "pod.spec ==": Unexpected token: EOF\n',
    );
    expect(await create('- name: var-logs\n        emptyDir: {}', '- name: other\n        emptyDir: {}')).toMatchObject(
      {
        stderr: expect.stringContaining(
          'Warning: spec.mainContainers[0].volumeMounts[0].name: the sidecar brings no volume "var-logs": the Pod must have it',
        ),
      },
    );
  });

  step('two that both want to be first: the later one is not accepted, and does not join', async () => {
    const demanding = (name: string) =>
      `{"apiVersion": "outfit.dev/v1alpha1", "kind": "ClusterSidecar", "metadata": {"name": "${name}"}, "spec": {"selector": {"matchAll": true}, "order": {"before": ["*"]}, "template": {"spec": {"containers": [{"name": "${name}-c", "image": "busybox"}]}}}}`;
    for (const name of ['first', 'second']) await node.get().run(kubectl.path, ['create', '-f', '-'], demanding(name));
    await eventually('one is accepted', async () =>
      /^first +<all> +Always +0 +True .*\nsecond +<all> +Always +0 +False .* OrderCycle +Nothing can be first: .*\n/m.test(
        await k('get', 'clustersidecars', '-o', 'wide'),
      ),
    );
    const dry = await tried(
      'run',
      'x',
      '--image=nginx',
      '--dry-run=server',
      '-o',
      'jsonpath={.spec.containers[*].name}',
    );
    expect(dry.stdout).toBe('x first-c');
    await k('delete', 'clustersidecars', '--all');
  });

  step('a ClusterSidecar joins where its namespaceSelector says, unless the namespace says no', async () => {
    const wide = `{"apiVersion": "outfit.dev/v1alpha1", "kind": "ClusterSidecar", "metadata": {"name": "wide"}, "spec": {"selector": {"namespaceSelector": {"matchLabels": {"team": "shop"}}}, "template": {"metadata": {"labels": {"wide": "yes"}}}}}`;
    const space = '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "shop"}}}';
    for (const text of [wide, space]) await node.get().run(kubectl.path, ['create', '-f', '-'], text);
    const labels = async (namespace: string) =>
      (
        await tried(
          'run',
          'x',
          '--image=nginx',
          '-n',
          namespace,
          '--dry-run=server',
          '-o',
          'jsonpath={.metadata.labels.wide}',
        )
      ).stdout;
    expect(await labels('default')).toBe('');
    expect(await labels('shop')).toBe('yes');
    await k('annotate', 'ns', 'shop', 'outfit.dev/inject=false');
    expect(await labels('shop')).toBe('');
    await k('delete', 'clustersidecar/wide', 'ns/shop');
  });

  step('edit changes the definition; Pods that carry it are named, and Outfit itself can look, too', async () => {
    await k('create', '-f', POD);
    await eventually('it is counted', async () => /^hello .* 1 +True/m.test(await k('get', 'sidecars')));
    const editor = node.file('edit.sh', '#!/bin/sh\nsed -i "s/default: 5/default: 7/" "$1"\n');
    chmodSync(editor, 0o755);
    const edited = await node
      .get()
      .run('env', [`KUBE_EDITOR=${editor}`, 'timeout', '20', kubectl.path, 'edit', 'sidecar', 'hello']);
    expect(edited).toMatchObject({ code: 0, stdout: 'sidecar.outfit.dev/hello edited\n' });
    expect(edited.stderr).toContain('1 Pod carries it as it was; it gets the change when it is created anew');
    expect(
      await k('get', 'sidecar', 'hello', '-o', 'jsonpath={.metadata.generation} {.spec.parameters[0].default}'),
    ).toMatch(/^\d+ 7$/);
    expect((await node.get().must('get', 'sidecars')).split('\n')[0]).toMatch(/^NAME +SELECTOR +JOINS +JOINED/);
  });

  step('the node is killed: sidecars, counts and Pods are there again', async () => {
    process.kill(await node.get().pid(), 'SIGKILL');
    await node.get().start({ images: [] });
    expect(await k('get', 'sidecars')).toMatch(/^hello +names=web-app +Always +1 +True/m);
    expect(
      await tried('create', '-f', node.file('other.yaml', readFileSync(POD, 'utf8').replace('web-app', 'other'))),
    ).toMatchObject({ stderr: '' });
    await k('delete', 'po', '--all', '--now');
    await eventually('counted down', async () => /^hello .* 0 +True/m.test(await k('get', 'sidecars')));
  });

  step('delete: later Pods are as they are written', async () => {
    expect(await k('delete', 'sidecar', 'hello')).toBe('sidecar.outfit.dev "hello" deleted\n');
    expect(await tried('create', '-f', POD, '--dry-run=server')).toMatchObject({
      stdout: 'pod/web-app created (server dry run)\n',
      stderr: '',
    });
  });

  async function patch(change: string): Promise<void> {
    await k('patch', 'sidecar', 'hello', '--type=merge', '-p', change);
  }
});

/** One node for all versions of kubectl: they come one after the other. */
function shared() {
  let node: NodeUnderTest | undefined;
  return {
    async acquire(): Promise<void> {
      if (missingKubectl) return;
      node = new NodeUnderTest(32);
      await node.start();
    },
    release: async () => node?.close(),
    get: (): NodeUnderTest => node!,
    file(name: string, text: string): string {
      const path = join(node!.home, name);
      writeFileSync(path, text);
      return path;
    },
    async must(kubectl: Kubectl, ...args: string[]): Promise<string> {
      const output = await node!.kubectlOf(kubectl, ...args);
      if (output.code !== 0)
        throw new Error(`${kubectl.name} ${args.join(' ')}: ${output.code}\n${output.stdout}${output.stderr}`);
      return output.stdout;
    },
  };
}
