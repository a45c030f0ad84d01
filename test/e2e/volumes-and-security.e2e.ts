import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestRegistry } from '../../src/cri/testing-registry.ts';
import type { Event, PersistentVolumeClaim, Pod, PodSpec } from '../../src/kube/generated/objects.ts';
import { missingKubectl, NodeUnderTest } from './node-under-test.ts';

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

/** Volumes, limits of the disk, private images and security settings, as real containers find them. */
describe('volumes and security', () => {
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

  const waiting = async (name: string, reason: string, message: string | RegExp) =>
    soon(async () => {
      const { status } = await get<Pod>('pod', name);
      const expected = typeof message === 'string' ? message : expect.stringMatching(message);
      expect(status?.containerStatuses?.[0]?.state?.waiting).toEqual({ reason, message: expected });
    });
  const logs = (name: string, expected: string) => soon(async () => expect(await node.k('logs', name)).toBe(expected));
  const main = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent' };
  const idle = { ...main, command: ['sleep', '100042'] };
  const scratch = [{ name: 'v', emptyDir: {} }];

  step('a subPath does not lead out of its volume', async () => {
    const init = { ...main, name: 'i', command: ['ln', '-s', '/etc', '/v/link'] };
    const initContainers = [{ ...init, volumeMounts: [{ name: 'v', mountPath: '/v' }] }];
    const mounting = (mount: object) => ({
      containers: [
        { ...idle, env: [{ name: 'UP', value: '../x' }], volumeMounts: [{ name: 'v', mountPath: '/m', ...mount }] },
      ],
    });
    await pod('to-etc', '', scratch, { initContainers, ...mounting({ subPath: 'link' }) });
    await pod('below-etc', '', scratch, { initContainers, ...mounting({ subPath: 'link/outfit-42' }) });
    await pod('upwards', '', scratch, mounting({ subPathExpr: '$(UP)' }));
    await pod('unknown', '', scratch, mounting({ subPathExpr: '$(NO)' }));
    const config = 'CreateContainerConfigError';
    await waiting('to-etc', config, 'failed to prepare subPath for volumeMount "v" of container "c"');
    await waiting('below-etc', config, 'failed to create subPath directory for volumeMount "v" of container "c"');
    await waiting('upwards', config, "unable to provision SubPath `../x`: must not contain '..'");
    await waiting('unknown', config, 'missing value for "NO"');
    expect(existsSync('/etc/outfit-42')).toBe(false);
  });

  step('mounts propagate as far as they are asked to', async () => {
    const shared = join(node.home, 'shared');
    mkdirSync(join(shared, 'inner'), { recursive: true });
    execFileSync('mount', ['--bind', shared, shared]);
    try {
      execFileSync('mount', ['--make-shared', shared]);
      const volumes = [{ name: 'v', hostPath: { path: shared, type: 'Directory' } }];
      const mounting = (mountPropagation: string) => [{ name: 'v', mountPath: '/m', mountPropagation }];
      await pod('receives', '', volumes, { containers: [{ ...idle, volumeMounts: mounting('HostToContainer') }] });
      await pod('private', '', volumes, { containers: [{ ...idle, volumeMounts: mounting('None') }] });
      const command = [
        'sh',
        '-c',
        'mkdir /m/from; mount -t tmpfs from /m/from && touch /m/from/seen; exec sleep 100042',
      ];
      const giver = {
        ...main,
        command,
        securityContext: { privileged: true },
        volumeMounts: mounting('Bidirectional'),
      };
      await Promise.all([running('receives'), running('private')]);
      await pod('gives', '', volumes, { containers: [giver] });
      await soon(async () => expect(readdirSync(join(shared, 'from'))).toEqual(['seen']));
      await soon(async () => expect(await inside('receives', 'ls /m/from')).toBe('seen\n'));
      expect(await inside('private', 'ls /m/from')).toBe('');
      await remove('pod', 'gives');
    } finally {
      for (const path of [join(shared, 'from'), shared]) execFileSync('umount', ['-R', path]);
    }
  });

  step('recursive read-only mounts are refused where the runtime has none', async () => {
    const volumeMounts = [{ name: 'v', mountPath: '/m', readOnly: true, recursiveReadOnly: 'Enabled' }];
    await pod('recursive', '', scratch, { containers: [{ ...idle, volumeMounts }] });
    await waiting(
      'recursive',
      'CreateContainerConfigError',
      'failed to resolve recursive read-only mode: volume "v" requested recursive read-only mode, but it is not supported by the runtime',
    );
  });

  step('users, groups and capabilities are what the Pod says', async () => {
    const securityContext = { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000] };
    await pod('user', 'id -u; id -g; id -G', [], { securityContext });
    const capabilities = { add: ['NET_ADMIN'], drop: ['ALL'] };
    const command = [
      'sh',
      '-c',
      'grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status; touch /x 2>&1; exec sleep 100042',
    ];
    const strict = { capabilities, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true };
    await pod('little', '', [], { containers: [{ ...main, command, securityContext: strict }] });
    await pod('nonroot', '', [], { containers: [idle], securityContext: { runAsNonRoot: true } });
    await pod('root', '', [], { containers: [idle], securityContext: { runAsNonRoot: true, runAsUser: 0 } });
    await logs('user', '1000\n3000\n3000 4000\n');
    await logs('little', 'CapEff:\t0000000000001000\nNoNewPrivs:\t1\nSeccomp:\t0\ntouch: /x: Read-only file system\n');
    const where = (name: string) => new RegExp(`\\(pod: "${name}_default\\([0-9a-f-]+\\)", container: c\\)$`).source;
    const config = 'CreateContainerConfigError';
    await waiting(
      'nonroot',
      config,
      new RegExp(`^container has runAsNonRoot and image will run as root ${where('nonroot')}`),
    );
    await waiting('root', config, new RegExp(`^container's runAsUser breaks non-root policy ${where('root')}`));
  });

  step('seccomp profiles of the runtime and of this machine', async () => {
    const profiles = join(node.home, 'seccomp/profiles');
    mkdirSync(profiles, { recursive: true });
    const syscalls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }];
    writeFileSync(join(profiles, 'no-mkdir.json'), JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
    const local = (localhostProfile: string) => ({ seccompProfile: { type: 'Localhost', localhostProfile } });
    await pod('local', 'mkdir /tmp/x', [], { securityContext: local('profiles/no-mkdir.json') });
    await pod('absent', '', [], { securityContext: local('profiles/none.json') });
    await pod('default', 'grep Seccomp: /proc/self/status', [], {
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    });
    await logs('local', "mkdir: can't create directory '/tmp/x': Operation not permitted\n");
    await logs('default', 'Seccomp:\t2\n');
    await waiting('absent', 'CreateContainerError', /cannot load seccomp profile ".*none\.json"/);
  });

  step('safe sysctls are set; unsafe ones and strict groups are not let in', async () => {
    const sysctls = [
      { name: 'net.ipv4.ip_local_port_range', value: '1024 2000' },
      { name: 'kernel/shm_rmid_forced', value: '1' },
    ];
    await pod('safe', 'cat /proc/sys/net/ipv4/ip_local_port_range /proc/sys/kernel/shm_rmid_forced', [], {
      securityContext: { sysctls },
    });
    const unsafe = [{ name: 'kernel.msgmax', value: '65536' }];
    await pod('unsafe', '', [], { securityContext: { sysctls: unsafe } });
    await pod('strict', '', [], { securityContext: { supplementalGroupsPolicy: 'Strict' } });
    await logs('safe', '1024\t2000\n1\n');
    const rejected = async (name: string, reason: string, message: string) => {
      await soon(async () =>
        expect((await get<Pod>('pod', name)).status).toMatchObject({
          phase: 'Failed',
          reason,
          message: `Pod was rejected: ${message}`,
        }),
      );
      await soon(async () => expect(await events(name)).toContain(`Warning ${reason} ${message}`));
      expect(await node.k('get', 'pod', name, '--no-headers')).toMatch(new RegExp(`^${name} +0/1 +${reason} `));
    };
    await rejected('unsafe', 'SysctlForbidden', 'forbidden sysctl: "kernel.msgmax" not allowlisted');
    await rejected(
      'strict',
      'SupplementalGroupsPolicyNotSupported',
      'SupplementalGroupsPolicy=Strict is not supported in this node',
    );
  });

  step("the machine's namespaces, and processes that containers share", async () => {
    await pod('of-host', '', [], { hostIPC: true, hostNetwork: true, hostPID: true });
    await pod('together', '', [], { shareProcessNamespace: true });
    await Promise.all([running('of-host'), running('together')]);
    const links = ['ipc', 'net', 'pid'].map((kind) => `/proc/self/ns/${kind}`);
    expect(await inside('of-host', links.map((link) => `readlink ${link}`).join('; '))).toBe(
      links.map((link) => `${readlinkSync(link)}\n`).join(''),
    );
    expect(await inside('together', 'tr "\\0" " " < /proc/1/cmdline')).toBe('/pause ');
  });

  step('a volume in memory is as large as the Pod may use memory', async () => {
    const volumes = [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }];
    const limits = { memory: '32Mi' };
    const volumeMounts = [{ name: 'v', mountPath: '/v' }];
    await pod('memory', '', volumes, { containers: [{ ...idle, volumeMounts, resources: { limits } }] });
    await running('memory');
    expect(await inside('memory', "df -k /v | awk 'END {print $2}'")).toBe('32768\n');
  });

  test('data of claims is there after the node was killed, and what was in the middle of going has gone', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    await claim('survives');
    await pod('before', 'echo still > /v/data/file', volumeOf('survives'));
    await running('before');
    await soon(async () => expect(await inside('before', 'cat /v/data/file')).toBe('still\n'));
    mkdirSync(join(node.home, 'claims/default_gone_uid.deleted/sub'), { recursive: true });
    process.kill(await node.pid(), 'SIGKILL');
    await node.start({ images: [] });
    expect(await node.k('get', 'pvc', 'survives', '--no-headers')).toMatch(/^survives +Bound /);
    await soon(async () => expect(readdirSync(join(node.home, 'claims'))).not.toContain('default_gone_uid.deleted'));
    await remove('pod', 'before');
    await pod('after', '', volumeOf('survives'));
    await running('after');
    expect(await inside('after', 'cat /v/data/file')).toBe('still\n');
  });
});
