import type { ContainerConfig, PodSandboxConfig } from './runtime.ts';

/** What a Pod has that asks for nothing else. */
export const NAMESPACES = { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } as const;

/** For tests: the least that a sandbox is made with. */
export function testSandbox(change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  return {
    metadata: { name: 'web', uid: '1', namespace: 'default', attempt: 0 },
    hostname: 'web',
    logDirectory: '/logs',
    portMappings: [],
    labels: {},
    annotations: {},
    linux: { cgroupParent: '/outfit', namespaces: NAMESPACES },
    ...change,
  };
}

/** For tests: the least that a container is made with; the image's own command. */
export function testContainer(change: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    image: 'busybox',
    command: [],
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    labels: {},
    annotations: {},
    logPath: 'main.log',
    stdin: false,
    stdinOnce: false,
    tty: false,
    linux: { resources: {}, security: {}, namespaces: NAMESPACES },
    ...change,
  };
}
