import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersistentVolumeClaim, Pod, Volume } from '../../kube/generated/objects.ts';
import type { PodPaths } from '../paths.ts';
import { podUid } from '../pod-spec.ts';
import { prepareClaim } from './claim-volume.ts';
import { prepareEmptyDir, type VolumeContext } from './empty-dir.ts';
import { isFileVolume, prepareFileVolume, refreshFileVolume } from './file-volume.ts';
import { prepareHostPath } from './host-path.ts';
import { type Mounts, systemMounts } from './mounts.ts';
import type { Payload } from './payload.ts';
import { removeTree } from './remove-tree.ts';
import { refuseKind } from './unsupported-kind.ts';
import { VolumeError } from './volume-error.ts';

export interface VolumesOptions {
  paths: PodPaths;
  mounts?: Mounts;
  /** What Pods may have of the machine's memory, in bytes. */
  memoryBytes?: number;
  /** The files of a volume that is made from objects of the API. @throws Error in the kubelet's words when an object is missing */
  payload?: (volume: Volume, pod: Pod) => Payload | undefined;
  /** The claim of a volume. @throws Error in the kubelet's words when the Pod must wait for it */
  claimOf?: (pod: Pod, volume: string) => Promise<PersistentVolumeClaim>;
}

/** Puts the volumes of Pods in place below the state directory, and takes them away. Keeps nothing in memory: the disk says what there is. */
export class Volumes {
  readonly #paths: PodPaths;
  readonly #mounts: Mounts;
  readonly #payload: NonNullable<VolumesOptions['payload']>;
  readonly #claimOf: VolumesOptions['claimOf'];
  readonly #memoryBytes: number | undefined;

  constructor(options: VolumesOptions) {
    const { paths, mounts = systemMounts(), payload = () => undefined, claimOf, memoryBytes } = options;
    this.#paths = paths;
    this.#mounts = mounts;
    this.#payload = payload;
    this.#claimOf = claimOf;
    this.#memoryBytes = memoryBytes;
  }

  /**
   * Where each volume of the Pod is on the machine, by its name. May be called again at any time, also after a crash or a reboot: what
   * is there stays.
   * @throws VolumeError for the first volume, in the manifest's order, that cannot be put in place
   */
  async prepare(pod: Pod): Promise<Map<string, string>> {
    await mkdir(this.#paths.podDirectory(podUid(pod)), { recursive: true, mode: 0o750 });
    const places = new Map<string, string>();
    for (const volume of pod.spec?.volumes ?? []) places.set(volume.name, await this.#prepareOne(volume, pod));
    return places;
  }

  /**
   * Brings volumes that are made from objects of the API up to date: all files of a volume change at once. Volumes that are not in place yet
   * stay so.
   * @throws VolumeError for the first one that cannot be; it keeps the files that it has
   */
  async refresh(pod: Pod): Promise<void> {
    const context = this.#contextOf(pod);
    for (const volume of (pod.spec?.volumes ?? []).filter(isFileVolume)) {
      await told(volume, () => refreshFileVolume(volume, () => this.#payload(volume, pod) ?? new Map(), context));
    }
  }

  /** Deletes the Pod's volumes, with the same care as `cleanup`, and leaves its other files: it has ended, but is still there. Idempotent. */
  async release(uid: string): Promise<void> {
    const directory = this.#paths.podDirectory(uid);
    for (const part of ['volume-subpaths', 'volumes']) await removeTree(join(directory, part), this.#mounts);
  }

  /**
   * Unmounts and deletes everything of the Pod but its logs, with the care of `removeTree`. Idempotent.
   * @throws Error when a mount cannot be undone or a file not deleted; call again later
   */
  async cleanup(uid: string): Promise<void> {
    await removeTree(this.#paths.podDirectory(uid), this.#mounts);
  }

  /** The uids of Pods that have something on disk: after a crash, also of Pods that are long gone. */
  async uids(): Promise<string[]> {
    return readdir(this.#paths.podsDirectory).catch(() => []);
  }

  #contextOf(pod: Pod): VolumeContext {
    return { pod, paths: this.#paths, mounts: this.#mounts, memoryBytes: this.#memoryBytes };
  }

  async #prepareOne(volume: Volume, pod: Pod): Promise<string> {
    const context = this.#contextOf(pod);
    return (await told(volume, () => this.#place(volume, context))) ?? refuseKind(volume);
  }

  async #place(volume: Volume, context: VolumeContext): Promise<string | undefined> {
    const { name, hostPath, emptyDir, persistentVolumeClaim, ephemeral } = volume;
    if (hostPath) return prepareHostPath(name, hostPath);
    // A volume without source is an emptyDir (SetDefaults_Volume).
    if (emptyDir || Object.keys(volume).length === 1) return prepareEmptyDir(name, emptyDir ?? {}, context);
    if (this.#claimOf && (persistentVolumeClaim || ephemeral)) return prepareClaim(volume, this.#claimOf, context);
    const payload = this.#payload(volume, context.pod);
    return payload && prepareFileVolume(volume, payload, context);
  }
}

/** Whatever fails is told as the kubelet tells it. */
async function told<Result>({ name }: Volume, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof VolumeError ? error : new VolumeError(name, (error as Error).message, { cause: error });
  }
}
