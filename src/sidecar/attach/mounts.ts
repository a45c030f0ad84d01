import type { VolumeDevice, VolumeMount } from '../../kube/generated/objects.ts';
import type { KeyPath } from './draft.ts';
import { answer, type Joining, place } from './joining.ts';

/** A mount for a container of the Pod. `container` is the path of the container, `field` where the definition says it. */
export function attachMount(joining: Joining, container: KeyPath, mount: VolumeMount, field: string): void {
  const list = [...container, 'volumeMounts'];
  const mounts = (joining.draft.find(list)?.value ?? []) as readonly VolumeMount[];
  const sameText = mounts.find(({ mountPath }) => mountPath === mount.mountPath);
  const other = sameText ?? mounts.find(({ mountPath }) => clean(mountPath) === clean(mount.mountPath));
  const what = `mount at ${mount.mountPath} of container "${container[1]}"`;
  if (other !== undefined) {
    // `/data` and `/data/` are one place, and so one key.
    const item = { ...mount, mountPath: other.mountPath };
    place(joining, { kind: 'volumeMounts', code: 'MountConflict', field, what, list, item: sameText ? mount : item });
    return;
  }
  const overlap = mounts.find(
    ({ mountPath }) => contains(mountPath, mount.mountPath) || contains(mount.mountPath, mountPath),
  );
  if (overlap !== undefined && overlaps(joining, list, mount, overlap, field, what) === 'Skip') return;
  place(joining, { kind: 'volumeMounts', code: 'MountConflict', field, what, list, item: mount });
}

/** One mount inside another hides a part of it. `Replace` means that ours is mounted all the same. */
function overlaps(
  joining: Joining,
  list: KeyPath,
  mount: VolumeMount,
  overlap: VolumeMount,
  field: string,
  what: string,
): 'Skip' | 'Mount' {
  const path = [...list, overlap.mountPath];
  const given = answer(joining, {
    kind: 'volumeMounts',
    code: 'MountConflict',
    field,
    what: `${what} and the one at ${overlap.mountPath} cover each other`,
    ours: mount,
    theirs: overlap,
    path,
    sidecar: joining.draft.find(path)?.sidecar,
  });
  return given === 'Replace' ? 'Mount' : 'Skip';
}

export function attachDevice(joining: Joining, container: KeyPath, device: VolumeDevice, field: string): void {
  place(joining, {
    kind: 'volumeMounts',
    code: 'MountConflict',
    field,
    what: `device at ${device.devicePath} of container "${container[1]}"`,
    list: [...container, 'volumeDevices'],
    item: device,
  });
}

/** Without a slash at the end. */
export function clean(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}

/** `inner` lies below `outer`. */
export function contains(outer: string, inner: string): boolean {
  const root = clean(outer);
  return root === '/' || clean(inner).startsWith(`${root}/`);
}
