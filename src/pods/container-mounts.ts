import { posix } from 'node:path';
import type { Mount } from '../cri/runtime.ts';
import type { Container, Pod, VolumeMount } from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { expand } from './expansion.ts';
import type { PodPaths } from './paths.ts';
import { podUid } from './pod-spec.ts';
import { recursiveReadOnly } from './recursive-read-only.ts';
import type { RuntimeAbilities } from './runtime-abilities.ts';

const ETC_HOSTS = '/etc/hosts';

/** What a bind of a part of a volume needs; `target` is where it is bound on the machine before it is mounted into the container. */
export interface SubPathMount {
  /** Position in the container's volumeMounts. */
  index: number;
  volume: string;
  volumePath: string;
  subPath: string;
  target: string;
}

export interface ContainerMountsInput {
  pod: Pod;
  container: Container;
  attempt: number;
  /** Where each volume is on the machine. */
  volumes: ReadonlyMap<string, string>;
  variables: Environment;
  paths: PodPaths;
  /** A Pod without address yet has no hosts file of its own. */
  hasAddress: boolean;
  runtime: Pick<RuntimeAbilities, 'recursiveReadOnly'>;
  seLinux: boolean;
}

/** Volumes that are read-only whatever the mount says (`GetAttributes().ReadOnly` of the kubelet's plugins). */
const READONLY_KINDS = ['configMap', 'secret', 'downwardAPI', 'projected', 'image'] as const;

/**
 * All mounts of a container: its volumes, its own /etc/hosts unless a volume is mounted there, and the file for its termination message.
 * @throws ConfigError for a mount of a volume that is not there, a subPath that leaves its volume, or what the runtime cannot
 */
export function containerMounts(input: ContainerMountsInput): Mount[] {
  const { pod, container, attempt, paths, hasAddress } = input;
  const volumeMounts = (container.volumeMounts ?? []).map((mount, index) => volumeMount(mount, index, input));
  const hasOwnHosts = volumeMounts.some(({ containerPath }) => posix.normalize(containerPath) === ETC_HOSTS);
  const message = container.terminationMessagePath ?? '/dev/termination-log';
  return [
    ...volumeMounts,
    ...(hasAddress && !hasOwnHosts ? [fileMount(ETC_HOSTS, paths.etcHosts(podUid(pod)), input)] : []),
    ...(message ? [fileMount(message, paths.terminationLog(podUid(pod), container.name, attempt), input)] : []),
  ];
}

/**
 * The parts of volumes that must be bound before the container is created, see `bindSubPath`.
 * @throws ConfigError as `containerMounts`
 */
export function subPathMounts(input: ContainerMountsInput): SubPathMount[] {
  return (input.container.volumeMounts ?? []).flatMap((mount, index) => {
    const subPath = resolveSubPath(mount, input.variables);
    if (!subPath) return [];
    return {
      index,
      volume: mount.name,
      volumePath: volumePath(mount, input),
      subPath,
      target: target(mount, index, input),
    };
  });
}

function volumeMount(mount: VolumeMount, index: number, input: ContainerMountsInput): Mount {
  const path = volumePath(mount, input);
  return {
    containerPath: posix.join('/', mount.mountPath),
    hostPath: resolveSubPath(mount, input.variables) ? target(mount, index, input) : path,
    readonly: (mount.readOnly ?? false) || isReadOnly(mount.name, input.pod),
    propagation: PROPAGATION[mount.mountPropagation ?? 'None'] ?? 'PRIVATE',
    ...(recursiveReadOnly(mount, input.runtime) && { recursiveReadOnly: true }),
    ...(input.seLinux && isOurs(mount.name, input.pod) && { selinuxRelabel: true }),
  };
}

const PROPAGATION: Record<string, Mount['propagation']> = {
  None: 'PRIVATE',
  HostToContainer: 'HOST_TO_CONTAINER',
  Bidirectional: 'BIDIRECTIONAL',
};

function volumePath({ name }: VolumeMount, { volumes, container }: ContainerMountsInput): string {
  const path = volumes.get(name);
  if (path === undefined)
    throw new ConfigError(`cannot find volume "${name}" to mount into container "${container.name}"`);
  return path;
}

/** '' for a mount of the whole volume. */
function resolveSubPath({ subPath = '', subPathExpr = '' }: VolumeMount, variables: Environment): string {
  const path = subPathExpr ? expandStrictly(subPathExpr, variables) : subPath;
  if (posix.isAbsolute(path)) throw new ConfigError(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..'))
    throw new ConfigError(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  return path;
}

/** Unlike in commands, a name that is not known is an error: the path would be somebody else's. */
function expandStrictly(text: string, variables: Environment): string {
  const missing: string[] = [];
  const expanded = expand(text, (name) => {
    const value = variables.get(name);
    if (!value) missing.push(name);
    return value;
  });
  if (missing.length > 0) throw new ConfigError(`missing value for ${missing.map((name) => `"${name}"`).join(', ')}`);
  return expanded;
}

function target({ name }: VolumeMount, index: number, { pod, container, paths }: ContainerMountsInput): string {
  return paths.subPath(podUid(pod), name, container.name, index);
}

function isReadOnly(name: string, { spec }: Pod): boolean {
  const volume = spec?.volumes?.find((v) => v.name === name);
  if (volume?.persistentVolumeClaim?.readOnly) return true;
  return volume !== undefined && READONLY_KINDS.some((kind) => volume[kind] !== undefined);
}

/** Files that are the machine's keep their label; a claim that is only read has been labelled by who writes it (`GetAttributes().SELinuxRelabel`, `Managed`). */
function isOurs(name: string, { spec }: Pod): boolean {
  const volume = spec?.volumes?.find((v) => v.name === name);
  return volume !== undefined && !volume.hostPath && !volume.persistentVolumeClaim?.readOnly;
}

function fileMount(containerPath: string, hostPath: string, { seLinux }: Pick<ContainerMountsInput, 'seLinux'>): Mount {
  return { containerPath, hostPath, readonly: false, propagation: 'PRIVATE', ...(seLinux && { selinuxRelabel: true }) };
}
