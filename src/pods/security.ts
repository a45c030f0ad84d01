import type { Image, LinuxSecurity, NamespaceOptions, SecurityProfile, UserNamespace } from '../cri/runtime.ts';
import type {
  AppArmorProfile,
  Container,
  Pod,
  SELinuxOptions,
  SeccompProfile,
  SecurityContext,
} from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import type { PodPaths } from './paths.ts';
import { allContainers, podWords } from './pod-spec.ts';

/** Hidden from containers, and kept from writing, unless `procMount` is Unmasked (`pkg/securitycontext/util.go`, containers/common). */
const MASKED_PATHS = [
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
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The parts of an image that decide about the user. */
export type ImageUser = Pick<Image, 'uid' | 'username'>;

/**
 * The container's security settings: its own where it has them, else the Pod's (`kuberuntime/security_context.go`).
 * Without `runAsUser` it is the image's user.
 * @throws ConfigError when `runAsNonRoot` forbids the user, in the kubelet's words
 */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: ImageUser,
  { paths, appArmor, seLinux }: { paths: PodPaths; appArmor: boolean; seLinux: boolean },
): LinuxSecurity {
  const context = effectiveContext(pod, container);
  refuseRoot(pod, container, context, image);
  const { capabilities, procMount, runAsGroup } = context;
  return {
    privileged: context.privileged ?? false,
    ...(capabilities && { capabilities: { add: capabilities.add ?? [], drop: capabilities.drop ?? [] } }),
    ...user(context, image),
    ...(runAsGroup !== undefined && { runAsGroup }),
    ...supplementalGroups(pod),
    readonlyRootfs: context.readOnlyRootFilesystem ?? false,
    noNewPrivileges: context.allowPrivilegeEscalation === false,
    seccomp: seccomp(context.seccompProfile, paths),
    ...(seLinux && context.seLinuxOptions && { selinux: label(context.seLinuxOptions) }),
    ...(appArmor && context.appArmorProfile && { apparmor: loadedProfile(context.appArmorProfile) }),
    maskedPaths: procMount === 'Unmasked' ? [] : MASKED_PATHS,
    readonlyPaths: procMount === 'Unmasked' ? [] : READONLY_PATHS,
  };
}

/** Security settings of the sandbox itself: a pause process that nobody talks to. */
export function sandboxSecurity(pod: Pod, { seLinux }: { seLinux: boolean }): LinuxSecurity {
  const { runAsUser, runAsGroup, seLinuxOptions } = pod.spec?.securityContext ?? {};
  return {
    privileged: isPrivileged(pod),
    ...(runAsUser !== undefined && { runAsUser }),
    // A group without a user is refused by containerd, and the pause image's user is root.
    ...(runAsUser !== undefined && runAsGroup !== undefined && { runAsGroup }),
    ...supplementalGroups(pod),
    ...(seLinux && seLinuxOptions && { selinux: label(seLinuxOptions) }),
    seccomp: { type: 'RuntimeDefault' },
  };
}

/** One privileged container makes the sandbox privileged. */
export function isPrivileged(pod: Pod): boolean {
  return allContainers(pod).some(({ securityContext }) => securityContext?.privileged === true);
}

/**
 * Which of the machine's or the Pod's namespaces the Pod's processes live in. `targetId`: the container whose processes an ephemeral container
 * is to see, where it would not see them anyway. `users`: the Pod's own.
 */
export function namespaces(
  { spec }: Pod,
  { targetId, users }: { targetId?: string; users?: UserNamespace } = {},
): NamespaceOptions {
  const pid = spec?.hostPID ? 'NODE' : spec?.shareProcessNamespace ? 'POD' : 'CONTAINER';
  const shared = {
    network: spec?.hostNetwork ? 'NODE' : 'POD',
    ipc: spec?.hostIPC ? 'NODE' : 'POD',
    ...(users && { users }),
  } as const;
  return pid === 'CONTAINER' && targetId !== undefined ? { ...shared, pid: 'TARGET', targetId } : { ...shared, pid };
}

function effectiveContext({ spec }: Pod, { securityContext = {} }: Container): SecurityContext {
  const { runAsUser, runAsGroup, runAsNonRoot, ...profiles } = spec?.securityContext ?? {};
  const { seccompProfile, appArmorProfile, seLinuxOptions } = profiles;
  const own = Object.fromEntries(Object.entries(securityContext).filter(([, value]) => value != null));
  return { runAsUser, runAsGroup, runAsNonRoot, seccompProfile, appArmorProfile, seLinuxOptions, ...own };
}

function refuseRoot(pod: Pod, container: Container, context: SecurityContext, image: ImageUser): void {
  if (!context.runAsNonRoot) return;
  const where = `(pod: "${podWords(pod)}", container: ${container.name})`;
  if (context.runAsUser !== undefined) {
    if (context.runAsUser !== 0) return;
    throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
  }
  if (image.uid === undefined && image.username) {
    throw new ConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  }
  if (!image.uid) throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}

function user({ runAsUser }: SecurityContext, { uid, username }: ImageUser): LinuxSecurity {
  if (runAsUser !== undefined) return { runAsUser };
  if (uid !== undefined) return { runAsUser: uid };
  return username ? { runAsUsername: username } : {};
}

/** `fsGroup` is one of the groups of every process, so that it may use the volumes that were given to the group. */
function supplementalGroups({ spec }: Pod): Pick<LinuxSecurity, 'supplementalGroups' | 'supplementalGroupsPolicy'> {
  const { supplementalGroups: groups = [], fsGroup, supplementalGroupsPolicy: policy } = spec?.securityContext ?? {};
  return {
    supplementalGroups: [...(fsGroup === undefined ? [] : [fsGroup]), ...groups],
    ...(policy === 'Strict' && { supplementalGroupsPolicy: policy }),
  };
}

function seccomp(profile: SeccompProfile | undefined, paths: PodPaths): SecurityProfile {
  if (profile?.type === 'RuntimeDefault') return { type: 'RuntimeDefault' };
  if (profile?.type !== 'Localhost') return { type: 'Unconfined' };
  if (!profile.localhostProfile)
    throw new ConfigError('localhostProfile must be set if seccompProfile type is Localhost.');
  return { type: 'Localhost', localhostRef: paths.seccompProfile(profile.localhostProfile) };
}

function label({ user = '', role = '', type = '', level = '' }: SELinuxOptions): LinuxSecurity['selinux'] {
  return { user, role, type, level };
}

/** Only the name: whether the kernel has it the runtime says, when it makes the container. */
function loadedProfile({ type, localhostProfile }: AppArmorProfile): SecurityProfile {
  if (type === 'Localhost') return { type, localhostRef: localhostProfile ?? '' };
  return { type: type === 'Unconfined' ? 'Unconfined' : 'RuntimeDefault' };
}
