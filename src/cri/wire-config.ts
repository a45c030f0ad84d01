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
    mounts: mounts.map((mount) => wireMount(mount, linux.namespaces)),
    linux: {
      resources: wireResources(linux.resources),
      securityContext: wireSecurity(linux.security, linux.namespaces),
    },
  };
}

function wireSandboxSecurity(security: LinuxSecurity, namespaces: NamespaceOptions): object {
  return {
    namespaceOptions: wireNamespaces(namespaces),
    selinuxOptions: security.selinux,
    runAsUser: int64(security.runAsUser),
    runAsGroup: int64(security.runAsGroup),
    readonlyRootfs: security.readonlyRootfs ?? false,
    supplementalGroups: security.supplementalGroups ?? [],
    supplementalGroupsPolicy: security.supplementalGroupsPolicy ?? 'Merge',
    seccomp: wireProfile(security.seccomp),
    apparmor: wireProfile(security.apparmor),
  };
}

/** Older runtimes know no user namespaces, and stay with the machine's. */
function wireNamespaces({ users, ...rest }: NamespaceOptions): object {
  return { ...rest, usernsOptions: users ? { mode: 'POD', ...users } : { mode: 'NODE' } };
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

function wireMount(mount: Mount, { users }: NamespaceOptions): object {
  const { propagation, recursiveReadOnly = false, selinuxRelabel = false, ...rest } = mount;
  const mappings = { uidMappings: users?.uids ?? [], gidMappings: users?.gids ?? [] };
  return { ...rest, propagation: `PROPAGATION_${propagation}`, recursiveReadOnly, selinuxRelabel, ...mappings };
}

/** Absent and 0 differ for user and group ids, so CRI wraps them. */
function int64(value: number | undefined): object | undefined {
  return value === undefined ? undefined : { value };
}
