import type { Node } from '../../kube/generated/objects.ts';
import { timeSince } from './human-duration.ts';
import { AGE, column, NAME, orNone, type TableKind } from './table.ts';

export const nodes: TableKind<Node> = {
  columns: [
    NAME,
    column('Status', 'Whether the node takes and runs Pods.'),
    column('Roles', 'What the node is for, from its labels.'),
    AGE,
    column('Version', 'Version of the kubelet.'),
    column('Internal-IP', 'Address inside the cluster.', { priority: 1 }),
    column('External-IP', 'Address for the outside.', { priority: 1 }),
    column('OS-Image', 'Operating system.', { priority: 1 }),
    column('Kernel-Version', 'Version of the kernel.', { priority: 1 }),
    column('Container-Runtime', 'Container runtime and its version.', { priority: 1 }),
  ],
  cells: (node, now) => [
    node.metadata?.name ?? '',
    state(node),
    orNone(roles(node).join(',')),
    timeSince(node.metadata?.creationTimestamp, now),
    node.status?.nodeInfo?.kubeletVersion ?? '',
    address(node, 'InternalIP'),
    address(node, 'ExternalIP'),
    node.status?.nodeInfo?.osImage || '<unknown>',
    node.status?.nodeInfo?.kernelVersion || '<unknown>',
    node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
  ],
};

function state({ spec, status }: Node): string {
  const ready = status?.conditions?.find((c) => c.type === 'Ready');
  const word = !ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function roles({ metadata }: Node): string[] {
  const labels = Object.entries(metadata?.labels ?? {});
  const found = labels.flatMap(([label, value]) => {
    if (label.startsWith(ROLE_PREFIX)) return [label.slice(ROLE_PREFIX.length)];
    return label === 'kubernetes.io/role' ? [value] : [];
  });
  return [...new Set(found.filter((role) => role !== ''))].sort();
}

function address({ status }: Node, type: string): string {
  return orNone(status?.addresses?.find((a) => a.type === type)?.address);
}
