import type { Container, Pod, ResourceFieldSelector } from '../kube/generated/objects.ts';
import { quantityMilliValue, quantityValue } from '../kube/quantity.ts';
import { ConfigError } from './config-error.ts';
import type { MachineSize } from './machine-size.ts';

/** What a Pod may learn of itself, beside its own object. */
export interface PodPlace {
  podIPs: string[];
  hostIPs: string[];
  nodeName: string;
}

/** `metadata.labels['key']`, `metadata.annotations['key']`. */
const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/**
 * The value of a `fieldRef` in an environment (`pkg/fieldpath`, `kubelet_pods.go` podFieldSelectorRuntimeValue). A label that is not
 * there gives ''.
 * @throws ConfigError for a path that has no value in an environment
 */
export function podField(pod: Pod, path: string, place: PodPlace): string {
  const subscript = SUBSCRIPT.exec(path);
  if (subscript) return pod.metadata?.[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
    case 'metadata.namespace':
    case 'metadata.uid':
      return pod.metadata?.[path.slice('metadata.'.length) as 'name' | 'namespace' | 'uid'] ?? '';
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? place.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return place.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return place.hostIPs.join(',');
    case 'status.podIP':
      return place.podIPs[0] ?? '';
    case 'status.podIPs':
      return place.podIPs.join(',');
    default:
      throw new ConfigError(`unsupported fieldPath: ${path}`);
  }
}

/**
 * The value of a `resourceFieldRef`: the amount in units of the divisor, rounded up (`pkg/api/v1/resource`). Limits of cpu, memory and
 * ephemeral-storage that are not set are the machine's; everything else that is not set is 0.
 * @throws ConfigError for a container or resource that there is not
 */
export function resourceField(
  pod: Pod,
  own: Container,
  { containerName, resource, divisor }: ResourceFieldSelector,
  machine: MachineSize,
): string {
  const container = containerName ? findContainerSpec(pod, containerName) : own;
  if (!container) throw new ConfigError(`container ${containerName} not found`);
  const [, list, name] = /^(limits|requests)\.(.+)$/.exec(resource) ?? [];
  if (!list || !name) throw new ConfigError(`unsupported container resource : ${resource}`);
  const amount = container.resources?.[list as 'limits' | 'requests']?.[name];
  const inCpus = name === 'cpu';
  const measure = inCpus ? quantityMilliValue : quantityValue;
  const value = amount === undefined ? unset(list, name, machine) : measure(amount);
  const unit = measure(divisor && quantityMilliValue(divisor) !== 0 ? divisor : '1');
  return String(Math.ceil(value / unit));
}

function findContainerSpec({ spec }: Pod, name: string): Container | undefined {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find((container) => container.name === name);
}

/** In thousandths for cpu, else in bytes. */
function unset(list: string, name: string, machine: MachineSize): number {
  if (list !== 'limits') return 0;
  const ofMachine: Record<string, number> = {
    cpu: machine.cpuMillis,
    memory: machine.memoryBytes,
    'ephemeral-storage': machine.storageBytes,
  };
  return ofMachine[name] ?? 0;
}
