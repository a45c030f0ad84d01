import { isDeepStrictEqual } from 'node:util';
import type { Node, Taint } from '../../kube/generated/objects.ts';
import { formatTime } from '../../kube/time.ts';

/** What a cordoned node has, so that Pods can tolerate it. */
export const UNSCHEDULABLE_TAINT: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/**
 * The node with the taint that says what `spec.unschedulable` says, and without it otherwise; the very same object when it is right
 * (kube-controller-manager, node lifecycle controller, doNoScheduleTaintingPass).
 */
export function withCordonTaint(node: Node, now: number): Node {
  const { taints = [], ...spec } = node.spec ?? {};
  const others = taints.filter(({ key, effect }) => !isDeepStrictEqual({ key, effect }, UNSCHEDULABLE_TAINT));
  const isThere = others.length < taints.length;
  if (isThere === Boolean(spec.unschedulable)) return node;
  const right = isThere ? others : [...taints, { ...UNSCHEDULABLE_TAINT, timeAdded: formatTime(new Date(now)) }];
  return { ...node, spec: { ...spec, ...(right.length > 0 && { taints: right }) } };
}
