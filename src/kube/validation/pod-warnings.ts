import type {
  Container,
  ContainerPort,
  EnvVar,
  EphemeralContainer,
  Pod,
  PodSpec,
  Volume,
} from '../generated/objects.ts';
import { isDns1123Label } from '../names.ts';
import { formatQuantity, parseQuantity } from '../quantity.ts';
import { containersWithPaths } from './pod-spec.ts';

/**
 * What Kubernetes accepts in a Pod but warns of (`pkg/api/pod/warnings.go` and the Pod strategy), as sentences for Warning headers.
 */
export function podWarnings(pod: Pod): string[] {
  const spec: PodSpec = pod.spec ?? { containers: [] };
  const containers = containersWithPaths(spec, 'spec');
  return [
    ...warnOfName(pod.metadata?.name ?? ''),
    ...warnOfNodeLabels(spec),
    ...warnOfAnnotations(pod.metadata?.annotations ?? {}),
    ...warnOfSeccomp(pod, containers),
    ...(spec.volumes ?? []).flatMap((volume, i) => warnOfVolume(volume, `spec.volumes[${i}]`)),
    ...repeated(
      spec.hostAliases ?? [],
      ({ ip }) => ip,
      (i, ip) => `spec.hostAliases[${i}].ip: duplicate ip "${ip}"`,
    ),
    ...repeated(
      spec.imagePullSecrets ?? [],
      ({ name }) => name ?? '',
      (i, name) => `spec.imagePullSecrets[${i}].name: duplicate name "${name}"`,
    ),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, i) =>
      name ? [] : [`spec.imagePullSecrets[${i}].name: invalid empty name ""`],
    ),
    ...warnOfFractions(spec.overhead, 'spec.overhead'),
    ...containers.flatMap(([container, path]) => warnOfContainer(container, path)),
    ...warnOfPorts(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1']
      : []),
    ...warnOfNullSelectors(spec),
  ];
}

const FORMER_NODE_LABELS: Record<string, string> = {
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};
const FORMER_SINCE: Record<string, string> = {
  'beta.kubernetes.io/arch': 'v1.14',
  'beta.kubernetes.io/os': 'v1.14',
};

const DEAD_ANNOTATIONS: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const OLD_VOLUMES: [keyof Volume, string][] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

/** The name becomes the host name, where a dot or more than 63 characters surprise. */
function warnOfName(name: string): string[] {
  const why = name === '' ? [] : isDns1123Label(name);
  return why.length === 0
    ? []
    : [
        `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${why.join(' ')}]`,
      ];
}

function warnOfNodeLabels(spec: PodSpec): string[] {
  const sentence = (label: string): string | undefined => {
    const now = FORMER_NODE_LABELS[label];
    return now && `deprecated since ${FORMER_SINCE[label] ?? 'v1.17'}; use "${now}" instead`;
  };
  const selector = Object.keys(spec.nodeSelector ?? {}).flatMap((label) => {
    const why = sentence(label);
    return why ? [`spec.nodeSelector[${label}]: ${why}`] : [];
  });
  const spread = (spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, i) => {
    const path = `spec.topologySpreadConstraints[${i}]`;
    const why = sentence(topologyKey);
    return [
      ...(why ? [`${path}.topologyKey: ${topologyKey} is ${why}`] : []),
      ...(labelSelector ? [] : [`${path}.labelSelector: a null labelSelector results in matching no pod`]),
    ];
  });
  return [...selector, ...spread];
}

function warnOfAnnotations(annotations: Record<string, string>): string[] {
  return Object.entries(DEAD_ANNOTATIONS).flatMap(([key, why]) =>
    Object.hasOwn(annotations, key) ? [`metadata.annotations[${key}]: ${why}`] : [],
  );
}

const SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_OF = 'container.seccomp.security.alpha.kubernetes.io/';

/** The annotations of old lost their meaning to the field. */
function warnOfSeccomp(pod: Pod, containers: readonly [Container | EphemeralContainer, string][]): string[] {
  const annotations = pod.metadata?.annotations ?? {};
  const dead = [
    ...(pod.spec?.securityContext?.seccompProfile ? [] : [SECCOMP]),
    ...containers.filter(([c]) => !c.securityContext?.seccompProfile).map(([c]) => `${SECCOMP_OF}${c.name}`),
  ];
  return dead
    .filter((key) => Object.hasOwn(annotations, key))
    .map((key) => `metadata.annotations[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`);
}

function warnOfVolume(volume: Volume, path: string): string[] {
  return OLD_VOLUMES.flatMap(([source, why]) => (volume[source] === undefined ? [] : [`${path}.${source}: ${why}`]));
}

function warnOfContainer(container: Container | EphemeralContainer, path: string): string[] {
  return [
    ...warnOfFractions(container.resources?.limits, `${path}.resources.limits`),
    ...warnOfFractions(container.resources?.requests, `${path}.resources.requests`),
    ...warnOfHiddenEnv(container.env ?? [], `${path}.env`),
  ];
}

/** Bytes come whole. */
function warnOfFractions(amounts: Record<string, string> | undefined, path: string): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const text = amounts?.[name];
    if (text === undefined) return [];
    const quantity = parseQuantity(text);
    return quantity.nanos % 1_000_000_000n === 0n
      ? []
      : [`${path}[${name}]: fractional byte value "${formatQuantity(quantity)}" is invalid, must be an integer`];
  });
}

/** A second value is fine only where it is built from the first: `PATH=$(PATH):/more`. */
function warnOfHiddenEnv(vars: readonly EnvVar[], path: string): string[] {
  const seen = new Set<string>();
  return vars.flatMap(({ name, value = '', valueFrom }, i) => {
    const repeats = seen.has(name);
    seen.add(name);
    const reference = `$(${name})`;
    const extends_ = valueFrom === undefined && value !== reference && value.includes(reference);
    return repeats && !extends_
      ? [`${path}[${i}]: hides previous definition of "${name}", which may be dropped when using apply`]
      : [];
  });
}

interface PlacedPort {
  port: ContainerPort;
  path: string;
}

function warnOfPorts(containers: readonly [Container | EphemeralContainer, string][]): string[] {
  const placed = containers.flatMap(([{ ports = [] }, path]) =>
    ports.map((port, i): PlacedPort => ({ port, path: `${path}.ports[${i}]` })),
  );
  return placed.flatMap((one, i) => {
    const others = placed
      .slice(0, i)
      .filter(({ port }) => port.containerPort === one.port.containerPort && port.protocol === one.port.protocol);
    const { hostIP, hostPort } = one.port;
    return [
      ...(hostIP && !hostPort ? [`${one.path}: hostIP set without hostPort: ${goPort(one.port)}`] : []),
      ...others.flatMap((other) => comparePorts(one, other)),
    ];
  });
}

function comparePorts({ port, path }: PlacedPort, other: PlacedPort): string[] {
  const [ip, otherIp] = [port.hostIP ?? '', other.port.hostIP ?? ''];
  const [host, otherHost] = [port.hostPort ?? 0, other.port.hostPort ?? 0];
  if (ip === otherIp && host === otherHost) return [`${path}: duplicate port definition with ${other.path}`];
  if (host === 0 || otherHost === 0) return [`${path}: overlapping port definition with ${other.path}`];
  return host === otherHost && (ip === '') !== (otherIp === '')
    ? [`${path}: dangerously ambiguous port definition with ${other.path}`]
    : [];
}

/** As Go prints the struct. */
function goPort({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

function warnOfNullSelectors({ affinity }: PodSpec): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const path = `spec.affinity.${kind}`;
    const needed = affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity?.[kind]?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const sentence = 'a null labelSelector results in matching no pod';
    return [
      ...needed.flatMap((term, i) =>
        term.labelSelector
          ? []
          : [`${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}].labelSelector: ${sentence}`],
      ),
      ...preferred.flatMap((term, i) =>
        term.podAffinityTerm?.labelSelector
          ? []
          : [
              `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm.labelSelector: ${sentence}`,
            ],
      ),
    ];
  });
}

function repeated<T>(
  items: readonly T[],
  key: (item: T) => string,
  sentence: (i: number, key: string) => string,
): string[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const name = key(item);
    if (seen.has(name)) return [sentence(i, name)];
    seen.add(name);
    return [];
  });
}
