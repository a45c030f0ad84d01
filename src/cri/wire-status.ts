import type {
  Container,
  ContainerMetadata,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  Image,
  PodSandbox,
  PodSandboxMetadata,
  PodSandboxStatus,
  RuntimeCondition,
  RuntimeStatus,
  SandboxState,
} from './runtime.ts';
import { isoOfNanos } from './time.ts';

type Labels = Record<string, string>;

/** Answers as they come off the wire: 64-bit numbers are decimal strings, absent messages are null. */
export interface WireRuntimeStatus {
  status: { conditions: RuntimeCondition[] } | null;
  runtimeHandlers: {
    name: string;
    features: { recursiveReadOnlyMounts: boolean; userNamespaces: boolean } | null;
  }[];
  features: { supplementalGroupsPolicy: boolean } | null;
}

export interface WireSandbox {
  id: string;
  metadata: PodSandboxMetadata | null;
  state: `SANDBOX_${SandboxState}`;
  createdAt: string;
  labels: Labels;
  annotations: Labels;
}

export interface WireSandboxStatus {
  status: WireSandbox & { network: { ip: string; additionalIps: { ip: string }[] } | null };
  info: Labels;
}

interface WireContainerFacts {
  id: string;
  metadata: ContainerMetadata | null;
  image: { image: string } | null;
  imageRef: string;
  state: `CONTAINER_${ContainerState}`;
  createdAt: string;
  labels: Labels;
  annotations: Labels;
}

export interface WireContainer extends WireContainerFacts {
  podSandboxId: string;
}

export interface WireContainerStatus extends WireContainerFacts {
  startedAt: string;
  finishedAt: string;
  exitCode: number;
  reason: string;
  message: string;
  logPath: string;
  user: { linux: { uid: string; gid: string; supplementalGroups: string[] } | null } | null;
}

export interface WireImage extends Omit<Image, 'size' | 'uid'> {
  size: string;
  uid: { value: string } | null;
}

export interface WireStats {
  attributes: { id: string; labels: Labels } | null;
  cpu: { usageCoreNanoSeconds: { value: string } | null } | null;
  memory: { workingSetBytes: { value: string } | null } | null;
  writableLayer: { usedBytes: { value: string } | null } | null;
}

export function runtimeStatusOfWire({ status, runtimeHandlers, features }: WireRuntimeStatus): RuntimeStatus {
  return {
    conditions: status?.conditions ?? [],
    handlers: runtimeHandlers.map(({ name, features: own }) => ({
      name,
      recursiveReadOnlyMounts: own?.recursiveReadOnlyMounts ?? false,
      userNamespaces: own?.userNamespaces ?? false,
    })),
    ...(features && { features }),
  };
}

export function sandboxOfWire(wire: WireSandbox): PodSandbox {
  const { id, labels, annotations } = wire;
  const state = wire.state === 'SANDBOX_READY' ? 'READY' : 'NOTREADY';
  const metadata = wire.metadata ?? { name: '', uid: '', namespace: '', attempt: 0 };
  return { id, metadata, state, createdAt: isoOf(wire.createdAt) ?? '', labels, annotations };
}

export function sandboxStatusOfWire({ status, info }: WireSandboxStatus): PodSandboxStatus {
  const ip = status.network?.ip ?? '';
  const additionalIps = (status.network?.additionalIps ?? []).map((address) => address.ip);
  return { ...sandboxOfWire(status), ip, additionalIps, ...processOfInfo(info.info) };
}

export function containerOfWire(wire: WireContainer): Container {
  return { ...factsOfWire(wire), podSandboxId: wire.podSandboxId };
}

export function containerStatusOfWire(wire: WireContainerStatus): ContainerStatus {
  const { exitCode, reason, message, logPath } = wire;
  const times = { startedAt: isoOf(wire.startedAt), finishedAt: isoOf(wire.finishedAt) };
  const user = userOfWire(wire.user?.linux);
  return { ...factsOfWire(wire), ...times, exitCode, reason, message, logPath, ...(user && { user }) };
}

function userOfWire(
  user: { uid: string; gid: string; supplementalGroups: string[] } | null | undefined,
): ContainerStatus['user'] {
  if (!user) return undefined;
  const { uid, gid, supplementalGroups } = user;
  return { uid: Number(uid), gid: Number(gid), supplementalGroups: supplementalGroups.map(Number) };
}

export function imageOfWire({ id, repoTags, repoDigests, size, uid, username }: WireImage): Image {
  const user = { ...(uid && { uid: Number(uid.value) }), ...(username && { username }) };
  return { id, repoTags, repoDigests, size: Number(size), ...user };
}

export function statsOfWire({ attributes, cpu, memory, writableLayer }: WireStats): ContainerStats {
  const used = cpu?.usageCoreNanoSeconds?.value;
  const held = memory?.workingSetBytes?.value;
  const written = writableLayer?.usedBytes?.value;
  return {
    containerId: attributes?.id ?? '',
    labels: attributes?.labels ?? {},
    ...(used !== undefined && { cpuUsageNanoseconds: Number(used) }),
    ...(held !== undefined && { memoryWorkingSetBytes: Number(held) }),
    ...(written !== undefined && { writableLayerBytes: Number(written) }),
  };
}

function factsOfWire(wire: WireContainerFacts): Omit<Container, 'podSandboxId'> {
  const { id, imageRef, labels, annotations } = wire;
  const state = wire.state.replace('CONTAINER_', '') as ContainerState;
  const metadata = wire.metadata ?? { name: '', attempt: 0 };
  const image = wire.image?.image ?? '';
  return { id, metadata, image, imageRef, state, createdAt: isoOf(wire.createdAt) ?? '', labels, annotations };
}

/** containerd answers a verbose question with a JSON text; other runtimes with other texts, or none. */
function processOfInfo(text: string | undefined): { pid?: number; networkNamespace?: string } {
  if (!text) return {};
  try {
    const info = JSON.parse(text) as { pid?: number; runtimeSpec?: { linux?: { namespaces?: Namespace[] } } };
    const path = info.runtimeSpec?.linux?.namespaces?.find(({ type }) => type === 'network')?.path;
    return { ...(info.pid && { pid: info.pid }), ...(path && { networkNamespace: path }) };
  } catch {
    return {};
  }
}

interface Namespace {
  type: string;
  path?: string;
}

function isoOf(nanos: string): string | undefined {
  return isoOfNanos(BigInt(nanos));
}
