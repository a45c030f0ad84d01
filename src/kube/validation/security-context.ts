import type { FieldError } from '../errors.ts';
import { duplicate, forbidden, invalidEach, invalidValue, notSupported, required, tooLong } from '../field-errors.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext, Sysctl } from '../generated/objects.ts';
import { descendingPath } from './paths.ts';

const MAX_ID = 0xffffffff;
const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const MAX_PATH = 4095;
const SYSCTL_SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SYSCTL = `^(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}$`;
const IPC_SYSCTLS = ['kernel.sem', 'kernel.msg', 'kernel.shm', 'fs.mqueue.'];

/** The security context of one container. */
export function validateSecurityContext(context: SecurityContext, hostUsers: boolean, field: string): FieldError[] {
  const { procMount } = context;
  return [
    ...validateId(context.runAsUser, `${field}.runAsUser`),
    ...validateId(context.runAsGroup, `${field}.runAsGroup`),
    ...oneOf(procMount, ['Default', 'Unmasked'], `${field}.procMount`),
    ...(hostUsers && procMount === 'Unmasked'
      ? [invalidValue(`${field}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`')]
      : []),
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...validateEscalation(context, field),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
  ];
}

/** The security context of the Pod, with those fields of its spec that belong to it. */
export function validatePodSecurityContext(spec: PodSpec, field: string): FieldError[] {
  const context = spec.securityContext;
  if (context === undefined) return [];
  return [
    ...validateId(context.fsGroup, `${field}.fsGroup`),
    ...validateId(context.runAsUser, `${field}.runAsUser`),
    ...validateId(context.runAsGroup, `${field}.runAsGroup`),
    ...(context.supplementalGroups ?? []).flatMap((gid, i) => validateId(gid, `${field}.supplementalGroups[${i}]`)),
    ...(spec.shareProcessNamespace && spec.hostPID
      ? [
          invalidValue(
            `${field}.shareProcessNamespace`,
            true,
            'ShareProcessNamespace and HostPID cannot both be enabled',
          ),
        ]
      : []),
    ...validateSysctls(context.sysctls ?? [], spec, `${field}.sysctls`),
    ...oneOf(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${field}.fsGroupChangePolicy`),
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
    ...oneOf(context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${field}.supplementalGroupsPolicy`),
    ...oneOf(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], `${field}.seLinuxChangePolicy`),
  ];
}

/** User namespaces exclude the other namespaces of the host. */
export function validateHostUsers(spec: PodSpec, field: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const why = 'when `pod.Spec.HostUsers` is false';
  return [
    ...(spec.hostNetwork ? [forbidden(`${field}.hostNetwork`, why)] : []),
    ...(spec.hostPID ? [forbidden(`${field}.HostPID`, why)] : []),
    ...(spec.hostIPC ? [forbidden(`${field}.HostIPC`, why)] : []),
  ];
}

function validateId(id: number | undefined, field: string): FieldError[] {
  return id !== undefined && (id < 0 || id > MAX_ID)
    ? [invalidValue(field, id, `must be between 0 and ${MAX_ID}, inclusive`)]
    : [];
}

function oneOf(value: string | undefined, supported: readonly string[], field: string): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

function validateEscalation(context: SecurityContext, field: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  return [
    ...(context.privileged
      ? [invalidValue(field, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true')]
      : []),
    ...(context.capabilities?.add?.includes('CAP_SYS_ADMIN')
      ? [
          invalidValue(
            field,
            context,
            'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
          ),
        ]
      : []),
  ];
}

function validateSeccomp(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const typeErrors = !type
    ? [required(`${field}.type`, 'type is required when seccompProfile is set')]
    : oneOf(type, PROFILE_TYPES, `${field}.type`);
  if (type !== 'Localhost')
    return localhostProfile === undefined
      ? typeErrors
      : [
          ...typeErrors,
          invalidValue(`${field}.localhostProfile`, profile, 'can only be set when seccomp type is Localhost'),
        ];
  return localhostProfile === undefined
    ? [required(`${field}.localhostProfile`, 'must be set when seccomp type is Localhost')]
    : descendingPath(localhostProfile, `${field}.localhostProfile`);
}

function validateAppArmor(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  if (!type) return [required(`${field}.type`, 'type is required when appArmorProfile is set')];
  if (type === 'Localhost') return validateLocalAppArmor(localhostProfile, `${field}.localhostProfile`);
  if (!PROFILE_TYPES.includes(type)) return [notSupported(`${field}.type`, type, PROFILE_TYPES)];
  return localhostProfile === undefined
    ? []
    : [invalidValue(`${field}.localhostProfile`, localhostProfile, 'can only be set when AppArmor type is Localhost')];
}

function validateLocalAppArmor(profile: string | undefined, field: string): FieldError[] {
  const missing = required(field, 'must be set when AppArmor type is Localhost');
  if (profile === undefined) return [missing];
  return [
    ...(profile.trim() !== profile ? [invalidValue(field, profile, 'must not be padded with whitespace')] : []),
    ...(profile === '' ? [missing] : []),
    ...(profile.length > MAX_PATH ? [tooLong(field, MAX_PATH)] : []),
  ];
}

function validateSysctls(sysctls: readonly Sysctl[], spec: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>();
  return sysctls.flatMap(({ name = '' }, i) => {
    const path = `${field}[${i}].name`;
    const repeated = seen.has(name);
    seen.add(name);
    if (name === '') return [required(path)];
    const plain = name.replaceAll('/', '.');
    return [
      ...(name.length > 253 || !new RegExp(SYSCTL).test(name)
        ? invalidEach(path, name, [`must have at most 253 characters and match regex ${SYSCTL}`])
        : repeated
          ? [duplicate(path, name)]
          : []),
      ...(spec.hostNetwork && plain.startsWith('net.')
        ? [invalidValue(path, name, "may not be specified when 'hostNetwork' is true")]
        : []),
      ...(spec.hostIPC && IPC_SYSCTLS.some((prefix) => plain.startsWith(prefix))
        ? [invalidValue(path, name, "may not be specified when 'hostIPC' is true")]
        : []),
    ];
  });
}
