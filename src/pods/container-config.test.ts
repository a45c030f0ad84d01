import { describe, expect, test } from 'vitest';
import type { ContainerConfig, Image, PodSandboxConfig } from '../cri/runtime.ts';
import type { Container, Pod, PodSpec, Volume, VolumeMount } from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import { type ContainerConfigInput, containerConfig, sandboxConfig } from './container-config.ts';
import { podPaths } from './paths.ts';
import { NO_ABILITIES } from './runtime-abilities.ts';
import { namespaces } from './security.ts';

const GIB = 2 ** 30;
const paths = podPaths('/home');
const IMAGE: Image = { id: 'sha256:1', repoTags: [], repoDigests: [], size: 1 };
const MASKED = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

interface Change {
  container?: Partial<Container>;
  spec?: Partial<PodSpec>;
  image?: Partial<Image>;
}

function podOf({ container, spec }: Change): Pod {
  return {
    metadata: { name: 'web', namespace: 'shop', uid: 'u-1', labels: { app: 'web' }, annotations: { note: 'hi' } },
    spec: {
      containers: [{ name: 'c', image: 'nginx', terminationMessagePath: '/dev/termination-log', ...container }],
      terminationGracePeriodSeconds: 30,
      volumes: [{ name: 'data', emptyDir: {} }],
      ...spec,
    },
  };
}

function configOf(change: Change = {}, more: Partial<ContainerConfigInput> = {}): ContainerConfig {
  const pod = podOf(change);
  return containerConfig({
    pod,
    container: (pod.spec?.initContainers ?? pod.spec?.containers ?? [])[0] as Container,
    attempt: 2,
    imageRef: 'sha256:1',
    image: { ...IMAGE, ...change.image },
    volumes: new Map([['data', '/home/pods/u-1/volumes/kubernetes.io~empty-dir/data']]),
    podIPs: ['10.88.0.7'],
    hostIPs: ['192.0.2.1'],
    nodeName: 'node1',
    paths,
    lookup: { configMap: () => undefined, secret: () => undefined },
    machine: { cpuMillis: 2000, memoryBytes: 8 * GIB, storageBytes: 0, unifiedCgroups: false },
    ...more,
  });
}

const ETC_HOSTS = {
  containerPath: '/etc/hosts',
  hostPath: '/home/pods/u-1/etc-hosts',
  readonly: false,
  propagation: 'PRIVATE',
};
const MESSAGE = {
  containerPath: '/dev/termination-log',
  hostPath: '/home/pods/u-1/containers/c/2',
  readonly: false,
  propagation: 'PRIVATE',
};

test('the config of a plain container, whole', () => {
  const container = {
    command: ['/bin/sh'],
    args: ['-c', 'echo $(WHO)'],
    env: [{ name: 'WHO', value: 'me' }],
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
    workingDir: '/srv',
  };
  expect(configOf({ container })).toEqual({
    metadata: { name: 'c', attempt: 2 },
    image: 'sha256:1',
    command: ['/bin/sh'],
    args: ['-c', 'echo me'],
    workingDir: '/srv',
    envs: [{ key: 'WHO', value: 'me' }],
    mounts: [
      {
        containerPath: '/data',
        hostPath: '/home/pods/u-1/volumes/kubernetes.io~empty-dir/data',
        readonly: true,
        propagation: 'PRIVATE',
      },
      ETC_HOSTS,
      MESSAGE,
    ],
    labels: {
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'shop',
      'io.kubernetes.pod.uid': 'u-1',
      'io.kubernetes.container.name': 'c',
    },
    annotations: {
      'io.kubernetes.container.hash': expect.stringMatching(/^[0-9a-f]{8}$/),
      'io.kubernetes.container.restartCount': '2',
      'io.kubernetes.container.terminationMessagePath': '/dev/termination-log',
      'io.kubernetes.container.terminationMessagePolicy': 'File',
      'io.kubernetes.container.ports': '[{"containerPort":80,"protocol":"TCP"}]',
      'io.kubernetes.pod.terminationGracePeriod': '30',
    },
    logPath: 'c/2.log',
    stdin: false,
    stdinOnce: false,
    tty: false,
    linux: {
      resources: { cpuShares: 2, oomScoreAdj: 1000 },
      security: {
        privileged: false,
        supplementalGroups: [],
        readonlyRootfs: false,
        noNewPrivileges: false,
        seccomp: { type: 'Unconfined' },
        maskedPaths: MASKED,
        readonlyPaths: READONLY,
      },
      namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
    },
  });
});

describe('mounts', () => {
  const target = '/home/pods/u-1/volume-subpaths/data/c/0';
  const env = [{ name: 'DIR', value: 'logs' }];
  test.each<[string, Partial<Container>, object[]]>([
    ['none but our own', {}, [ETC_HOSTS, MESSAGE]],
    [
      'a part of a volume comes from where it was bound',
      { volumeMounts: [{ name: 'data', mountPath: '/a', subPath: 'x/y' }] },
      [{ containerPath: '/a', hostPath: target, readonly: false, propagation: 'PRIVATE' }, ETC_HOSTS, MESSAGE],
    ],
    [
      'its path may hold variables',
      { env, volumeMounts: [{ name: 'data', mountPath: '/a', subPathExpr: '$(DIR)/x' }] },
      [{ containerPath: '/a', hostPath: target, readonly: false, propagation: 'PRIVATE' }, ETC_HOSTS, MESSAGE],
    ],
    [
      'a volume at /etc/hosts takes the place of our file',
      { volumeMounts: [{ name: 'data', mountPath: '/etc//hosts', subPath: 'hosts' }] },
      [{ containerPath: '/etc/hosts', hostPath: target, readonly: false, propagation: 'PRIVATE' }, MESSAGE],
    ],
    [
      'propagation; a path without slash begins at the root',
      { volumeMounts: [{ name: 'data', mountPath: 'a', mountPropagation: 'HostToContainer' }] },
      [expect.objectContaining({ containerPath: '/a', propagation: 'HOST_TO_CONTAINER' }), ETC_HOSTS, MESSAGE],
    ],
  ])('%s', (_, container, mounts) => {
    expect(configOf({ container }).mounts).toEqual(mounts);
  });

  test.each<[Partial<Container>, string]>([
    [{ volumeMounts: [{ name: 'none', mountPath: '/a' }] }, 'cannot find volume "none" to mount into container "c"'],
    [
      { volumeMounts: [{ name: 'data', mountPath: '/a', subPath: '/etc' }] },
      'error SubPath `/etc` must not be an absolute path',
    ],
    [
      { env: [{ name: 'D', value: '..' }], volumeMounts: [{ name: 'data', mountPath: '/a', subPathExpr: '$(D)/x' }] },
      "unable to provision SubPath `../x`: must not contain '..'",
    ],
    [{ volumeMounts: [{ name: 'data', mountPath: '/a', subPathExpr: '$(NONE)' }] }, 'missing value for "NONE"'],
    [{ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }, 'configmap "x" not found'],
  ])('%j: %s', (container, message) => {
    expect(() => configOf({ container })).toThrow(new ConfigError(message));
  });
});

describe('a mount that is read-only with all that is mounted below', () => {
  const REFUSED = 'failed to resolve recursive read-only mode: volume "data" requested recursive read-only mode, but';
  const mountOf = (mount: Partial<VolumeMount>, can: boolean) => {
    const container = { volumeMounts: [{ name: 'data', mountPath: '/a', readOnly: true, ...mount }] };
    return configOf({ container }, { runtime: { ...NO_ABILITIES, recursiveReadOnly: can } }).mounts[0];
  };

  test.each<[string, boolean, boolean]>([
    ['Disabled', true, false],
    ['IfPossible', true, true],
    ['IfPossible', false, false],
    ['Enabled', true, true],
  ])('%s, the runtime can: %s', (recursiveReadOnly, can, isRecursive) => {
    expect(mountOf({ recursiveReadOnly }, can)?.recursiveReadOnly ?? false).toBe(isRecursive);
  });

  test.each<[Partial<VolumeMount>, boolean, string]>([
    [{}, false, 'it is not supported by the runtime'],
    [{ readOnly: false }, true, 'it is not read-only'],
    [{ mountPropagation: 'HostToContainer' }, true, 'it is not compatible with propagation "HostToContainer"'],
  ])('%j, the runtime can: %s: %s', (mount, can, why) => {
    expect(() => mountOf({ recursiveReadOnly: 'Enabled', ...mount }, can)).toThrow(
      new ConfigError(`${REFUSED} ${why}`),
    );
  });
});

describe('security', () => {
  test.each<[string, Change, object]>([
    [
      "is the container's own where it has it, else the pod's",
      {
        container: { securityContext: { runAsUser: 5 } },
        spec: { securityContext: { runAsUser: 1, runAsGroup: 2, supplementalGroups: [3], fsGroup: 4 } },
      },
      { runAsUser: 5, runAsGroup: 2, supplementalGroups: [4, 3] },
    ],
    ["has the image's numeric user", { image: { uid: 101 } }, { runAsUser: 101 }],
    ["has the image's user by name", { image: { username: 'nginx' } }, { runAsUsername: 'nginx' }],
    [
      'has capabilities and flags',
      {
        container: {
          securityContext: {
            privileged: true,
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
          },
        },
      },
      {
        privileged: true,
        readonlyRootfs: true,
        noNewPrivileges: true,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      },
    ],
    [
      "has the pod's seccomp profile",
      { spec: { securityContext: { seccompProfile: { type: 'RuntimeDefault' } } } },
      { seccomp: { type: 'RuntimeDefault' } },
    ],
    [
      'has a profile of the state directory',
      { container: { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'p/strict.json' } } } },
      { seccomp: { type: 'Localhost', localhostRef: '/home/seccomp/p/strict.json' } },
    ],
    [
      'has the groups that the Pod names and no others on demand',
      { spec: { securityContext: { supplementalGroups: [3], supplementalGroupsPolicy: 'Strict' } } },
      { supplementalGroups: [3], supplementalGroupsPolicy: 'Strict' },
    ],
    [
      'hides nothing of /proc on demand',
      { container: { securityContext: { procMount: 'Unmasked' } } },
      { maskedPaths: [], readonlyPaths: [] },
    ],
    [
      'lets a non-root image through',
      { container: { securityContext: { runAsNonRoot: true } }, image: { uid: 101 } },
      { runAsUser: 101 },
    ],
  ])('%s', (_, change, security) => {
    expect(configOf(change).linux.security).toMatchObject(security);
  });

  describe('AppArmor', () => {
    const podWide = { spec: { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } } };
    const own = (type: string, localhostProfile?: string) => ({
      container: { securityContext: { appArmorProfile: { type, ...(localhostProfile && { localhostProfile }) } } },
    });

    test.each<[string, Change, object | undefined]>([
      ['is up to the runtime where the Pod says nothing', {}, undefined],
      ["has the Pod's profile", podWide, { type: 'RuntimeDefault' }],
      ["has the container's own rather than the Pod's", { ...podWide, ...own('Unconfined') }, { type: 'Unconfined' }],
      [
        'has a profile of the kernel by its name',
        own('Localhost', 'strict'),
        { type: 'Localhost', localhostRef: 'strict' },
      ],
    ])('%s', (_, change, apparmor) => {
      expect(configOf(change, { appArmor: true }).linux.security.apparmor).toEqual(apparmor);
      expect(configOf(change, { appArmor: false }).linux.security.apparmor).toBeUndefined();
    });
  });

  const where = '(pod: "web_shop(u-1)", container: c)';
  test.each<[Change, string]>([
    [
      { container: { securityContext: { runAsNonRoot: true, runAsUser: 0 } } },
      `container's runAsUser breaks non-root policy ${where}`,
    ],
    [
      { spec: { securityContext: { runAsNonRoot: true } }, image: { uid: 0 } },
      `container has runAsNonRoot and image will run as root ${where}`,
    ],
    [
      { container: { securityContext: { runAsNonRoot: true } } },
      `container has runAsNonRoot and image will run as root ${where}`,
    ],
    [
      { container: { securityContext: { runAsNonRoot: true } }, image: { username: 'nginx' } },
      `container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root ${where}`,
    ],
  ])('%j: %s', (change, message) => {
    expect(() => configOf(change)).toThrow(new ConfigError(message));
  });
});

describe('resources', () => {
  const resources = (requests: Record<string, string>, limits: Record<string, string>): Change => ({
    container: { resources: { requests, limits } },
  });
  test.each<[string, Change, object]>([
    ['nothing asked for', {}, { cpuShares: 2, oomScoreAdj: 1000 }],
    ['a request of cpu', resources({ cpu: '250m' }, {}), { cpuShares: 256, oomScoreAdj: 999 }],
    [
      'a limit of cpu is also the request',
      resources({}, { cpu: '1500m' }),
      { cpuShares: 1536, cpuPeriod: 100_000, cpuQuota: 150_000, oomScoreAdj: 999 },
    ],
    [
      'very little cpu',
      resources({ cpu: '1m' }, { cpu: '1m' }),
      { cpuShares: 2, cpuPeriod: 100_000, cpuQuota: 1000, oomScoreAdj: 999 },
    ],
    [
      'memory',
      resources({ memory: '2Gi' }, { memory: '4Gi' }),
      { cpuShares: 2, memoryLimitInBytes: 4 * GIB, oomScoreAdj: 750 },
    ],
    [
      'all of both, guaranteed',
      resources({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' }),
      { cpuShares: 1024, cpuPeriod: 100_000, cpuQuota: 100_000, memoryLimitInBytes: GIB, oomScoreAdj: -997 },
    ],
    ['a critical pod', { spec: { priorityClassName: 'system-node-critical' } }, { cpuShares: 2, oomScoreAdj: -997 }],
    [
      'a sidecar is no more killable than the most killable main container',
      {
        spec: {
          initContainers: [{ name: 'c', restartPolicy: 'Always' }],
          containers: [
            { name: 'a', resources: { requests: { memory: '4Gi' } } },
            { name: 'b', resources: { requests: { memory: '6Gi' } } },
          ],
        },
      },
      { cpuShares: 2, oomScoreAdj: 500 },
    ],
  ])('%s', (_, change, expected) => {
    expect(configOf(change).linux.resources).toEqual(expected);
  });
});

describe('SELinux', () => {
  const POD = { securityContext: { seLinuxOptions: { level: 's0:c1' } } };
  const OWN = { securityContext: { seLinuxOptions: { type: 't', user: 'u', role: 'r', level: 's0' } } };

  test.each<[string, Change, object | undefined]>([
    ['no label', {}, undefined],
    ["the Pod's", { spec: POD }, { user: '', role: '', type: '', level: 's0:c1' }],
    ['its own, and nothing of the Pod’s', { spec: POD, container: OWN }, OWN.securityContext.seLinuxOptions],
  ])('a container has %s, where the kernel has SELinux', (_, change, selinux) => {
    expect(configOf(change, { seLinux: true }).linux.security.selinux).toEqual(selinux);
    expect(configOf(change).linux.security).not.toHaveProperty('selinux');
  });

  test.each<[string, Partial<Volume>, boolean]>([
    ['an emptyDir', { emptyDir: {} }, true],
    ['a secret', { secret: { secretName: 's' } }, true],
    ['a claim', { persistentVolumeClaim: { claimName: 'c' } }, true],
    ['a claim that is only read', { persistentVolumeClaim: { claimName: 'c', readOnly: true } }, false],
    ['a directory of the machine', { hostPath: { path: '/srv' } }, false],
  ])('%s gets the label of the container: %s', (_, volume, isRelabelled) => {
    const container = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
    const change = { container, spec: { volumes: [{ name: 'data', ...volume }] } };
    const relabelled = (seLinux: boolean) =>
      configOf(change, { seLinux })
        .mounts.filter(({ selinuxRelabel }) => selinuxRelabel)
        .map(({ containerPath }) => containerPath);
    expect(relabelled(true)).toEqual([...(isRelabelled ? ['/data'] : []), '/etc/hosts', '/dev/termination-log']);
    expect(relabelled(false)).toEqual([]);
  });
});

describe('namespaces', () => {
  test.each<[Partial<PodSpec>, object]>([
    [{}, { network: 'POD', pid: 'CONTAINER', ipc: 'POD' }],
    [{ shareProcessNamespace: true }, { network: 'POD', pid: 'POD', ipc: 'POD' }],
    [
      { hostNetwork: true, hostPID: true, hostIPC: true },
      { network: 'NODE', pid: 'NODE', ipc: 'NODE' },
    ],
  ])('%j', (spec, seen) => {
    expect(configOf({ spec }).linux.namespaces).toEqual(seen);
  });

  test('has users of its own where the Pod has', () => {
    const mapping = { containerId: 0, hostId: 65_536, length: 65_536 };
    const users = { uids: [mapping], gids: [mapping] };
    expect(configOf({}, { users }).linux.namespaces.users).toEqual(users);
    expect(namespaces(podOf({}))).not.toHaveProperty('users');
  });

  test('an ephemeral container sees the processes of its target, where it would not see them anyway', () => {
    expect(namespaces(podOf({}), { targetId: '7a' }).pid).toBe('TARGET');
    expect(namespaces(podOf({}), { targetId: '7a' }).targetId).toBe('7a');
    expect(namespaces(podOf({ spec: { shareProcessNamespace: true } }), { targetId: '7a' }).pid).toBe('POD');
    expect(namespaces(podOf({ spec: { hostPID: true } }), { targetId: '7a' }).pid).toBe('NODE');
  });
});

describe('the sandbox', () => {
  const dns = { servers: ['192.0.2.53'], searches: [], options: [] };
  const sandboxOf = (change: Change = {}): PodSandboxConfig =>
    sandboxConfig({ pod: podOf(change), attempt: 1, paths, cgroupParent: '/outfit/x/podu-1', dns });

  test('of a plain pod, whole', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080, protocol: 'TCP' },
      { containerPort: 53, hostPort: 53, hostIP: '127.0.0.1', protocol: 'UDP' },
      { containerPort: 81 },
    ];
    expect(sandboxOf({ container: { ports } })).toEqual({
      metadata: { name: 'web', namespace: 'shop', uid: 'u-1', attempt: 1 },
      hostname: 'web',
      logDirectory: '/home/logs/shop_web_u-1',
      dnsConfig: dns,
      portMappings: [
        { protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '' },
        { protocol: 'UDP', containerPort: 53, hostPort: 53, hostIp: '127.0.0.1' },
      ],
      labels: {
        app: 'web',
        'io.kubernetes.pod.name': 'web',
        'io.kubernetes.pod.namespace': 'shop',
        'io.kubernetes.pod.uid': 'u-1',
      },
      annotations: { note: 'hi' },
      linux: {
        cgroupParent: '/outfit/x/podu-1',
        namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
        sysctls: {},
        privileged: false,
        security: { privileged: false, supplementalGroups: [], seccomp: { type: 'RuntimeDefault' } },
      },
    });
  });

  test("on the host's network has no name and no ports of its own", () => {
    const ports = [{ containerPort: 80, hostPort: 80 }];
    expect(sandboxOf({ container: { ports }, spec: { hostNetwork: true } })).toMatchObject({
      hostname: '',
      portMappings: [],
      linux: { namespaces: { network: 'NODE' } },
    });
  });

  test('maps the ports of sidecars, is privileged with a privileged container, and sets sysctls', () => {
    const config = sandboxOf({
      spec: {
        initContainers: [
          { name: 's', restartPolicy: 'Always', ports: [{ containerPort: 1, hostPort: 1 }] },
          { name: 'i', ports: [{ containerPort: 2, hostPort: 2 }], securityContext: { privileged: true } },
        ],
        securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1024' }], runAsGroup: 5 },
      },
    });
    expect(config.portMappings.map(({ hostPort }) => hostPort)).toEqual([1]);
    expect(config.linux).toMatchObject({ privileged: true, sysctls: { 'net.core.somaxconn': '1024' } });
    expect(config.linux.security?.runAsGroup).toBeUndefined();
  });

  test('with a name that the kernel does not take is a ConfigError', () => {
    const spec = { subdomain: 's'.repeat(50), setHostnameAsFQDN: true };
    expect(() => sandboxOf({ spec })).toThrow(ConfigError);
  });
});
