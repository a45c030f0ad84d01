import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Image } from '../cri/runtime.ts';
import type { Pod, PodSpec } from '../kube/generated/objects.ts';
import { memoryStore } from '../store/memory-store.ts';
import { podPaths } from './paths.ts';
import { type PodPartsOptions, podParts } from './pod-parts.ts';
import type { Mounts } from './volumes/mounts.ts';

let base: string;
let home: string;
let count = 0;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'outfit-parts-'));
});
beforeEach(() => {
  home = join(base, String(count++));
});
afterAll(() => rm(base, { recursive: true }));

const IMAGE: Image = { id: 'sha256:1', repoTags: [], repoDigests: [], size: 1 };

function podOf(spec: Partial<PodSpec> = {}): Pod {
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 'u-1' },
    spec: { containers: [{ name: 'c', image: 'nginx', terminationMessagePath: '/dev/termination-log' }], ...spec },
  };
}

function partsIn(directory: string, more: Partial<PodPartsOptions> = {}) {
  const done: unknown[] = [];
  const bound = new Set<string>();
  const mounts: Mounts = {
    below: async (parent) => [...bound].filter((path) => path.startsWith(parent)),
    mountTmpfs: async () => {},
    bind: async (_, target) => void bound.add(target),
    unmount: async (path) => void bound.delete(path),
  };
  const store = memoryStore();
  const parts = podParts({
    paths: podPaths(directory),
    store,
    mounts,
    nodeName: 'node1',
    machine: {
      size: { cpuMillis: 2000, memoryBytes: 2 ** 30, storageBytes: 0, unifiedCgroups: false },
      addresses: ['192.0.2.1'],
      architecture: 'amd64',
      kernelVersion: '6',
      osImage: 'Debian',
      machineID: 'm',
      systemUUID: 's',
      bootID: 'b',
      appArmor: false,
      seLinux: false,
    },
    events: { event: (_, type, reason, message) => done.push(`${type} ${reason} ${message}`) },
    cgroupRoot: '/outfit/x',
    cgroups: {
      path: (uid) => `/outfit/x/pod${uid}`,
      limitPod: (uid, tasks) => {
        done.push(`${uid} may have ${tasks} processes`);
        return tasks !== 13;
      },
      removePod: async (uid) => void done.push(`removed cgroup of ${uid}`),
      pods: () => ['u-crashed'],
    },
    resolvConf: async () => 'nameserver 192.0.2.53\n',
    ...more,
  });
  const request = (pod: Pod, attempt = 0) => ({
    pod,
    container: pod.spec?.containers[0] ?? { name: 'c' },
    attempt,
    image: IMAGE,
    volumes: new Map([['v', join(directory, 'volume')]]),
    podIPs: ['10.88.0.7'],
  });
  return { parts, done, bound, store, request };
}

describe('what a container mounts', () => {
  test('is there before the container is', async () => {
    const { parts, request } = partsIn(home);
    await parts.containerConfig(request(podOf(), 3));
    expect(await readFile(join(home, 'pods/u-1/etc-hosts'), 'utf8')).toContain('\n10.88.0.7\tweb\n');
    const message = await stat(join(home, 'pods/u-1/containers/c/3'));
    expect({ mode: message.mode & 0o777, size: message.size }).toEqual({ mode: 0o666, size: 0 });
    expect((await stat(join(home, 'logs/shop_web_u-1/c'))).isDirectory()).toBe(true);
  });

  test('keeps the very hosts file that other containers have mounted', async () => {
    const { parts, request } = partsIn(home);
    await parts.containerConfig(request(podOf()));
    const before = (await stat(join(home, 'pods/u-1/etc-hosts'))).ino;
    await parts.containerConfig({ ...request(podOf(), 1), podIPs: ['10.88.0.8'] });
    expect((await stat(join(home, 'pods/u-1/etc-hosts'))).ino).toBe(before);
    expect(await readFile(join(home, 'pods/u-1/etc-hosts'), 'utf8')).toContain('10.88.0.8');
  });

  test("has the machine's address on the host's network", async () => {
    const { parts, request } = partsIn(home);
    const env = [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }];
    const pod = podOf({ hostNetwork: true, containers: [{ name: 'c', env }] });
    const config = await parts.containerConfig({ ...request(pod), podIPs: [] });
    expect(config.envs).toEqual([{ key: 'IP', value: '192.0.2.1' }]);
    expect(await readFile(join(home, 'pods/u-1/etc-hosts'), 'utf8')).toMatch(
      /^# Kubernetes-managed hosts file \(host network\)\./,
    );
  });

  test('is a bound part of a volume; one that leads out makes the container wait', async () => {
    const { parts, request, bound } = partsIn(home);
    await mkdir(join(home, 'volume'), { recursive: true });
    const mount = (subPath: string) =>
      podOf({ containers: [{ name: 'c', volumeMounts: [{ name: 'v', mountPath: '/a', subPath }] }] });
    const config = await parts.containerConfig(request(mount('sub')));
    expect([...bound]).toEqual([join(home, 'pods/u-1/volume-subpaths/v/c/0')]);
    expect(config.mounts[0]?.hostPath).toBe(join(home, 'pods/u-1/volume-subpaths/v/c/0'));
    await writeFile(join(home, 'volume/file'), '');
    await expect(parts.containerConfig(request(mount('file/x')))).rejects.toMatchObject({
      code: 'CreateContainerConfigError',
      message: 'failed to prepare subPath for volumeMount "v" of container "c"',
    });
  });
});

test('the environment comes from the objects of the namespace', async () => {
  const { parts, request, store } = partsIn(home);
  const pod = podOf({ containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'cfg' } }] }] });
  await expect(parts.containerConfig(request(pod))).rejects.toThrow('configmap "cfg" not found');
  const key = { group: '', resource: 'configmaps', namespace: 'shop', name: 'cfg' };
  await store.create(key, { kind: 'ConfigMap', metadata: { name: 'cfg' }, data: { A: '1' } });
  expect((await parts.containerConfig(request(pod))).envs).toEqual([{ key: 'A', value: '1' }]);
});

test('the sandbox has its log directory, its cgroup and the resolver; who watches is warned of a resolver cut short', async () => {
  const { parts, done } = partsIn(home);
  const config = await parts.sandboxConfig(podOf({ dnsConfig: { nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3'] } }), 1);
  expect(config).toMatchObject({
    metadata: { attempt: 1 },
    dnsConfig: { servers: ['192.0.2.53', '1.1.1.1', '2.2.2.2'] },
    linux: { cgroupParent: '/outfit/x/podu-1' },
  });
  expect((await stat(config.logDirectory)).isDirectory()).toBe(true);
  expect(done).toEqual([expect.stringMatching(/^Warning DNSConfigForming Nameserver limits were exceeded/)]);
});

describe('what goes', () => {
  test('with a container: its log, what was rotated away, and its message', async () => {
    const { parts, request } = partsIn(home);
    await parts.containerConfig(request(podOf(), 1));
    await parts.containerConfig(request(podOf(), 10));
    const log = podPaths(home).containerLog(podOf(), 'c', 1);
    for (const name of [log, `${log}.20261123-185641`, `${log}.20261123-185641.gz`, join(dirname(log), '10.log')]) {
      await appendFile(name, '');
    }
    await parts.removeContainerFiles(podOf(), 'c', 1);
    await parts.removeContainerFiles(podOf(), 'c', 1);
    expect(await readdir(dirname(log))).toEqual(['10.log']);
    expect(await readdir(join(home, 'pods/u-1/containers/c'))).toEqual(['10']);
  });

  test('with a pod: everything, also when only its uid is known', async () => {
    const { parts, request, done } = partsIn(home);
    await parts.prepareVolumes(podOf({ volumes: [{ name: 'v', emptyDir: {} }] }));
    await parts.containerConfig(request(podOf()));
    expect((await parts.listPods()).sort()).toEqual(['u-1', 'u-crashed']);
    await parts.releaseVolumes('u-1');
    expect((await readdir(join(home, 'pods/u-1'))).sort()).toEqual(['containers', 'etc-hosts']);
    await parts.removePod('u-1');
    await parts.removePod('u-1');
    expect(await parts.listPods()).toEqual(['u-crashed']);
    expect([await readdir(join(home, 'pods')), await readdir(join(home, 'logs'))]).toEqual([[], []]);
    expect(done).toEqual(['removed cgroup of u-1', 'removed cgroup of u-1']);
  });
});

describe('the processes of a Pod are limited before it has a sandbox', () => {
  test.each([
    [undefined, []],
    [-1, []],
    [500, ['u-1 may have 500 processes']],
  ])('--pod-pids-limit %s', async (podPidsLimit, told) => {
    const { parts, done } = partsIn(home, podPidsLimit === undefined ? {} : { podPidsLimit });
    await parts.sandboxConfig(podOf(), 0);
    expect(done).toEqual(told);
  });

  test('and it gets none where they cannot be', async () => {
    const { parts } = partsIn(home, { podPidsLimit: 13 });
    await expect(parts.sandboxConfig(podOf(), 0)).rejects.toThrow('the cgroup controller pids is missing');
  });
});
