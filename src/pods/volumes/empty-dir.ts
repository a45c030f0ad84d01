import { chmod, chown, mkdir, rename, stat } from 'node:fs/promises';
import type { EmptyDirVolumeSource, Pod } from '../../kube/generated/objects.ts';
import { podResources } from '../../kube/pod-resources.ts';
import { formatQuantity, quantityValue } from '../../kube/quantity.ts';
import type { PodPaths } from '../paths.ts';
import { allContainers, podUid } from '../pod-spec.ts';
import type { Mounts } from './mounts.ts';
import { VolumeError } from './volume-error.ts';

const PLUGIN = 'kubernetes.io~empty-dir';
const EVERYBODY = 0o777;
const SET_GROUP = 0o2000;

export interface VolumeContext {
  pod: Pod;
  paths: PodPaths;
  mounts: Mounts;
  /** What all Pods together may have of the machine's memory. Bytes; undefined leaves sizes to the kernel: half of the memory. */
  memoryBytes?: number | undefined;
}

/**
 * An emptyDir: a directory on disk, or a tmpfs for medium Memory, that everybody may write to (`pkg/volume/emptydir`). With `fsGroup` it
 * belongs to that group, and so does what is made in it. What is there already stays as it is.
 */
export async function prepareEmptyDir(
  name: string,
  source: EmptyDirVolumeSource,
  context: VolumeContext,
): Promise<string> {
  const { pod, paths } = context;
  const path = paths.volume(podUid(pod), PLUGIN, name);
  switch (source.medium ?? '') {
    case '':
      await makeDirectory(path, pod);
      return path;
    case 'Memory':
      await makeTmpfs(path, source, context);
      return path;
    default:
      throw new VolumeError(name, `unknown storage medium "${source.medium}"`);
  }
}

/** In one step, so that a directory that is there is also finished: a program may have changed its mode since, and that must stay. */
export async function makeDirectory(path: string, { spec }: Pod): Promise<void> {
  if (await exists(path)) return;
  const unfinished = `${path}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  const { mode, group } = ownership(spec);
  if (group !== undefined) await chown(unfinished, -1, group);
  await chmod(unfinished, mode);
  await rename(unfinished, path);
}

/** A tmpfs at this path, unless there is one. */
export async function makeTmpfs(
  path: string,
  source: EmptyDirVolumeSource,
  { pod, mounts, memoryBytes }: VolumeContext,
): Promise<void> {
  await mkdir(path, { recursive: true });
  if ((await mounts.below(path)).length > 0) return;
  await mounts.mountTmpfs(path, { ...memorySize(pod, source, memoryBytes), ...ownership(pod.spec) });
}

function ownership(spec: Pod['spec']): { mode: number; group?: number } {
  const fsGroup = spec?.securityContext?.fsGroup;
  return fsGroup === undefined ? { mode: EVERYBODY } : { mode: EVERYBODY | SET_GROUP, group: fsGroup };
}

/** The smallest of the volume's sizeLimit, the Pod's memory limit and what Pods may have of the machine (`calculateEmptyDirMemorySize`). */
function memorySize(pod: Pod, { sizeLimit }: EmptyDirVolumeSource, memoryBytes = 0): { sizeBytes?: number } {
  const own = sizeLimit === undefined ? 0 : quantityValue(sizeLimit);
  const limits = [own, podMemoryLimit(pod), memoryBytes].filter((bytes) => bytes > 0);
  return limits.length > 0 ? { sizeBytes: Math.min(...limits) } : {};
}

/** What the Pod's containers may take at any one time; 0 unless every container has a limit. */
function podMemoryLimit(pod: Pod): number {
  if (allContainers(pod).some(({ resources }) => resources?.limits?.memory === undefined)) return 0;
  const limit = podResources(pod.spec ?? { containers: [] }, 'limits').get('memory');
  return limit ? quantityValue(formatQuantity(limit)) : 0;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
