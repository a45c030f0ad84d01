import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const base = (spec: string, name = 'x') => `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: ${spec}}`;

/** What people get wrong, and what they are told. Nothing half-made may stay. */
describe('bad input', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(4);
    await node.start({ images: ['busybox'] });
  });
  afterAll(() => node?.close());

  describe('a manifest that is refused', () => {
    const UPPER = 'metadata: {name: web-app}, spec: {containers: [{name: Sidecar-container, image: nginx}]}';
    test.each([
      [
        'an upper-case container name',
        `{apiVersion: v1, kind: Pod, ${UPPER}}`,
        'The Pod "web-app" is invalid: spec.containers[0].name: Invalid value: "Sidecar-container": a lowercase RFC 1123 label must consist of lower case alphanumeric characters',
      ],
      [
        'volumeMounts that is no list',
        base('{containers: [{name: c, image: busybox, volumeMounts: var-logs}]}'),
        'cannot unmarshal string into Go struct field Container.spec.containers.volumeMounts of type []v1.VolumeMount',
      ],
      [
        'an unknown field',
        base('{containers: [{name: c, image: busybox, imagee: y}]}'),
        'strict decoding error: unknown field "spec.containers[0].imagee"',
      ],
      [
        'two containers of one name',
        base('{containers: [{name: c, image: a}, {name: c, image: b}]}'),
        'spec.containers[1].name: Duplicate value: "c"',
      ],
      ['no image', base('{containers: [{name: c}]}'), 'spec.containers[0].image: Required value'],
      ['no container', base('{containers: []}'), 'spec.containers: Required value'],
      [
        'a mount of an unknown volume',
        base('{containers: [{name: c, image: a, volumeMounts: [{name: data, mountPath: /x}]}]}'),
        'spec.containers[0].volumeMounts[0].name: Not found: "data"',
      ],
      [
        'an unknown restart policy',
        base('{restartPolicy: Sometimes, containers: [{name: c, image: a}]}'),
        'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      ],
      [
        'an absent namespace',
        '{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: nowhere}, spec: {containers: [{name: c, image: a}]}}',
        'namespaces "nowhere" not found',
      ],
      [
        'a kind that is not served',
        '{apiVersion: v1, kind: Gadget, metadata: {name: x}}',
        'no matches for kind "Gadget" in version "v1"',
      ],
    ])('%s', async (_case, manifest, message) => {
      if (missingKubectl) return;
      const refused = await node.create(manifest);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(message);
      expect((await node.kubectl('get', 'po', '-A')).stderr).toContain('No resources found');
    });

    test("the article's manifest as printed: Outfit says file, line and column", async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      const refused = await node.outfit('create', '-f', 'test/cases/article/second-as-printed.yaml');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/second-as-printed\.yaml:\d+:\d+: /);
    });
  });

  test('a body that is huge, nested without end, of a wrong type, or none', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const file = (name: string, text: string) => {
      const path = join(node.home, name);
      writeFileSync(path, text);
      return path;
    };
    const raw = (...args: string[]) => node.kubectl('create', '--raw', '/api/v1/namespaces/default/pods', ...args);
    const huge = file('huge.json', `{"kind":"Pod","metadata":{"name":"${'x'.repeat(4 << 20)}"}}`);
    const deep = file('deep.json', '['.repeat(200_000) + ']'.repeat(200_000));
    expect((await raw('-f', huge)).stderr).toMatch(/too large/i);
    expect((await raw('-f', deep)).stderr).toMatch(/BadRequest|depth/);
    expect((await raw('-f', file('broken.json', '{"kind": "Pod",'))).code).toBe(1);
    expect((await node.kubectl('get', '--raw', '/api/v1/gadgets')).stderr).toContain(
      'the server could not find the requested resource',
    );
    expect((await node.kubectl('get', '--raw', '/readyz')).stdout).toContain('ok');
  });

  test('a wrong token is told so', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const server = (await node.k('config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}')).trim();
    const answer = await node.run('curl', ['-sk', '-H', 'Authorization: Bearer wrong', `${server}/api/v1/pods`]);
    expect(JSON.parse(answer.stdout)).toMatchObject({ kind: 'Status', code: 401, reason: 'Unauthorized' });
    const anonymous = await node.run('curl', ['-sk', `${server}/api/v1/pods`]);
    expect(JSON.parse(anonymous.stdout)).toMatchObject({
      kind: 'Status',
      code: 403,
      message:
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
    });
    expect((await node.run('curl', ['-sk', `${server}/version`])).stdout).toContain('"minor": "33"');
  });

  test('an image that is nowhere: the Pod waits and says why', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    await node.create(base('{containers: [{name: c, image: "127.0.0.1:1/nosuch:1"}]}', 'nowhere'));
    await eventually('ErrImagePull or ImagePullBackOff', async () =>
      /ErrImagePull|ImagePullBackOff/.test(await node.k('get', 'po', 'nowhere')),
    );
    expect(await node.k('get', 'events')).toMatch(/Failed to pull image "127\.0\.0\.1:1\/nosuch:1"/);
    await node.k('delete', 'po', 'nowhere');
  });

  test('an image that is never pulled, and a command that is not there', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    await node.create(base('{containers: [{name: c, image: nosuch, imagePullPolicy: Never}]}', 'never'));
    await node.create(
      base('{restartPolicy: Never, containers: [{name: c, image: busybox, command: [/nosuch]}]}', 'badcmd'),
    );
    await eventually('ErrImageNeverPull', async () => /never +0\/1 +ErrImageNeverPull/.test(await node.k('get', 'po')));
    await eventually('StartError', async () => /badcmd +0\/1 +StartError/.test(await node.k('get', 'po')));
    await node.k('delete', 'po', 'never', 'badcmd', '--now');
  });

  test('a second node with the same bridge, subnet or port is refused, with a way out', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const other = new NodeUnderTest(5);
    const port = new URL((await node.k('config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}')).trim()).port;
    const start = (...flags: string[]) => other.outfit('node', 'start', ...flags);
    try {
      const taken = await start('--port', port, '--bridge', 'ofe2e5', '--pod-cidr', '10.209.5.0/24');
      expect(taken).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`${port}.*--port`, 's')) });
      const bridge = await start('--port', '0', '--bridge', 'ofe2e4', '--pod-cidr', '10.209.5.0/24');
      expect(bridge).toMatchObject({ code: 1, stderr: expect.stringContaining('--bridge') });
      const subnet = await start('--port', '0', '--bridge', 'ofe2e5', '--pod-cidr', '10.209.4.0/24');
      expect(subnet).toMatchObject({ code: 1, stderr: expect.stringContaining('--pod-cidr') });
    } finally {
      await other.close();
    }
  });

  test('wrong usage ends with 64 and a hint', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    expect(await node.outfit('nodee', 'start')).toMatchObject({ code: 64, stderr: expect.stringContaining('node') });
    expect(await node.outfit('get')).toMatchObject({ code: 64 });
  });
});
