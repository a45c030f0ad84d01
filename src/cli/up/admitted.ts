import type { KubeObject } from '../../kube/object.ts';
import { readProvenance } from '../../sidecar/provenance.ts';
import type { Template } from '../../sidecar/target.ts';

/** What admission in the node has made of a Pod that was complete already: sidecars that live there join, too. Pure. */
export function admitted(sent: KubeObject, created: KubeObject): { joined: string[]; lost: string[] } {
  const before = attachedTo(sent);
  const after = attachedTo(created);
  return {
    joined: after.filter((name) => !before.includes(name)),
    lost: before.filter((name) => !after.includes(name)),
  };
}

function attachedTo(pod: KubeObject): string[] {
  return readProvenance(pod as Template).provenance?.sidecars.map(({ name }) => name) ?? [];
}
