import type { FieldError } from '../errors.ts';
import { forbidden, notSupported, required } from '../field-errors.ts';
import type { Container, EphemeralContainer, PodSpec } from '../generated/objects.ts';

/** Fields of a Pod's and of a container's security context that mean nothing on Windows, in Kubernetes' order. */
const LINUX_POD = ['appArmorProfile', 'seLinuxOptions'] as const;
const LINUX_POD_LATER = ['seccompProfile', 'fsGroup', 'fsGroupChangePolicy'] as const;
const LINUX_POD_LAST = ['runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy'] as const;
const LINUX_CONTAINER = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

type WithPath = [Container | EphemeralContainer, string];

/** What `spec.os` says, and what then may not be set (`validateOS`, `validateLinux`, `validateWindows`). What `windowsOptions` say is not looked into. */
export function validateOs(spec: PodSpec, containers: readonly WithPath[], field: string): FieldError[] {
  if (spec.os === undefined) return [];
  const { name } = spec.os;
  if (!name) return [required(`${field}.os.name`, 'cannot be empty')];
  if (name === 'linux') return validateLinux(spec, containers, field);
  if (name === 'windows') return validateWindows(spec, containers, field);
  return [notSupported(`${field}.os`, name, ['linux', 'windows'])];
}

function validateLinux({ securityContext }: PodSpec, containers: readonly WithPath[], field: string): FieldError[] {
  const why = 'windows options cannot be set for a linux pod';
  return [
    ...(securityContext?.windowsOptions ? [forbidden(`${field}.securityContext.windowsOptions`, why)] : []),
    ...containers
      .filter(([c]) => c.securityContext?.windowsOptions !== undefined)
      .map(([, path]) => forbidden(`${path}.securityContext.windowsOptions`, why)),
  ];
}

function validateWindows(spec: PodSpec, containers: readonly WithPath[], field: string): FieldError[] {
  const { securityContext: context = {}, hostUsers, hostPID, hostIPC, shareProcessNamespace } = spec;
  const set = <T extends object>(object: T, fields: readonly (keyof T & string)[], at: string): FieldError[] =>
    fields
      .filter((name) => object[name] !== undefined)
      .map((name) => forbidden(`${at}.${name}`, 'cannot be set for a windows pod'));
  const own = `${field}.securityContext`;
  const namespaces = { hostUsers, hostPID: hostPID || undefined, hostIPC: hostIPC || undefined };
  return [
    ...set(context, LINUX_POD, own),
    ...set(namespaces, ['hostUsers', 'hostPID', 'hostIPC'], field),
    ...set(context, LINUX_POD_LATER, own),
    ...(context.sysctls?.length ? set(context, ['sysctls'], own) : []),
    ...set({ shareProcessNamespace }, ['shareProcessNamespace'], field),
    ...set(context, LINUX_POD_LAST, own),
    ...containers.flatMap(([c, path]) => set(c.securityContext ?? {}, LINUX_CONTAINER, `${path}.securityContext`)),
  ];
}
