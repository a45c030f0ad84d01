import protobuf, { type INamespace } from 'protobufjs';
import { describe, expect, it } from 'vitest';
import descriptors from './proto/descriptors.json' with { type: 'json' };
import type { ContainerConfig, NamespaceOptions, PodSandboxConfig } from './runtime.ts';
import { NAMESPACES, testSandbox } from './testing-config.ts';
import { wireContainerConfig, wireSandboxConfig } from './wire-config.ts';

/** What the runtime gets: written to the wire and read again, absent fields left out. */
function received(type: string, message: object): object {
  const found = protobuf.Root.fromJSON(descriptors as INamespace).lookupType(`runtime.v1.${type}`);
  const bytes = found.encode(found.fromObject(message)).finish();
  return found.toObject(found.decode(bytes), { longs: String, enums: String });
}

describe('a sandbox configuration on the wire', () => {
  it('carries every field', () => {
    const config: PodSandboxConfig = {
      metadata: { name: 'web', uid: 'u', namespace: 'default', attempt: 2 },
      hostname: 'web',
      logDirectory: '/logs',
      dnsConfig: { servers: ['10.0.0.1'], searches: ['a.b'], options: ['ndots:5'] },
      portMappings: [{ protocol: 'UDP', containerPort: 53, hostPort: 5353, hostIp: '127.0.0.1' }],
      labels: { a: 'b' },
      annotations: { c: 'd' },
      linux: {
        cgroupParent: '/outfit/1/podu',
        namespaces: { ...NAMESPACES, pid: 'NODE' },
        sysctls: { 'net.core.somaxconn': '1' },
        privileged: true,
        security: {
          runAsUser: 0,
          runAsGroup: 7,
          supplementalGroups: [1, 2],
          supplementalGroupsPolicy: 'Strict',
          selinux: { user: '', role: '', type: '', level: 's0:c1,c2' },
          seccomp: { type: 'RuntimeDefault' },
        },
      },
    };
    const { linux, ...rest } = config;
    expect(received('PodSandboxConfig', wireSandboxConfig(config))).toEqual({
      ...rest,
      linux: {
        cgroupParent: linux.cgroupParent,
        sysctls: linux.sysctls,
        securityContext: {
          namespaceOptions: { ...linux.namespaces, usernsOptions: { mode: 'NODE' } },
          privileged: true,
          readonlyRootfs: false,
          runAsUser: { value: '0' },
          runAsGroup: { value: '7' },
          supplementalGroups: ['1', '2'],
          supplementalGroupsPolicy: 'Strict',
          selinuxOptions: { user: '', role: '', type: '', level: 's0:c1,c2' },
          seccomp: { profileType: 'RuntimeDefault', localhostRef: '' },
        },
      },
    });
  });

  it('leaves users and seccomp to the runtime where the Pod says nothing', () => {
    const config = testSandbox();
    expect(received('PodSandboxConfig', wireSandboxConfig(config))).toMatchObject({
      linux: { securityContext: { namespaceOptions: NAMESPACES, privileged: false, readonlyRootfs: false } },
    });
    expect(JSON.stringify(received('PodSandboxConfig', wireSandboxConfig(config)))).not.toMatch(/runAs|seccomp/);
  });
});

describe('a container configuration on the wire', () => {
  const config: ContainerConfig = {
    metadata: { name: 'main', attempt: 3 },
    image: 'nginx',
    command: ['a'],
    args: ['b'],
    workingDir: '/w',
    envs: [{ key: 'K', value: 'V' }],
    mounts: [
      {
        containerPath: '/c',
        hostPath: '/h',
        readonly: true,
        propagation: 'HOST_TO_CONTAINER',
        recursiveReadOnly: true,
        selinuxRelabel: true,
      },
    ],
    labels: { a: 'b' },
    annotations: { c: 'd' },
    logPath: 'main/3.log',
    stdin: true,
    stdinOnce: true,
    tty: true,
    linux: {
      resources: {
        cpuPeriod: 100_000,
        cpuQuota: 5000,
        cpuShares: 2,
        memoryLimitInBytes: 2 ** 40,
        oomScoreAdj: -997,
        unified: { 'memory.high': '1' },
      },
      namespaces: NAMESPACES,
      security: {
        privileged: true,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
        runAsUser: 1000,
        runAsGroup: 0,
        runAsUsername: '',
        supplementalGroups: [5],
        readonlyRootfs: true,
        noNewPrivileges: true,
        seccomp: { type: 'Localhost', localhostRef: '/profile.json' },
        apparmor: { type: 'Unconfined' },
        maskedPaths: ['/proc/kcore'],
        readonlyPaths: ['/proc/sys'],
      },
    },
  };

  it('carries every field', () => {
    const { image, mounts: _, linux, ...rest } = config;
    const { resources } = linux;
    expect(received('ContainerConfig', wireContainerConfig(config))).toEqual({
      ...rest,
      image: { image },
      mounts: [
        {
          containerPath: '/c',
          hostPath: '/h',
          readonly: true,
          propagation: 'PROPAGATION_HOST_TO_CONTAINER',
          recursiveReadOnly: true,
          selinuxRelabel: true,
        },
      ],
      linux: {
        resources: {
          cpuPeriod: '100000',
          cpuQuota: '5000',
          cpuShares: '2',
          memoryLimitInBytes: String(2 ** 40),
          oomScoreAdj: '-997',
          unified: resources.unified,
        },
        securityContext: {
          namespaceOptions: { ...NAMESPACES, usernsOptions: { mode: 'NODE' } },
          privileged: true,
          capabilities: { addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'] },
          runAsUser: { value: '1000' },
          runAsGroup: { value: '0' },
          runAsUsername: '',
          supplementalGroups: ['5'],
          supplementalGroupsPolicy: 'Merge',
          readonlyRootfs: true,
          noNewPrivs: true,
          seccomp: { profileType: 'Localhost', localhostRef: '/profile.json' },
          apparmor: { profileType: 'Unconfined', localhostRef: '' },
          maskedPaths: ['/proc/kcore'],
          readonlyPaths: ['/proc/sys'],
        },
      },
    });
  });

  it('has users of its own, and mounts that are mapped alike', () => {
    const ids = { containerId: 0, hostId: 65_536, length: 65_536 };
    const users = { uids: [ids], gids: [{ ...ids, hostId: 131_072 }] };
    const wire = wireContainerConfig({ ...config, linux: { ...config.linux, namespaces: { ...NAMESPACES, users } } });
    expect(received('ContainerConfig', wire)).toMatchObject({
      mounts: [{ uidMappings: users.uids, gidMappings: users.gids }],
      linux: { securityContext: { namespaceOptions: { usernsOptions: { mode: 'POD', ...users } } } },
    });
  });

  it('names the container whose processes it is to see', () => {
    const namespaces: NamespaceOptions = { ...NAMESPACES, pid: 'TARGET', targetId: '7a' };
    const wire = wireContainerConfig({ ...config, linux: { ...config.linux, namespaces } });
    expect(received('ContainerConfig', wire)).toMatchObject({
      linux: { securityContext: { namespaceOptions: namespaces } },
    });
  });
});
