import type { KubeObject } from '../../kube/object.ts';
import { readProvenance } from '../../sidecar/provenance.ts';
import type { Template } from '../../sidecar/target.ts';

/** What admission in the node has made of a Pod that was complete already. */
export interface Admitted {
  /** Sidecars that live on the node and join, too. */
  joined: string[];
  /** Sidecars that the node has taken off: its own of that name does not join. */
  lost: string[];
  /** Sidecars of which the node has another version: that one has joined. */
  other: string[];
}

/** Compares what was sent with what was created. Pure. */
export function admitted(sent: KubeObject, created: KubeObject): Admitted {
  const before = attachedTo(sent);
  const after = attachedTo(created);
  return {
    joined: [...after.keys()].filter((name) => !before.has(name)),
    lost: [...before.keys()].filter((name) => !after.has(name)),
    other: [...before].filter(([name, digest]) => after.has(name) && after.get(name) !== digest).map(([name]) => name),
  };
}

function attachedTo(pod: KubeObject): Map<string, string> {
  const { sidecars = [] } = readProvenance(pod as Template).provenance ?? {};
  return new Map(sidecars.map(({ name, digest }) => [name, digest]));
}
