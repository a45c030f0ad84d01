import type { Pod, Volume } from '../../kube/generated/objects.ts';
import { podResources } from '../../kube/pod-resources.ts';
import { canonicalQuantity, formatQuantity, quantityValue } from '../../kube/quantity.ts';
import { mainContainers } from '../pod-spec.ts';

const STORAGE = 'ephemeral-storage';

/** What a Pod has written to the disk of the machine. Bytes. */
export interface StorageUse {
  /** Of emptyDirs on disk, by name. */
  volumes: ReadonlyMap<string, number>;
  /** Of each container that runs, by name: what it has written beside its volumes, and its logs. */
  containers: ReadonlyMap<string, number>;
}

/** The volume is an emptyDir that takes room on disk. */
export function isOnDisk({ emptyDir }: Volume): boolean {
  return emptyDir !== undefined && (emptyDir.medium ?? '') !== 'Memory';
}

/** Bytes that the volume may hold; undefined for any. */
export function sizeLimit(volume: Volume): number | undefined {
  if (!isOnDisk(volume) || volume.emptyDir?.sizeLimit === undefined) return undefined;
  return positive(volume.emptyDir.sizeLimit);
}

/** Bytes that all containers, their logs and the Pod's emptyDirs may take together; undefined for any. */
export function podStorageLimit({ spec }: Pod): number | undefined {
  const sum = spec && podResources(spec, 'limits').get(STORAGE);
  return sum && positive(formatQuantity(sum));
}

/**
 * Why the Pod must go, in the words of the kubelet's eviction manager (`localStorageEviction`) and in its order: a volume over its limit, the Pod over
 * the sum of its containers' limits, a container over its own. undefined while it keeps within its limits.
 */
export function overuse(pod: Pod, { volumes, containers }: StorageUse): string | undefined {
  for (const volume of pod.spec?.volumes ?? []) {
    const limit = sizeLimit(volume);
    if (limit === undefined || (volumes.get(volume.name) ?? 0) <= limit) continue;
    return `Usage of EmptyDir volume "${volume.name}" exceeds the limit "${canonicalQuantity(volume.emptyDir?.sizeLimit ?? '')}". `;
  }
  const limit = podStorageLimit(pod);
  if (limit === undefined) return undefined;
  const total = [...volumes.values(), ...containers.values()].reduce((sum, bytes) => sum + bytes, 0);
  const words = formatQuantity(podResources(pod.spec ?? { containers: [] }, 'limits').get(STORAGE)!);
  if (total > limit) return `Pod ephemeral local storage usage exceeds the total limit of containers ${words}. `;
  const greedy = mainContainers(pod).find(({ name, resources }) => {
    const own = resources?.limits?.[STORAGE];
    return own !== undefined && (containers.get(name) ?? 0) > (positive(own) ?? Number.POSITIVE_INFINITY);
  });
  if (!greedy) return undefined;
  const own = canonicalQuantity(greedy.resources?.limits?.[STORAGE] ?? '');
  return `Container ${greedy.name} exceeded its local ephemeral storage limit "${own}". `;
}

/** A limit of nothing is none. */
function positive(quantity: string): number | undefined {
  const bytes = quantityValue(quantity);
  return bytes > 0 ? bytes : undefined;
}
