import type { Runtime } from '../cri/runtime.ts';
import type { Pod } from '../kube/generated/objects.ts';
import { POD_UID_LABEL } from './observed.ts';
import type { PodParts } from './ports.ts';
import { OWNER_LABEL } from './round.ts';

/** The Pods of which the runtime has something of ours, by uid, as far as labels tell of them. */
export async function podsInRuntime(runtime: Runtime, owner: string): Promise<Map<string, Pod>> {
  const sandboxes = await runtime.listPodSandboxes({ labels: { [OWNER_LABEL]: owner } });
  return new Map(
    sandboxes.map(({ metadata: { name, namespace, uid }, labels }) => [
      labels[POD_UID_LABEL] ?? uid,
      { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid } },
    ]),
  );
}

/**
 * The Pods of which anything is on this machine, in the runtime or on disk, by uid. Those without object went while the node was down, or an
 * earlier clean-up broke off.
 */
export async function podsLeftBehind({
  runtime,
  parts,
  owner,
}: {
  runtime: Runtime;
  parts: PodParts;
  owner: string;
}): Promise<Map<string, Pod>> {
  const [inRuntime, onDisk] = await Promise.all([podsInRuntime(runtime, owner), parts.listPods()]);
  return new Map([...onDisk.map((uid): [string, Pod] => [uid, { metadata: { uid } }]), ...inRuntime]);
}
