import { stat } from 'node:fs/promises';
import type { Pod, Volume } from '../../kube/generated/objects.ts';
import type { PodPaths } from '../paths.ts';
import { podUid } from '../pod-spec.ts';
import { writeAtomically } from './atomic-writer.ts';
import { makeDirectory, makeTmpfs, type VolumeContext } from './empty-dir.ts';
import { FILE_PLUGINS, type Payload } from './payload.ts';

type FileKind = keyof typeof FILE_PLUGINS;

/** Kept in memory, so that nothing secret reaches the disk by way of a Pod's files. ConfigMaps are no secrets. */
const ON_DISK: readonly FileKind[] = ['configMap'];

/** Makes the volume where it is missing, and gives it its files. @returns where it is on the machine */
export async function prepareFileVolume(volume: Volume, payload: Payload, context: VolumeContext): Promise<string> {
  const kind = fileKind(volume);
  const path = fileVolumePath(volume, kind, context);
  if (ON_DISK.includes(kind)) await makeDirectory(path, context.pod);
  else await makeTmpfs(path, {}, context);
  await writeAtomically(path, payload, { group: context.pod.spec?.securityContext?.fsGroup });
  return path;
}

/** Brings the files of a volume that is in place up to date. */
export async function refreshFileVolume(volume: Volume, payload: () => Payload, context: VolumeContext): Promise<void> {
  const kind = fileKind(volume);
  const path = fileVolumePath(volume, kind, context);
  if (!(await isInPlace(path, kind, context))) return;
  await writeAtomically(path, payload(), { group: context.pod.spec?.securityContext?.fsGroup });
}

/** After a reboot the directory of a volume in memory is there, but nothing is mounted on it: what is secret must not go there. */
async function isInPlace(path: string, kind: FileKind, { mounts }: VolumeContext): Promise<boolean> {
  if (!ON_DISK.includes(kind)) return (await mounts.below(path)).length > 0;
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether the volume's files are made from objects of the API. */
export function isFileVolume(volume: Volume): boolean {
  return KINDS.some((kind) => volume[kind] !== undefined);
}

const KINDS = Object.keys(FILE_PLUGINS) as FileKind[];

function fileKind(volume: Volume): FileKind {
  return KINDS.find((kind) => volume[kind] !== undefined) ?? 'projected';
}

function fileVolumePath(
  { name }: Volume,
  kind: FileKind,
  { pod, paths }: { pod: Pod; paths: Pick<PodPaths, 'volume'> },
): string {
  return paths.volume(podUid(pod), FILE_PLUGINS[kind], name);
}
