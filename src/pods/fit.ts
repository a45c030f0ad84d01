import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../kube/generated/objects.ts';
import { quantityMilliValue, quantityValue } from '../kube/quantity.ts';
import { initContainers, isSidecar, mainContainers } from './pod-spec.ts';
import { podRequests } from './requests.ts';
import { UNSCHEDULABLE_TAINT } from './taints/cordon.ts';
import { isTolerated } from './taints/tolerations.ts';

/** Why a Pod does not fit on a node. `helpless`: not even if every other Pod went away. */
export interface Misfit {
  reasons: string[];
  /** In place of reasons, what keeps the Pod from every node alike (a PreFilter plugin's message). */
  whole?: string;
  helpless: boolean;
}

/**
 * Whether the Pod may run on the node beside the Pods that are there, by the filters of the default scheduler and in their order
 * (`pkg/scheduler/framework/plugins`): the first that refuses speaks. undefined means it fits.
 */
export function misfit(pod: Pod, node: Node, others: Pod[]): Misfit | undefined {
  const helpless = unschedulable(pod, node) ?? taint(pod, node) ?? affinity(pod, node);
  if (helpless !== undefined) return { reasons: [helpless], helpless: true };
  if (hasPortConflict(pod, others)) {
    return { reasons: ["node(s) didn't have free ports for the requested pod ports"], helpless: false };
  }
  return resources(pod, node, others);
}

function unschedulable(pod: Pod, { spec }: Node): string | undefined {
  return spec?.unschedulable && !isTolerated(pod, UNSCHEDULABLE_TAINT) ? 'node(s) were unschedulable' : undefined;
}

function taint(pod: Pod, { spec }: Node): string | undefined {
  const refused = (spec?.taints ?? []).find(
    (one) => (one.effect === 'NoSchedule' || one.effect === 'NoExecute') && !isTolerated(pod, one),
  );
  return refused && `node(s) had untolerated taint {${refused.key}: ${refused.value ?? ''}}`;
}

function affinity({ spec }: Pod, node: Node): string | undefined {
  const labels = node.metadata?.labels ?? {};
  const selected = Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (selected && (!terms || terms.some((term) => matchesTerm(term, node)))) return undefined;
  return "node(s) didn't match Pod's node affinity/selector";
}

/** Terms are alternatives; within one all must hold, and an empty one matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: Node): boolean {
  const labels = metadata?.labels ?? {};
  const fields = { 'metadata.name': metadata?.name ?? '' };
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((one) => matches(one, labels)) && matchFields.every((one) => matches(one, fields));
}

function matches({ key, operator, values = [] }: NodeSelectorRequirement, known: Record<string, string>): boolean {
  const value = known[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

interface Port {
  protocol: string;
  port: number;
  ip: string;
}

const ANY_ADDRESS = '0.0.0.0';

function hasPortConflict(pod: Pod, others: Pod[]): boolean {
  const taken = others.flatMap(hostPorts);
  return hostPorts(pod).some((wanted) => taken.some((used) => conflicts(wanted, used)));
}

function hostPorts(pod: Pod): Port[] {
  return [...mainContainers(pod), ...initContainers(pod).filter(isSidecar)].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostPort = 0, protocol = 'TCP', hostIP }) => ({ protocol, port: hostPort, ip: hostIP || ANY_ADDRESS })),
  );
}

function conflicts(a: Port, b: Port): boolean {
  if (a.protocol !== b.protocol || a.port !== b.port) return false;
  return a.ip === b.ip || a.ip === ANY_ADDRESS || b.ip === ANY_ADDRESS;
}

/** A node that does not say how much it has refuses nothing. */
function resources(pod: Pod, { status }: Node, others: Pod[]): Misfit | undefined {
  const allocatable = status?.allocatable ?? {};
  const reasons: string[] = [];
  let helpless = false;
  if (allocatable.pods !== undefined && others.length >= quantityValue(allocatable.pods)) reasons.push('Too many pods');
  for (const [name, wanted] of Object.entries(podRequests(pod))) {
    if (wanted === 0) continue;
    const total = allocatable[name] === undefined ? 0 : amount(allocatable[name]);
    if (allocatable[name] === undefined && Object.keys(allocatable).length === 0) continue;
    const used = others.reduce((sum, other) => sum + (podRequests(other)[name] ?? 0), 0);
    if (wanted <= total - used) continue;
    reasons.push(`Insufficient ${name}`);
    if (wanted > total) helpless = true;
  }
  return reasons.length > 0 ? { reasons, helpless } : undefined;
}

/** Thousandths, so that cpu is exact too. */
function amount(text: string): number {
  return quantityMilliValue(text);
}
