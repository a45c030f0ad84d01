import type { Image, RuntimeCondition, RuntimeStatus, RuntimeVersion } from '../cri/runtime.ts';
import type { ContainerImage, Node, NodeCondition, NodeStatus } from '../kube/generated/objects.ts';
import { formatTime } from '../kube/time.ts';
import type { BackOffRules } from './backoff.ts';
import { goDuration } from './go-duration.ts';
import type { MachineFacts } from './machine.ts';

/** Images that a Node names (`nodeStatusMaxImages`), and names for each (`maxNamesPerImageInNodeStatus`). */
const MAX_IMAGES = 50;
const MAX_NAMES = 5;
/** The kubelet's default; this node enforces none. */
const MAX_PODS = '110';

export interface NodeInput {
  name: string;
  /** The version of Kubernetes that is claimed: `v1.33.0`. */
  kubernetesVersion: string;
  machine: MachineFacts;
  /** undefined while the runtime does not answer. */
  runtimeVersion: RuntimeVersion | undefined;
  /** undefined while the runtime does not answer. */
  runtimeStatus: RuntimeStatus | undefined;
  images: Image[];
  /** The Pods' network, `10.88.0.0/16`. */
  podCIDR?: string;
  /** Containers that end are restarted by other rules than a kubelet's. */
  backOffRules?: BackOffRules;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * The Node object of this machine as a kubelet writes it (`pkg/kubelet/nodestatus`). The machine is control plane and worker in one, and
 * says so with the label that kubectl shows as ROLES. Allocatable is capacity: nothing is reserved and nothing evicted here.
 */
export function nodeObject(input: NodeInput): Node {
  const { name, machine, runtimeVersion, images, podCIDR, backOffRules, now } = input;
  const capacity = capacityOf(machine);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels(name, machine.architecture), annotations: nodeAnnotations(backOffRules) },
    spec: podCIDR ? { podCIDR, podCIDRs: [podCIDR] } : {},
    status: {
      capacity,
      allocatable: capacity,
      conditions: nodeConditions(input.runtimeStatus?.conditions, now),
      addresses: [
        ...machine.addresses.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        machineID: machine.machineID,
        systemUUID: machine.systemUUID,
        bootID: machine.bootID,
        kernelVersion: machine.kernelVersion,
        osImage: machine.osImage,
        containerRuntimeVersion: runtimeVersion
          ? `${runtimeVersion.runtimeName}://${runtimeVersion.runtimeVersion.replace(/^v/, '')}`
          : '',
        kubeletVersion: input.kubernetesVersion,
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: machine.architecture,
      },
      images: nodeImages(images),
      ...runtimeAbilities(input.runtimeStatus),
    },
  };
}

/** The annotation by which `kubectl describe node` says that restarts are not those of a cluster. */
export const RESTART_BACKOFF_ANNOTATION = 'outfit.dev/restart-backoff';

function nodeAnnotations(rules: BackOffRules | undefined): Record<string, string> {
  if (!rules) return {};
  const { initialMs, maxMs } = rules;
  return { [RESTART_BACKOFF_ANNOTATION]: `fast: ${goDuration(initialMs)} to ${goDuration(maxMs)}` };
}

/** The labels that are the node's to set; all others are the user's. */
function nodeLabels(name: string, architecture: string): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'node-role.kubernetes.io/control-plane': '',
  };
}

/** The four conditions of every Node. Pressure is never seen here: nothing is evicted. */
export function nodeConditions(runtime: RuntimeCondition[] | undefined, now: number): NodeCondition[] {
  const time = formatTime(new Date(now));
  const condition = (type: string, status: boolean, reason: string, message: string): NodeCondition => ({
    type,
    status: status ? 'True' : 'False',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
    reason,
    message,
  });
  const trouble = runtimeTrouble(runtime);
  return [
    condition('MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    trouble
      ? condition('Ready', false, 'KubeletNotReady', trouble)
      : condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status'),
  ];
}

/** The kubelet's words for a runtime that is not ready (`pkg/kubelet/runtime.go`); '' when all is well. */
function runtimeTrouble(conditions: RuntimeCondition[] | undefined): string {
  if (!conditions) return 'container runtime is down';
  const words = { RuntimeReady: 'container runtime not ready', NetworkReady: 'container runtime network not ready' };
  return Object.entries(words)
    .flatMap(([type, text]) =>
      conditions.filter((c) => c.type === type && !c.status).map((c) => `${text}: ${inWords(c)}`),
    )
    .join(', ');
}

function inWords({ type, status, reason, message }: RuntimeCondition): string {
  return `${type}=${status} reason:${reason} message:${message}`;
}

/** Only what the runtime tells (`RuntimeHandlers` and `NodeFeatures` of the kubelet's setters). */
function runtimeAbilities({ handlers = [], features }: Partial<RuntimeStatus> = {}): Partial<NodeStatus> {
  const told = handlers.map(({ name, ...abilities }) => ({ name, features: abilities }));
  return { ...(told.length > 0 && { runtimeHandlers: told }), ...(features && { features }) };
}

function capacityOf({ size }: MachineFacts): Record<string, string> {
  return {
    cpu: size.cpuMillis % 1000 === 0 ? String(size.cpuMillis / 1000) : `${size.cpuMillis}m`,
    'ephemeral-storage': `${Math.floor(size.storageBytes / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: `${Math.floor(size.memoryBytes / 1024)}Ki`,
    pods: MAX_PODS,
  };
}

/** The largest first. */
function nodeImages(images: Image[]): ContainerImage[] {
  return images
    .toSorted((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))
    .slice(0, MAX_IMAGES)
    .map(({ repoDigests, repoTags, size }) => ({
      names: [...repoDigests, ...repoTags].slice(0, MAX_NAMES),
      sizeBytes: size,
    }));
}
