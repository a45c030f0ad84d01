import pino from 'pino';
import { describe, expect, test } from 'vitest';
import type { RuntimeCondition, RuntimeStatus } from '../cri/runtime.ts';
import type { Node } from '../kube/generated/objects.ts';
import { memoryStore } from '../store/memory-store.ts';
import { FAST_BACKOFF } from './backoff.ts';
import { keepNode, registerNode } from './keep-node.ts';
import { type MachineFacts, readMachine } from './machine.ts';
import { nodeConditions, nodeObject } from './node.ts';
import { KnownAbilities, NO_ABILITIES } from './runtime-abilities.ts';

const GIB = 2 ** 30;
const START = Date.parse('2026-11-23T18:56:41Z');
const MACHINE: MachineFacts = {
  size: { cpuMillis: 2000, memoryBytes: 4 * GIB, storageBytes: 10 * GIB, unifiedCgroups: false },
  addresses: ['192.0.2.1'],
  architecture: 'amd64',
  kernelVersion: '6.18.0',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  machineID: 'm-1',
  systemUUID: 's-1',
  bootID: 'b-1',
  appArmor: false,
  seLinux: false,
};
const VERSION = { runtimeName: 'containerd', runtimeVersion: 'v1.6.20', runtimeApiVersion: 'v1' };
const READY: RuntimeCondition[] = ['RuntimeReady', 'NetworkReady'].map((type) => ({
  type,
  status: true,
  reason: '',
  message: '',
}));
const IMAGES = [
  { id: 'sha256:1', repoTags: ['docker.io/library/busybox:latest'], repoDigests: [], size: 10 },
  {
    id: 'sha256:2',
    repoTags: ['docker.io/library/nginx:latest'],
    repoDigests: ['docker.io/library/nginx@sha256:a'],
    size: 20,
  },
];

test('the Node object, whole', () => {
  const time = '2026-11-23T18:56:41Z';
  const capacity = {
    cpu: '2',
    'ephemeral-storage': '10485760Ki',
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: '4194304Ki',
    pods: '110',
  };
  const fine = { status: 'False', lastHeartbeatTime: time, lastTransitionTime: time };
  expect(
    nodeObject({
      name: 'node1',
      kubernetesVersion: 'v1.33.0',
      machine: MACHINE,
      runtimeVersion: VERSION,
      runtimeStatus: { conditions: READY, handlers: [] },
      images: IMAGES,
      podCIDR: '10.88.0.0/16',
      now: START,
    }),
  ).toEqual({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'node1',
      annotations: {},
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': 'node1',
        'kubernetes.io/os': 'linux',
        'node-role.kubernetes.io/control-plane': '',
      },
    },
    spec: { podCIDR: '10.88.0.0/16', podCIDRs: ['10.88.0.0/16'] },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [
        {
          ...fine,
          type: 'MemoryPressure',
          reason: 'KubeletHasSufficientMemory',
          message: 'kubelet has sufficient memory available',
        },
        { ...fine, type: 'DiskPressure', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
        {
          ...fine,
          type: 'PIDPressure',
          reason: 'KubeletHasSufficientPID',
          message: 'kubelet has sufficient PID available',
        },
        { ...fine, type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      ],
      addresses: [
        { type: 'InternalIP', address: '192.0.2.1' },
        { type: 'Hostname', address: 'node1' },
      ],
      nodeInfo: {
        machineID: 'm-1',
        systemUUID: 's-1',
        bootID: 'b-1',
        kernelVersion: '6.18.0',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        containerRuntimeVersion: 'containerd://1.6.20',
        kubeletVersion: 'v1.33.0',
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
      images: [
        { names: ['docker.io/library/nginx@sha256:a', 'docker.io/library/nginx:latest'], sizeBytes: 20 },
        { names: ['docker.io/library/busybox:latest'], sizeBytes: 10 },
      ],
    },
  });
});

test.each<[string, RuntimeCondition[] | undefined, string]>([
  ['does not answer', undefined, 'container runtime is down'],
  [
    'has no network',
    [
      READY[0] as RuntimeCondition,
      { type: 'NetworkReady', status: false, reason: 'NetworkPluginNotReady', message: 'cni plugin not initialized' },
    ],
    'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized',
  ],
])('a node whose runtime %s is not ready', (_, conditions, message) => {
  expect(nodeConditions(conditions, START).at(-1)).toMatchObject({
    type: 'Ready',
    status: 'False',
    reason: 'KubeletNotReady',
    message,
  });
});

describe('the registered node', () => {
  function setUp() {
    const clock = { now: START };
    const can: Pick<RuntimeStatus, 'handlers' | 'features'> = { handlers: [] };
    const runtime = { isDown: false, images: IMAGES, can };
    const store = memoryStore();
    const options = {
      store,
      name: 'node1',
      kubernetesVersion: 'v1.33.0',
      machine: MACHINE,
      log: pino({ level: 'silent' }),
      now: () => clock.now,
      uuid: () => 'n-1',
      runtime: {
        version: async () => VERSION,
        status: async () => {
          if (runtime.isDown) throw new Error('connection refused');
          return { conditions: READY, ...runtime.can };
        },
        listImages: async () => runtime.images,
      },
    };
    const key = { group: '', resource: 'nodes', namespace: '', name: 'node1' };
    return { clock, runtime, store, options, key, get: () => store.get(key) as Node };
  }
  const ready = ({ status }: Node) => status?.conditions?.find(({ type }) => type === 'Ready');

  test('has a uid and a time of creation, which stay', async () => {
    const { options, clock, get } = setUp();
    await registerNode(options);
    clock.now += 3_600_000;
    await registerNode({ ...options, uuid: () => 'n-2' });
    expect(get().metadata).toMatchObject({ uid: 'n-1', creationTimestamp: '2026-11-23T18:56:41Z' });
  });

  test('is written again only after five minutes, or when something changed', async () => {
    const { options, clock, store, runtime, get } = setUp();
    await registerNode(options);
    const written = store.revision;
    clock.now += 299_000;
    await registerNode(options);
    expect(store.revision).toBe(written);
    runtime.images = [];
    await registerNode(options);
    expect(get().status?.images).toEqual([]);
    clock.now += 300_000;
    await registerNode(options);
    expect(ready(get())).toMatchObject({
      lastHeartbeatTime: '2026-11-23T19:06:40Z',
      lastTransitionTime: '2026-11-23T18:56:41Z',
    });
  });

  test('tells what the runtime can as long as it says so', async () => {
    const { options, runtime, get } = setUp();
    const abilities = new KnownAbilities();
    const features = { recursiveReadOnlyMounts: true, userNamespaces: false };
    runtime.can = { handlers: [{ name: '', ...features }], features: { supplementalGroupsPolicy: true } };
    await registerNode({ ...options, abilities });
    expect(get().status).toMatchObject({
      runtimeHandlers: [{ name: '', features }],
      features: { supplementalGroupsPolicy: true },
    });
    expect(abilities.current.recursiveReadOnly).toBe(true);
    runtime.can = { handlers: [] };
    await registerNode({ ...options, abilities });
    expect(get().status).not.toHaveProperty('runtimeHandlers');
    expect(get().status).not.toHaveProperty('features');
    expect(abilities.current).toEqual(NO_ABILITIES);
  });

  test('tells since when it is not ready', async () => {
    const { options, clock, runtime, get } = setUp();
    await registerNode(options);
    clock.now += 60_000;
    runtime.isDown = true;
    await registerNode(options);
    clock.now += 60_000;
    await registerNode(options);
    expect(ready(get())).toMatchObject({ status: 'False', lastTransitionTime: '2026-11-23T18:57:41Z' });
  });

  test('keeps what users set', async () => {
    const { options, store, key, get } = setUp();
    await registerNode(options);
    const taints = [{ key: 'k', effect: 'NoSchedule' }];
    await store.update(key, (node) => ({
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata.labels, mine: 'yes' }, annotations: { note: 'hi' } },
      spec: { unschedulable: true, taints },
    }));
    await registerNode(options);
    expect(get()).toMatchObject({
      metadata: { labels: { mine: 'yes', 'kubernetes.io/hostname': 'node1' }, annotations: { note: 'hi' } },
      spec: { unschedulable: true, taints },
    });
  });

  test('says that restarts are quicker than in a cluster, as long as they are', async () => {
    const { options, store, key, get } = setUp();
    await registerNode({ ...options, backOffRules: FAST_BACKOFF });
    await store.update(key, (node) => ({
      ...node,
      metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, note: 'hi' } },
    }));
    expect(get().metadata?.annotations).toEqual({ 'outfit.dev/restart-backoff': 'fast: 1s to 10s', note: 'hi' });
    await registerNode(options);
    expect(get().metadata?.annotations).toEqual({ note: 'hi' });
  });

  test('is kept until the signal', async () => {
    const { options, get } = setUp();
    const controller = new AbortController();
    const kept = keepNode({ ...options, signal: controller.signal });
    await expect.poll(get).toBeDefined();
    controller.abort();
    await kept;
  });
});

describe('the facts of the machine', () => {
  const files: Record<string, string> = {
    '/etc/os-release': 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    '/etc/machine-id': 'm-1\n',
    '/sys/class/dmi/id/product_uuid': 's-1\n',
    '/proc/sys/kernel/random/boot_id': 'b-1\n',
    '/proc/net/route':
      'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n' +
      'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n' +
      'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n',
  };
  const address = (address: string, family = 'IPv4', internal = false) => ({ address, family, internal, scopeid: 0 });
  const interfaces = {
    lo: [address('127.0.0.1', 'IPv4', true)],
    docker0: [address('172.17.0.1')],
    eth0: [address('192.0.2.1'), { ...address('fe80::1', 'IPv6'), scopeid: 2 }],
  };
  const sources = {
    read: async (path: string) => files[path] ?? Promise.reject(new Error('ENOENT')),
    interfaces: () => interfaces as never,
    diskBytes: async () => 10 * GIB,
    architecture: 'x64',
    kernelVersion: '6.18.0',
    size: (storageBytes: number) => ({ ...MACHINE.size, storageBytes }),
  };

  test.each([
    ['Y\n', true],
    ['N\n', false],
  ])('AppArmor is enforced or not: %j', async (enabled, appArmor) => {
    const read = async (path: string) => (path.endsWith('/apparmor/parameters/enabled') ? enabled : '');
    expect((await readMachine('/home', { ...sources, read })).appArmor).toBe(appArmor);
  });

  test.each([
    ['1\n', true],
    ['0\n', true],
    [undefined, false],
  ])('SELinux is there, enforcing or permissive, or not: %j', async (enforce, seLinux) => {
    const read = async (path: string) => {
      if (path !== '/sys/fs/selinux/enforce' || enforce === undefined) throw new Error('ENOENT');
      return enforce;
    };
    expect((await readMachine('/home', { ...sources, read })).seLinux).toBe(seLinux);
  });

  test('are read', async () => {
    expect(await readMachine('/home', sources)).toEqual(MACHINE);
  });

  test('that cannot be read are empty', async () => {
    const nothing = {
      ...sources,
      read: () => Promise.reject(new Error('ENOENT')),
      interfaces: () => ({}),
      diskBytes: () => Promise.reject(new Error()),
    };
    expect(await readMachine('/home', nothing)).toEqual({
      ...MACHINE,
      size: { ...MACHINE.size, storageBytes: 0 },
      addresses: ['127.0.0.1'],
      osImage: '',
      machineID: '',
      systemUUID: '',
      bootID: '',
    });
  });

  test('of this machine make sense', async () => {
    const facts = await readMachine('/');
    expect(facts.size.memoryBytes).toBeGreaterThan(2 ** 27);
    expect(facts.addresses[0]).toMatch(/^[0-9a-f.:]+$/);
    expect(facts.bootID).not.toBe('');
  });
});
