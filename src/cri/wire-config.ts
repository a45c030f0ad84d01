import type {
  ContainerConfig,
  LinuxResources,
  LinuxSecurity,
  Mount,
  NamespaceOptions,
  PodSandboxConfig,
  SecurityProfile,
} from './runtime.ts';

/** A sandbox's configuration as CRI's message `PodSandboxConfig`. */
export function wireSandboxConfig(config: PodSandboxConfig): object {
  const { linux, ...rest } = config;
  const { cgroupParent, namespaces, sysctls = {}, privileged = false, security = {} } = linux;
  return {
    ...rest,
    linux: { cgroupParent, sysctls, securityContext: { ...wireSandboxSecurity(security, namespaces), privileged } },
  };
}

/** A container's configuration as CRI's message `ContainerConfig`. */
export function wireContainerConfig(config: ContainerConfig): object {
  const { image, mounts, linux, ...rest } = config;
  return {
    ...rest,
    image: { image },
    mounts: mounts.map(wireMount),
    linux: {
      resources: wireResources(linux.resources),
      securityContext: wireSecurity(linux.security, linux.namespaces),
    },
  };
}

function wireSandboxSecurity(security: LinuxSecurity, namespaces: NamespaceOptions): object {
  return {
    namespaceOptions: namespaces,
    runAsUser: int64(security.runAsUser),
    runAsGroup: int64(security.runAsGroup),
    readonlyRootfs: security.readonlyRootfs ?? false,
    supplementalGroups: security.supplementalGroups ?? [],
    seccomp: wireProfile(security.seccomp),
    apparmor: wireProfile(security.apparmor),
  };
}

function wireSecurity(security: LinuxSecurity, namespaces: NamespaceOptions): object {
  const { add = [], drop = [] } = security.capabilities ?? {};
  return {
    ...wireSandboxSecurity(security, namespaces),
    privileged: security.privileged ?? false,
    capabilities: { addCapabilities: add, dropCapabilities: drop },
    runAsUsername: security.runAsUsername ?? '',
    noNewPrivs: security.noNewPrivileges ?? false,
    maskedPaths: security.maskedPaths ?? [],
    readonlyPaths: security.readonlyPaths ?? [],
  };
}

function wireProfile(profile: SecurityProfile | undefined): object | undefined {
  return profile && { profileType: profile.type, localhostRef: profile.localhostRef ?? '' };
}

function wireResources(resources: LinuxResources): object {
  return { ...resources, unified: resources.unified ?? {} };
}

function wireMount({ containerPath, hostPath, readonly, propagation, recursiveReadOnly = false }: Mount): object {
  return { containerPath, hostPath, readonly, propagation: `PROPAGATION_${propagation}`, recursiveReadOnly };
}

/** Absent and 0 differ for user and group ids, so CRI wraps them. */
function int64(value: number | undefined): object | undefined {
  return value === undefined ? undefined : { value };
}
