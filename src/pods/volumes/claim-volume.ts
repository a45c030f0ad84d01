import { lstat, mkdir, stat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PersistentVolumeClaim, Pod, Volume } from '../../kube/generated/objects.ts';
import { podUid } from '../pod-spec.ts';
import type { VolumeContext } from './empty-dir.ts';
import { giveToGroup } from './ownership.ts';
import { VolumeError } from './volume-error.ts';

const PLUGIN = 'kubernetes.io~local-volume';

/**
 * The directory of the claim that the volume stands for. With `fsGroup` it is given to that group once for each Pod, unless it is mounted read-only
 * (`pkg/volume/local`); a link in the Pod's own directory remembers that.
 * @throws VolumeError while there is no such claim, or it has no volume; Error of the file system
 */
export async function prepareClaim(
  volume: Volume,
  claimOf: (pod: Pod, volume: string) => Promise<PersistentVolumeClaim>,
  { pod, paths }: VolumeContext,
): Promise<string> {
  const claim = await claimOf(pod, volume.name).catch((error: Error) => refuse(volume, pod, error));
  const directory = paths.claim(claim);
  await stat(directory).catch(() => {
    throw new Error(`path "${directory}" does not exist`);
  });
  const mark = paths.volume(podUid(pod), PLUGIN, volume.name);
  if (await isThere(mark)) return directory;
  const { fsGroup, fsGroupChangePolicy } = pod.spec?.securityContext ?? {};
  if (fsGroup !== undefined && !volume.persistentVolumeClaim?.readOnly)
    await giveToGroup(directory, fsGroup, { onlyIfRootDiffers: fsGroupChangePolicy === 'OnRootMismatch' });
  await mkdir(dirname(mark), { recursive: true, mode: 0o750 });
  await symlink(directory, mark);
  return directory;
}

/** In the words with which the kubelet says that it does not even know what to mount (`desired_state_of_world_populator`). */
function refuse({ name, persistentVolumeClaim }: Volume, { metadata }: Pod, cause: Error): never {
  const claim = persistentVolumeClaim?.claimName ?? `${metadata?.name}-${name}`;
  const volumes = `unmounted volumes=[${name}], unattached volumes=[], failed to process volumes=[${name}]`;
  const step = `Unable to attach or mount volumes: ${volumes}:`;
  throw new VolumeError(name, `error processing PVC ${metadata?.namespace}/${claim}: ${cause.message}`, {
    step,
    cause,
  });
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
