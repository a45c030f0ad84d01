import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestRegistry } from '../../src/cri/testing-registry.ts';
import type { Event, PersistentVolumeClaim, Pod, PodSpec } from '../../src/kube/generated/objects.ts';
import { missingKubectl, NodeUnderTest } from './node-under-test.ts';

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

/** Volumes that outlive their Pods, and limits of those that do not, with real containers. */
describe('storage', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(42);
    await node.start({ images: ['busybox'] });
  });
  afterAll(async () => {
    await node?.close();
  });

  const step = (name: string, body: () => Promise<void>) =>
    test.concurrent(name, { timeout: 180_000 }, async (context) => {
      if (missingKubectl) context.skip(missingKubectl);
      await body();
    });

  async function create(kind: string, name: string, more: object): Promise<string> {
    const object = { apiVersion: 'v1', kind, metadata: { name }, ...more };
    const { code, stdout, stderr } = await node.create(JSON.stringify(object));
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${kind.toLowerCase()}/${name} created\n` });
    return stderr;
  }
  const claim = (name: string, spec: object = {}) =>
    create('PersistentVolumeClaim', name, { spec: { ...CLAIM, ...spec } });

  /** One container that runs `script` and then sleeps, with all volumes below /v. */
  async function pod(name: string, script: string, volumes: object[], spec: Partial<PodSpec> = {}): Promise<string> {
    const volumeMounts = volumes.map((volume) => {
      const { name: of } = volume as { name: string };
      return { name: of, mountPath: `/v/${of}` };
    });
    const command = ['sh', '-c', `${script}\nexec sleep 100042`];
    const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command, volumeMounts };
    return create('Pod', name, { spec: { terminationGracePeriodSeconds: 0, containers: [main], volumes, ...spec } });
  }
  const soon = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 60_000, interval: 200 });
  const running = (name: string) => node.k('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
  const inside = (name: string, script: string) => node.k('exec', name, '--', 'sh', '-c', script);
  const get = async <T>(kind: string, name: string) => JSON.parse(await node.k('get', kind, name, '-o', 'json')) as T;
  const remove = (kind: string, name: string) => node.k('delete', kind, name, '--timeout=60s');
  async function events(name: string): Promise<string[]> {
    const list = JSON.parse(
      await node.k('get', 'events', '-o', 'json', '--field-selector', `involvedObject.name=${name}`),
    );
    return (list.items as Event[]).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }
  const volumeOf = (name: string) => [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
  const directories = (name: string) =>
    readdirSync(join(node.home, 'claims')).filter((directory) => directory.startsWith(`default_${name}_`));

  step('a claim is bound, listed as in a cluster, and keeps its data from Pod to Pod', async () => {
    expect(await claim('kept')).toMatch(/^Warning: spec\.resources\.requests\[storage\]: not enforced by this node/);
    const { metadata, spec } = await soon(async () => {
      const found = await get<PersistentVolumeClaim>('pvc', 'kept');
      expect(found.status).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } });
      return found;
    });
    expect(spec?.volumeName).toBe(`pvc-${metadata?.uid}`);
    expect((await node.k('get', 'pvc', 'kept')).replaceAll(/ +/g, ' ')).toMatch(
      /^NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE\nkept Bound pvc-[0-9a-f-]+ 1Gi RWO <unset> \S+\n$/,
    );
    await soon(async () =>
      expect(await events('kept')).toEqual([
        `Normal ProvisioningSucceeded Successfully provisioned volume ${spec?.volumeName}`,
      ]),
    );
    await pod('writer', 'echo hello > /v/data/file', volumeOf('kept'));
    await running('writer');
    await soon(async () => expect(await inside('writer', 'cat /v/data/file')).toBe('hello\n'));
    expect(await node.k('describe', 'pvc', 'kept')).toMatch(/^Used By: +writer$/m);
    await remove('pod', 'writer');
    await pod('reader', '', volumeOf('kept'));
    await running('reader');
    expect(await inside('reader', 'cat /v/data/file')).toBe('hello\n');
  });

  step('a Pod waits for its claim, and a deleted claim for its Pod', async () => {
    await pod('waits', '', volumeOf('late'));
    const message =
      '0/1 nodes are available: persistentvolumeclaim "late" not found. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    await soon(async () => expect(await events('waits')).toEqual([`Warning FailedScheduling ${message}`]));
    const { status } = await get<Pod>('pod', 'waits');
    expect(status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
    ]);
    await claim('late');
    await running('waits');
    await node.k('delete', 'pvc', 'late', '--wait=false');
    expect(await node.k('get', 'pvc', 'late', '--no-headers')).toMatch(/^late +Terminating /);
    await pod('too-late', '', volumeOf('late'));
    await soon(async () =>
      expect((await events('too-late')).join()).toContain('persistentvolumeclaim "late" is being deleted'),
    );
    expect(directories('late')).toHaveLength(1);
    await remove('pod', 'waits');
    await node.k('wait', '--for=delete', 'pvc/late', '--timeout=60s');
    await soon(async () => expect(directories('late')).toEqual([]));
    await soon(async () =>
      expect((await events('too-late')).join()).toContain('persistentvolumeclaim "late" not found'),
    );
    await remove('pod', 'too-late');
  });

  step('what cannot be bound says so', async () => {
    const warnings = await claim('block', { volumeMode: 'Block' });
    expect(warnings).toContain('Warning: spec.volumeMode: not honoured by this node yet: the claim will stay Pending');
    await claim('static', { storageClassName: '' });
    await soon(async () =>
      expect([...(await events('block')), ...(await events('static'))]).toEqual([
        'Warning ProvisioningFailed failed to provision volume: block volumes are not supported by this node',
        'Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
      ]),
    );
    await pod('unbound', '', volumeOf('static'));
    await soon(async () =>
      expect((await events('unbound')).join()).toContain('pod has unbound immediate PersistentVolumeClaims'),
    );
    expect(await node.k('get', 'pvc', 'static', '--no-headers')).toMatch(/^static +Pending /);
    await remove('pod', 'unbound');
    expect(await remove('pvc', 'static')).toBe('persistentvolumeclaim "static" deleted\n');
  });

  step('readOnly, subPath and fsGroup', async () => {
    await claim('shared');
    const volumeMounts = [
      { name: 'rw', mountPath: '/rw' },
      { name: 'ro', mountPath: '/ro' },
      { name: 'rw', mountPath: '/part', subPath: 'a/b' },
    ];
    const command = ['sh', '-c', 'echo x > /part/file; touch /ro/file; exec sleep 100042'];
    const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command, volumeMounts };
    const volumes = [
      { name: 'rw', persistentVolumeClaim: { claimName: 'shared' } },
      { name: 'ro', persistentVolumeClaim: { claimName: 'shared', readOnly: true } },
    ];
    await pod('ways', '', volumes, {
      containers: [main],
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 4242 },
    });
    await running('ways');
    await soon(async () => expect(await inside('ways', 'cat /rw/a/b/file /ro/a/b/file')).toBe('x\nx\n'));
    expect(await inside('ways', 'stat -c "%a %g" /rw /part; id -G')).toBe('2777 4242\n2777 4242\n1000 4242\n');
    expect(await node.k('logs', 'ways')).toBe('touch: /ro/file: Read-only file system\n');
  });

  step('an ephemeral volume comes and goes with its Pod', async () => {
    const ephemeral = { volumeClaimTemplate: { metadata: { labels: { app: 'own' } }, spec: CLAIM } };
    await pod('own', 'touch /v/scratch/file', [{ name: 'scratch', ephemeral }]);
    await running('own');
    const { metadata } = await get<PersistentVolumeClaim>('pvc', 'own-scratch');
    expect(metadata?.labels).toEqual({ app: 'own' });
    expect(metadata?.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'own', controller: true }]);
    await soon(async () =>
      expect(readdirSync(join(node.home, 'claims', directories('own-scratch')[0]!))).toEqual(['file']),
    );
    expect((await events('own')).filter((line) => line.startsWith('Warning'))).toEqual([]);
    await remove('pod', 'own');
    await node.k('wait', '--for=delete', 'pvc/own-scratch', '--timeout=60s');
    await soon(async () => expect(directories('own-scratch')).toEqual([]));
    expect(existsSync(join(node.home, 'claims'))).toBe(true);
  });

  step('who takes more of the disk than allowed is evicted', async () => {
    const fill = 'dd if=/dev/zero of=/v/small/file bs=1024 count=2048 2>/dev/null';
    await pod('greedy', fill, [{ name: 'small', emptyDir: { sizeLimit: '1Mi' } }]);
    const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent' };
    const limits = { 'ephemeral-storage': '1Mi' };
    const command = ['sh', '-c', 'dd if=/dev/zero of=/file bs=1024 count=2048 2>/dev/null; exec sleep 100042'];
    await pod('writes', '', [], { containers: [{ ...main, command, resources: { limits } }] });
    const evicted = async (name: string, message: string) => {
      await soon(async () => {
        const { status } = await get<Pod>('pod', name);
        expect(status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message });
      });
      await soon(async () => expect(await events(name)).toContain(`Warning Evicted ${message}`));
      expect(await node.k('get', 'pod', name, '--no-headers')).toMatch(new RegExp(`^${name} +0/1 +(Error|Evicted) `));
    };
    await evicted('greedy', 'Usage of EmptyDir volume "small" exceeds the limit "1Mi". ');
    await evicted('writes', 'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ');
  });

  step("a private registry's image is pulled with the Pod's Secret, and not without", async () => {
    const registry = await startTestRegistry({ name: 'ann', password: 's3cret' });
    try {
      const image = `${registry.url.replace('http://', '')}/tools/busybox:2`;
      const config = (password: string) =>
        JSON.stringify({ auths: { [registry.url]: { auth: Buffer.from(`ann:${password}`).toString('base64') } } });
      const secret = (name: string, password: string) =>
        create('Secret', name, {
          type: 'kubernetes.io/dockerconfigjson',
          stringData: { '.dockerconfigjson': config(password) },
        });
      await secret('wrong', 'other');
      await secret('right', 's3cret');
      const main = { name: 'c', image, imagePullPolicy: 'Always', command: ['sleep', '100042'] };
      const pulls = (name: string, secrets: string[]) =>
        pod(name, '', [], { containers: [main], imagePullSecrets: secrets.map((one) => ({ name: one })) });
      await pulls('stranger', ['missing']);
      await soon(async () => {
        const said = await events('stranger');
        expect(said).toContain(
          'Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (missing); attempting to pull the image may not succeed.',
        );
        expect(said.join('\n')).toMatch(/Warning Failed Failed to pull image .*401 Unauthorized/);
      });
      await pulls('friend', ['wrong', 'right']);
      await running('friend');
      expect((await events('friend')).join('\n')).toContain('Normal Pulled Successfully pulled image');
    } finally {
      registry.close();
    }
  });
});
