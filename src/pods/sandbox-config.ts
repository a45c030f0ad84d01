import type { PodSandboxConfig, UserNamespace } from '../cri/runtime.ts';
import type { ContainerPort, Pod } from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import type { DNSConfig } from './dns.ts';
import { kernelHostname } from './hosts-file.ts';
import { podLabels } from './labels.ts';
import type { PodPaths } from './paths.ts';
import { initContainers, isSidecar, mainContainers } from './pod-spec.ts';
import { isPrivileged, namespaces, sandboxSecurity } from './security.ts';
import { sysctlName } from './sysctls.ts';

interface SandboxConfigInput {
  pod: Pod;
  attempt: number;
  paths: PodPaths;
  /** `/kubepods/…`, made before. */
  cgroupParent: string;
  dns: DNSConfig;
  /** Whether the kernel has SELinux; default no. */
  seLinux?: boolean;
  /** The Pod's own; absent: the machine's. */
  users?: UserNamespace;
}

/**
 * What the runtime is told to make the Pod's sandbox (`kuberuntime_sandbox.go`, generatePodSandboxConfig).
 * @throws ConfigError when `setHostnameAsFQDN` gives a name that the kernel does not take
 */
export function sandboxConfig(input: SandboxConfigInput): PodSandboxConfig {
  const { pod, attempt, paths, cgroupParent, dns, seLinux = false } = input;
  const { name = '', namespace = '', uid = '', annotations = {}, labels = {} } = pod.metadata ?? {};
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: pod.spec?.hostNetwork ? '' : hostname(pod),
    logDirectory: paths.logDirectory(pod),
    dnsConfig: dns,
    portMappings: portMappings(pod),
    labels: { ...labels, ...podLabels(pod) },
    annotations: { ...annotations },
    linux: {
      cgroupParent,
      namespaces: namespaces(pod, input),
      sysctls: sysctls(pod),
      privileged: isPrivileged(pod),
      security: sandboxSecurity(pod, { seLinux }),
    },
  };
}

function hostname(pod: Pod): string {
  try {
    return kernelHostname(pod);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

/** The hostPorts of main containers and sidecars, each once. On the host's network a port is the machine's own already. */
function portMappings(pod: Pod): PodSandboxConfig['portMappings'] {
  if (pod.spec?.hostNetwork) return [];
  const containers = [...mainContainers(pod), ...initContainers(pod).filter(isSidecar)];
  const mappings = containers.flatMap(({ ports = [] }) =>
    ports.filter(({ hostPort = 0 }) => hostPort > 0).map(mapping),
  );
  return [...new Map(mappings.map((m) => [`${m.protocol} ${m.hostIp} ${m.hostPort}`, m])).values()];
}

function mapping({ containerPort, hostPort = 0, hostIP = '', protocol }: ContainerPort) {
  const known = protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
  return { protocol: known, containerPort, hostPort, hostIp: hostIP } as const;
}

function sysctls({ spec }: Pod): Record<string, string> {
  return Object.fromEntries((spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [sysctlName(name), value]));
}
