import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Event, PodSpec } from '../../src/kube/generated/objects.ts';
import { missingKubectl, NodeUnderTest } from './node-under-test.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Volumes whose files are made from ConfigMaps, Secrets and the Pod itself, as the containers see them. */
describe('volumes made from objects', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(23);
    await node.start({ images: ['busybox'] });
    await create('ConfigMap', 'web', { data: { 'index.html': 'hello', mode: 'one' } });
    await create('Secret', 'login', { data: { user: base64('ann'), password: base64('s3cret') } });
  });
  afterAll(async () => {
    await node?.close();
  });

  const step = (name: string, body: () => Promise<void>) =>
    test.concurrent(name, { timeout: 180_000 }, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });

  async function create(kind: string, name: string, more: object): Promise<void> {
    const { code, stderr } = await node.create(JSON.stringify({ apiVersion: 'v1', kind, metadata: { name }, ...more }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }

  /** One container that sees all volumes below /v. */
  async function pod(
    name: string,
    volumes: object[],
    { metadata, ...spec }: Partial<PodSpec> & { metadata?: object } = {},
  ) {
    const volumeMounts = volumes.map((volume) => {
      const { name: of } = volume as { name: string };
      return { name: of, mountPath: `/v/${of}` };
    });
    const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100011'] };
    const whole = { terminationGracePeriodSeconds: 0, containers: [{ ...main, volumeMounts }], volumes, ...spec };
    await create('Pod', name, { metadata: { name, ...metadata }, spec: whole });
  }
  const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 200 });
  const running = (name: string) => node.k('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
  const inside = (name: string, script: string) => node.k('exec', name, '--', 'sh', '-c', script);

  step('each kind shows its files, read-only, with their modes', async () => {
    await pod(
      'kinds',
      [
        { name: 'config', configMap: { name: 'web', items: [{ key: 'index.html', path: 'html/start', mode: 0o400 }] } },
        { name: 'secret', secret: { secretName: 'login', defaultMode: 0o440 } },
        { name: 'self', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        {
          name: 'all',
          projected: {
            sources: [
              { configMap: { name: 'web', items: [{ key: 'mode', path: 'mode' }] } },
              { secret: { name: 'login', items: [{ key: 'user', path: 'deep/user' }] } },
              { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
              { configMap: { name: 'none', optional: true } },
            ],
          },
        },
      ],
      { metadata: { labels: { app: 'web', tier: 'front' } } },
    );
    await running('kinds');
    const files = 'cd /v; for f in config/html/start secret/user self/labels all/mode all/deep/user all/name; do';
    expect(await inside('kinds', `${files} echo "$f $(stat -L -c %a $f) $(cat $f | tr '\\n' ' ')"; done`)).toBe(
      [
        'config/html/start 400 hello',
        'secret/user 440 ann',
        'self/labels 644 app="web" tier="front"',
        'all/mode 644 one',
        'all/deep/user 644 ann',
        'all/name 644 kinds',
        '',
      ].join('\n'),
    );
    expect(await inside('kinds', 'for v in config secret self all; do touch /v/$v/x 2>&1; done; true')).toBe(
      ['config', 'secret', 'self', 'all'].map((v) => `touch: /v/${v}/x: Read-only file system\n`).join(''),
    );
    expect(await inside('kinds', "mount | grep ' /v/' | awk '{print $3, $5}' | sort")).toMatch(
      /^\/v\/all tmpfs\n\/v\/config (?!tmpfs)\w+\n\/v\/secret tmpfs\n\/v\/self tmpfs\n$/,
    );
  });

  step('a change arrives in the running container, but not where a subPath is mounted', async () => {
    await create('ConfigMap', 'live', { data: { a: 'old', b: 'old' } });
    const mounts = [
      { name: 'live', mountPath: '/v/live' },
      { name: 'live', mountPath: '/v/one', subPath: 'a' },
    ];
    const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100011'] };
    await pod('changes', [{ name: 'live', configMap: { name: 'live' } }], {
      containers: [{ ...main, volumeMounts: mounts }],
    });
    await running('changes');
    await node.k('patch', 'configmap', 'live', '--type=merge', '-p', '{"data":{"a":"new","b":null,"c":"new"}}');
    await soon(async () => {
      expect(await inside('changes', 'cd /v/live && echo $(ls) $(cat a c); cat /v/one')).toBe('a c newnew\nold');
    });
  });

  step('labels of the Pod itself, too', async () => {
    await pod(
      'labels',
      [
        {
          name: 'self',
          downwardAPI: { items: [{ path: 'tier', fieldRef: { fieldPath: "metadata.labels['tier']" } }] },
        },
      ],
      { metadata: { labels: { tier: 'front' } } },
    );
    await running('labels');
    await node.k('label', 'pod', 'labels', 'tier=back', '--overwrite');
    await soon(async () => expect(await inside('labels', 'cat /v/self/tier')).toBe('back'));
  });

  step('a Pod waits for what is missing, says so, and starts when it comes', async () => {
    await pod('waits', [
      { name: 'config', configMap: { name: 'late' } },
      { name: 'secret', secret: { secretName: 'late' } },
    ]);
    const told = async () => {
      const selector = 'involvedObject.name=waits,reason=FailedMount';
      const list = JSON.parse(await node.k('get', 'events', '-o', 'json', '--field-selector', selector));
      return (list.items as Event[]).map(({ message }) => message);
    };
    await soon(async () =>
      expect(await told()).toContain('MountVolume.SetUp failed for volume "config" : configmap "late" not found'),
    );
    await create('ConfigMap', 'late', { data: { k: 'v' } });
    await soon(async () =>
      expect(await told()).toContain('MountVolume.SetUp failed for volume "secret" : secret "late" not found'),
    );
    await create('Secret', 'late', { stringData: { k: 's' } });
    await running('waits');
    expect(await inside('waits', 'cat /v/config/k /v/secret/k')).toBe('vs');
  });

  step('a fsGroup may read what belongs to nobody else', async () => {
    await pod('group', [{ name: 'secret', secret: { secretName: 'login', defaultMode: 0o400 } }], {
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 },
    });
    await running('group');
    expect(await inside('group', 'stat -L -c "%a %g" /v/secret/user; cat /v/secret/user')).toBe('440 2000\nann');
  });

  step('an environment that waits for its ConfigMap starts with it', async () => {
    const env = [{ name: 'E', valueFrom: { configMapKeyRef: { name: 'env', key: 'k' } } }];
    const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100011'], env };
    await pod('env', [], { containers: [main] });
    await soon(async () =>
      expect(await node.k('get', 'pod', 'env', '--no-headers')).toContain('CreateContainerConfigError'),
    );
    await create('ConfigMap', 'env', { data: { k: 'v' } });
    await running('env');
    expect(await inside('env', 'echo $E')).toBe('v\n');
  });
});
