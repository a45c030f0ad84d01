import type { Volume } from '../../kube/generated/objects.ts';
import { VolumeError } from './volume-error.ts';

/** Kinds of volumes that this node does not know; issue 4 brings most of them, each as a file beside this one. */
export function refuseKind({ name, ...source }: Volume): never {
  const kind = Object.keys(source)[0] ?? 'such';
  throw new VolumeError(name, `${kind} volumes are not supported by this node`);
}
