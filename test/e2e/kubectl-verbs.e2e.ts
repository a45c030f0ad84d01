import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const FORBIDDEN = 'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`';
const manifest = (labels: string, more = '') =>
  `{apiVersion: v1, kind: Pod, metadata: {name: s, labels: {${labels}}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [sh, -c, "i=0; while true; do i=$((i+1)); echo line $i; sleep 1; done"]${more}}, {name: web, image: nginx, imagePullPolicy: IfNotPresent}]}}`;

/** What people do with kubectl beside the verbs of kubectl-versions.e2e.ts, with the default kubectl of this machine. */
describe('kubectl', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(21);
    await node.start();
    await apply(manifest('app: s, tier: a'));
    await node.k('wait', '--for=condition=Ready', 'po/s', '--timeout=60s');
  });
  afterAll(() => node?.close());

  const step = (name: string, body: () => Promise<void>) =>
    test(name, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });
  const apply = (text: string, ...args: string[]) => node.run(kubectls[0]!.path, ['apply', '-f', '-', ...args], text);
  const file = (name: string, text: string) => {
    const path = join(node.home, name);
    writeFileSync(path, text);
    return path;
  };
  /** An editor that runs sed. */
  const editor = (name: string, expression: string) => {
    const path = file(name, `#!/bin/sh\nsed -i '${expression}' "$1"\n`);
    chmodSync(path, 0o755);
    return path;
  };

  step('apply: changed labels, nothing changed, a change that is not allowed, dry runs, server side', async () => {
    expect(await apply(manifest('app: s, tier: b'))).toMatchObject({ code: 0, stdout: 'pod/s configured\n' });
    expect(await apply(manifest('app: s, tier: b'))).toMatchObject({ code: 0, stdout: 'pod/s unchanged\n' });
    const refused = await apply(manifest('app: s, tier: b', ', tty: true'));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`The Pod "s" is invalid: ${FORBIDDEN}`) });
    expect(refused.stderr).toContain('+ spec.containers[0].tty: true');
    expect((await apply(manifest('app: s'), '--dry-run=server')).stdout).toBe('pod/s configured (server dry run)\n');
    expect((await apply(manifest('app: s, tier: b'), '--server-side')).stdout).toBe('pod/s serverside-applied\n');
    expect(await node.k('get', 'po', '-L', 'tier')).toMatch(/TIER\ns .* b\n/);
  });

  step('diff says what apply would change, and ends with 1', async () => {
    const path = file('s.yaml', manifest('app: s, tier: c'));
    expect(await node.kubectl('diff', '-f', path)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^-\s+tier: b\n\+\s+tier: c$/m),
    });
  });

  step('replace refuses, replace --force makes the Pod anew', async () => {
    const path = file('s.yaml', manifest('app: s, tier: c'));
    const refused = await node.kubectl('replace', '-f', path);
    expect(refused.stderr).toContain(FORBIDDEN);
    expect(refused.stderr).not.toMatch(/tolerations: Forbidden|spec\.priority:/);
    expect(await node.k('replace', '--force', '-f', path)).toBe('pod "s" deleted\npod/s replaced\n');
    await node.k('wait', '--for=condition=Ready', 'po/s', '--timeout=60s');
  });

  step('patch: strategic, merge, json; what cannot be applied', async () => {
    const labels = (value: string) => `{"metadata":{"labels":{"p":"${value}"}}}`;
    expect(await node.k('patch', 'po', 's', '-p', labels('one'))).toBe('pod/s patched\n');
    expect(await node.k('patch', 'po', 's', '-p', labels('one'))).toBe('pod/s patched (no change)\n');
    expect(await node.k('patch', 'po', 's', '--type=merge', '-p', labels('two'))).toBe('pod/s patched\n');
    const json = (op: string, value: string) => `[{"op":"${op}","path":"/metadata/labels/p","value":"${value}"}]`;
    expect(await node.k('patch', 'po', 's', '--type=json', '-p', json('replace', 'x'))).toBe('pod/s patched\n');
    expect((await node.kubectl('patch', 'po', 's', '--type=json', '-p', json('test', 'y'))).stderr).toBe(
      'The request is invalid: the server rejected our request due to an error in our request\n',
    );
    expect((await node.kubectl('patch', 'po', 's', '-p', '{bad')).stderr).toContain('error decoding patch');
  });

  step('edit: a change, none, and one that is refused', async () => {
    const edit = (path: string) =>
      node.run('env', [`KUBE_EDITOR=${path}`, 'timeout', '20', kubectls[0]!.path, 'edit', 'po', 's']);
    expect((await edit(editor('ok.sh', 's/tier: .*/tier: edited/'))).stdout).toBe('pod/s edited\n');
    expect((await edit('true')).stderr).toContain('Edit cancelled, no changes made.');
    expect((await edit(editor('bad.sh', 's/restartPolicy: .*/restartPolicy: Never/'))).stderr).toContain(
      'error: pods "s" is invalid',
    );
    expect(await node.k('get', 'po', 's', '-o', 'jsonpath={.metadata.labels.tier} {.spec.restartPolicy}')).toBe(
      'edited Always',
    );
  });

  step('get, sorted, and a watch with selectors', async () => {
    expect(await node.k('get', 'po', '--sort-by=.metadata.name')).toMatch(/^NAME +READY +STATUS.*\ns +2\/2 +Running/);
    expect(await node.k('get', 'events', '--sort-by=.lastTimestamp')).toMatch(
      /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/,
    );
    const watching = node.follow(kubectls[0]!.path, 'get', 'po', '-w', '-l', 'seen=yes', '--output-watch-events');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await node.k('label', 'po', 's', 'seen=yes');
    await eventually('it comes', () => /^ADDED +s /m.test(watching.output()));
    await node.k('label', 'po', 's', 'seen-');
    await eventually('and goes', () => /^DELETED +s /m.test(watching.output()));
    watching.kill();
  });

  step('run with input, its exit code passed on, nothing left', async () => {
    const run = (input: string, name: string, ...command: string[]) =>
      node.run(
        kubectls[0]!.path,
        ['run', name, '--image=busybox', '--restart=Never', '--rm', '-i', '--quiet', '--', ...command],
        input,
      );
    expect(await run('in and out\n', 'r1', 'cat')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('in and out\n'),
    });
    expect(await run('', 'r2', 'sh', '-c', 'sleep 1; exit 3')).toMatchObject({ code: 3 });
    expect(await node.k('get', 'po', '-o', 'name')).toBe('pod/s\n');
  });

  step('attach: output of the process, and input to it', async () => {
    const attached = node.follow(kubectls[0]!.path, 'attach', 's', '-c', 'c');
    await eventually('lines', () => /line \d+\nline \d+/.test(attached.output()));
    attached.kill();
    await node.create(
      '{apiVersion: v1, kind: Pod, metadata: {name: reads}, spec: {restartPolicy: Never, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, stdin: true, stdinOnce: true, command: [sh, -c, "read line; echo got $line"]}]}}',
    );
    await node.k('wait', '--for=condition=Ready', 'po/reads', '--timeout=30s');
    const answer = await node.run(kubectls[0]!.path, ['attach', '-i', '--quiet', 'reads'], 'this\n');
    expect(answer).toMatchObject({ code: 0, stdout: 'got this\n' });
    await node.k('wait', '--for=jsonpath={.status.phase}=Succeeded', 'po/reads', '--timeout=20s');
    await node.k('delete', 'po', 'reads');
  });

  step('a terminal has the size of the window', async () => {
    // `script` gives kubectl a terminal. The size comes a moment after the start, in a cluster too.
    const inside = `${kubectls[0]!.path} exec -it s -c c -- sh -c "sleep 1; stty size; tty; exit 5"`;
    const answer = await node.run('script', ['-qec', `stty rows 33 cols 111; ${inside}`, '/dev/null']);
    expect(answer.stdout).toContain('33 111\r\n/dev/pts/0\r\n');
    expect(answer.code).toBe(5);
  });

  step('cp of a folder there and back', async () => {
    const from = join(node.home, 'folder');
    mkdirSync(join(from, 'sub'), { recursive: true });
    const bytes = Buffer.alloc(3 << 20, 'outfit');
    writeFileSync(join(from, 'big'), bytes);
    writeFileSync(join(from, 'sub/x'), 'x\n');
    symlinkSync('x', join(from, 'sub/link'));
    await node.k('cp', from, 's:/tmp/folder', '-c', 'c');
    expect(await node.k('exec', 's', '-c', 'c', '--', 'readlink', '/tmp/folder/sub/link')).toBe('x\n');
    await node.k('cp', 's:/tmp/folder', join(node.home, 'back'), '-c', 'c');
    expect(readFileSync(join(node.home, 'back/big')).equals(bytes)).toBe(true);
    expect(readFileSync(join(node.home, 'back/sub/x'), 'utf8')).toBe('x\n');
  });

  step('port-forward: several ports, both families, 50 MB, thirty connections; a taken port', async () => {
    await node.k('exec', 's', '-c', 'web', '--', 'sh', '-c', 'head -c 50000000 /dev/zero > /usr/share/nginx/html/big');
    const forward = node.follow(kubectls[0]!.path, 'port-forward', 's', ':80', ':80');
    const ports = await eventually('two ports', () => {
      const found = [...forward.output().matchAll(/(\S+):(\d+) -> 80/g)].map(
        ([, host, port]) => `http://${host}:${port}`,
      );
      return found.length === 4 && found;
    });
    for (const url of ports) expect((await fetch(url)).status).toBe(200);
    const size = async (range?: string) =>
      (await (await fetch(`${ports[0]}/big`, range ? { headers: { Range: range } } : {})).arrayBuffer()).byteLength;
    expect(await size()).toBe(50_000_000);
    expect(await Promise.all(Array.from({ length: 30 }, () => size('bytes=0-999999')))).toEqual(
      Array(30).fill(1_000_000),
    );
    const port = ports[0]!.split(':').at(-1);
    expect((await node.kubectl('port-forward', 's', `${port}:80`)).stderr).toContain(
      'unable to listen on any of the requested ports',
    );
    forward.kill();
  });

  step('a page through the API: kubectl get --raw and client-node; a port where nobody listens', async () => {
    const path = '/api/v1/namespaces/default/pods/s:80/proxy/';
    expect(await node.k('get', '--raw', path)).toContain('<h1>Welcome to nginx!</h1>');
    const config = new KubeConfig();
    config.loadFromFile(node.env.KUBECONFIG!);
    const core = config.makeApiClient(CoreV1Api);
    const page = await core.connectGetNamespacedPodProxyWithPath({
      name: 's',
      namespace: 'default',
      path: 'index.html',
    });
    expect(page).toContain('<h1>Welcome to nginx!</h1>');
    expect((await node.kubectl('get', '--raw', path.replace('80', '81'))).stderr).toMatch(
      /^Error from server \(ServiceUnavailable\): error trying to reach service: dial tcp 10\.209\.21\.\d+:81: connect: connection refused\n$/,
    );
    expect(await node.k('get', '--raw', '/api/v1/nodes/node1/proxy/healthz')).toBe('ok');
  });

  step('logs: followed to the end of a run, then the run before; since; prefix', async () => {
    await node.create(
      '{apiVersion: v1, kind: Pod, metadata: {name: lg, labels: {app: lg}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [sh, -c, "echo one; sleep 2; printf two; exit 3"]}]}}',
    );
    await node.k('wait', '--for=condition=Ready', 'po/lg', '--timeout=30s');
    expect(await node.k('logs', '-f', 'lg')).toBe('one\ntwo');
    await eventually('a restart', async () => (await node.kubectl('logs', 'lg', '-p')).stdout === 'one\ntwo');
    expect(await node.k('logs', '-l', 'app=lg', '--prefix', '--tail=1', '-p')).toBe('[pod/lg/c] two');
    expect(await node.k('logs', 's', '-c', 'c', '--since=1s')).toMatch(/^(line \d+\n){1,3}$/);
    expect(await node.k('logs', 's', '-c', 'c', '--limit-bytes=6')).toBe('line 1');
    expect((await node.kubectl('logs', 's', '-c', 'nosuch')).stderr).toContain(
      'container nosuch is not valid for pod s',
    );
    await node.k('delete', 'po', 'lg');
  });

  step('wait: a condition that does not come, what is not there, deletion', async () => {
    expect(await node.kubectl('wait', '--for=condition=Nope', 'po/s', '--timeout=1s')).toMatchObject({
      code: 1,
      stderr: 'error: timed out waiting for the condition on pods/s\n',
    });
    expect((await node.kubectl('wait', '--for=condition=Ready', 'po/nosuch')).stderr).toContain(
      'pods "nosuch" not found',
    );
    const waiting = node.kubectl('wait', '--for=delete', 'po/s', '--timeout=30s');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await node.k('delete', '-f', file('s.yaml', manifest('app: s')), '--now');
    expect(await waiting).toMatchObject({ code: 0, stdout: 'pod/s condition met\n' });
  });

  step('what is not served is said in one line', async () => {
    const told = async (...args: string[]) => (await node.kubectl(...args)).stderr.trim();
    expect(await told('get', 'deploy')).toBe('error: the server doesn\'t have a resource type "deploy"');
    expect(await told('rollout', 'restart', 'deploy/x')).toBe(
      'error: the server doesn\'t have a resource type "deploy"',
    );
    expect(await told('top', 'po')).toBe('error: Metrics API not available');
  });

  step('bodies in YAML are taken and given', async () => {
    const { clusters, users } = JSON.parse(await node.k('config', 'view', '--raw', '-o', 'json'));
    const pem = (name: string, data: string) => file(name, Buffer.from(data, 'base64').toString());
    const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
    const curl = (...args: string[]) =>
      node.run('curl', ['-sk', '--cert', pem('c.crt', cert), '--key', pem('c.key', key), ...args]);
    const pods = `${clusters[0].cluster.server}/api/v1/namespaces/default/pods`;
    const yaml = ['-H', 'Content-Type: application/yaml', '-H', 'Accept: application/yaml', '--data-binary'];
    expect((await curl(`${pods}?dryRun=All`, ...yaml, manifest('app: s'))).stdout).toMatch(
      /^kind: Pod\napiVersion: v1\n/,
    );
    expect((await curl(pods, ...yaml, 'a: b: c')).stdout).toContain('error converting YAML to JSON');
  });
});
