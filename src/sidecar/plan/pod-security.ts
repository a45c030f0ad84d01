import type { Container, PodSpec, SecurityContext, Volume } from '../../kube/generated/objects.ts';
import { isNative } from '../sidecar.ts';

/** The Pod Security Standards, from the strictest on. */
export type SecurityLevel = 'restricted' | 'baseline' | 'privileged';

/** One thing that keeps a Pod from a level. */
export interface Violation {
  /** The level that it breaks. */
  level: 'baseline' | 'restricted';
  field: string;
  message: string;
}

/** The strictest level that a Pod meets, and what keeps it from stricter ones (Pod Security Standards of v1.33, for Linux). */
export function podSecurity(
  spec: PodSpec,
  annotations: Readonly<Record<string, string>> = {},
): { level: SecurityLevel; violations: Violation[] } {
  const violations = [...baseline(spec, annotations), ...restricted(spec)];
  const breaks = (level: Violation['level']): boolean => violations.some((one) => one.level === level);
  return { level: breaks('baseline') ? 'privileged' : breaks('restricted') ? 'baseline' : 'restricted', violations };
}

const DEFAULT_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const RESTRICTED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

type Report = (field: string, message: string) => Violation;
const isBaseline: Report = (field, message) => ({ level: 'baseline', field, message });
const isRestricted: Report = (field, message) => ({ level: 'restricted', field, message });

function baseline(spec: PodSpec, annotations: Readonly<Record<string, string>>): Violation[] {
  return [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).flatMap((field) =>
      spec[field] ? [isBaseline(`spec.${field}`, `${field} is true`)] : [],
    ),
    ...(spec.volumes ?? []).flatMap((volume, i) =>
      volume.hostPath ? [isBaseline(`spec.volumes[${i}].hostPath`, `volume "${volume.name}" is a hostPath`)] : [],
    ),
    ...(spec.securityContext?.sysctls ?? []).flatMap(({ name }, i) =>
      SAFE_SYSCTLS.includes(name)
        ? []
        : [isBaseline(`spec.securityContext.sysctls[${i}]`, `sysctl ${name} is not a safe one`)],
    ),
    ...Object.entries(annotations).flatMap(([key, value]) =>
      key.startsWith(APPARMOR) && value !== 'runtime/default' && !value.startsWith('localhost/')
        ? [isBaseline(`metadata.annotations[${key}]`, `AppArmor profile ${value}`)]
        : [],
    ),
    ...contextBaseline(spec.securityContext, 'spec.securityContext'),
    ...containersOf(spec).flatMap(([container, path]) => containerBaseline(container, path)),
  ];
}

function containerBaseline({ name, securityContext, ports }: Container, path: string): Violation[] {
  const context = `${path}.securityContext`;
  const added = (securityContext?.capabilities?.add ?? []).filter((one) => !DEFAULT_CAPABILITIES.includes(one));
  return [
    ...(securityContext?.privileged ? [isBaseline(`${context}.privileged`, `container "${name}" is privileged`)] : []),
    ...(added.length > 0
      ? [isBaseline(`${context}.capabilities.add`, `container "${name}" adds ${added.join(', ')}`)]
      : []),
    ...((securityContext?.procMount ?? 'Default') === 'Default'
      ? []
      : [isBaseline(`${context}.procMount`, `container "${name}" has an unmasked /proc`)]),
    ...(ports ?? []).flatMap(({ hostPort }, i) =>
      hostPort ? [isBaseline(`${path}.ports[${i}].hostPort`, `container "${name}" uses host port ${hostPort}`)] : [],
    ),
    ...contextBaseline(securityContext, context),
  ];
}

/** What a Pod's security context and a container's have in common. */
type Context = Pick<SecurityContext, 'seLinuxOptions' | 'seccompProfile' | 'appArmorProfile' | 'windowsOptions'>;

function contextBaseline(context: Context | undefined, path: string): Violation[] {
  const { seLinuxOptions: se, seccompProfile, appArmorProfile, windowsOptions } = context ?? {};
  return [
    ...(SELINUX_TYPES.includes(se?.type ?? '') && !se?.user && !se?.role
      ? []
      : [isBaseline(`${path}.seLinuxOptions`, 'SELinux user, role or type is set')]),
    ...(seccompProfile?.type === 'Unconfined' ? [isBaseline(`${path}.seccompProfile`, 'seccomp is Unconfined')] : []),
    ...(appArmorProfile?.type === 'Unconfined'
      ? [isBaseline(`${path}.appArmorProfile`, 'AppArmor is Unconfined')]
      : []),
    ...(windowsOptions?.hostProcess ? [isBaseline(`${path}.windowsOptions.hostProcess`, 'hostProcess is true')] : []),
  ];
}

function restricted(spec: PodSpec): Violation[] {
  const pod = spec.securityContext;
  return [
    ...(spec.volumes ?? []).flatMap((volume, i) => restrictedVolume(volume, `spec.volumes[${i}]`)),
    ...(pod?.runAsUser === 0 ? [isRestricted('spec.securityContext.runAsUser', 'the Pod runs as user 0')] : []),
    ...containersOf(spec).flatMap(([container, path]) => containerRestricted(container, spec, path)),
  ];
}

function containerRestricted({ name, securityContext: own }: Container, spec: PodSpec, path: string): Violation[] {
  const context = `${path}.securityContext`;
  const pod = spec.securityContext;
  const added = (own?.capabilities?.add ?? []).filter((one) => one !== 'NET_BIND_SERVICE');
  const seccomp = own?.seccompProfile?.type ?? pod?.seccompProfile?.type;
  return [
    ...(own?.allowPrivilegeEscalation === false
      ? []
      : [
          isRestricted(
            `${context}.allowPrivilegeEscalation`,
            `container "${name}" must set allowPrivilegeEscalation: false`,
          ),
        ]),
    ...((own?.runAsNonRoot ?? pod?.runAsNonRoot) === true
      ? []
      : [isRestricted(`${context}.runAsNonRoot`, `container "${name}" or the Pod must set runAsNonRoot: true`)]),
    ...(own?.runAsUser === 0 ? [isRestricted(`${context}.runAsUser`, `container "${name}" runs as user 0`)] : []),
    ...(seccomp === 'RuntimeDefault' || seccomp === 'Localhost'
      ? []
      : [
          isRestricted(
            `${context}.seccompProfile`,
            `container "${name}" or the Pod must set seccompProfile RuntimeDefault or Localhost`,
          ),
        ]),
    ...(own?.capabilities?.drop?.includes('ALL')
      ? []
      : [isRestricted(`${context}.capabilities.drop`, `container "${name}" must drop ALL capabilities`)]),
    ...(added.length > 0
      ? [isRestricted(`${context}.capabilities.add`, `container "${name}" adds ${added.join(', ')}`)]
      : []),
  ];
}

function restrictedVolume(volume: Volume, path: string): Violation[] {
  const source = Object.keys(volume).find((field) => field !== 'name' && volume[field as keyof Volume] !== undefined);
  return source === undefined || RESTRICTED_VOLUMES.includes(source)
    ? []
    : [isRestricted(`${path}.${source}`, `volume "${volume.name}" is a ${source}`)];
}

function containersOf(spec: PodSpec): [Container, string][] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, i): [Container, string] => [container, `spec.${list}[${i}]`]),
  );
}

/** Containers that run for as long as the Pod does, by name. */
export function lastingContainers(spec: PodSpec): Container[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter(isNative)];
}
