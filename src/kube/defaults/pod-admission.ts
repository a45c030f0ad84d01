import { StatusError } from '../errors.ts';
import type { Pod, PodSpec, PodStatus, Toleration } from '../generated/objects.ts';
import { qosClass } from '../qos.ts';

const SYSTEM_PRIORITIES: Record<string, number> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};
const PREEMPTION = 'PreemptLowerPriority';
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/**
 * A copy of a Pod with what the default admission plugins of a cluster add on create: the tolerations of a node's bad moments, the priority. It
 * runs before validation, and after the plugin ServiceAccount, which needs to know the accounts.
 * @throws StatusError Forbidden, in the words of the plugins Priority and RuntimeClass
 */
export function admitPod(pod: Pod): Pod {
  const copy = structuredClone(pod);
  const spec = copy.spec;
  if (spec === undefined) return copy;
  const forbid = (why: string): StatusError =>
    forbiddenPod(copy.metadata?.name || copy.metadata?.generateName || '', why);
  admitRuntimeClass(spec, forbid);
  admitTolerations(spec);
  admitPriority(spec, forbid);
  return copy;
}

/**
 * A copy of a Pod that is to replace `previous`, with what the same plugins add on update: the tolerations, and the priority that the Pod has. So a
 * manifest without them is no attempt to change them.
 */
export function admitPodUpdate(pod: Pod, previous: Pod): Pod {
  const copy = structuredClone(pod);
  const spec = copy.spec;
  if (spec === undefined) return copy;
  admitTolerations(spec);
  const { priority, preemptionPolicy } = previous.spec ?? {};
  if (priority !== undefined) spec.priority ??= priority;
  if (preemptionPolicy !== undefined) spec.preemptionPolicy ??= preemptionPolicy;
  return copy;
}

/** The status that a Pod has when it is created, whatever the client wrote (`podStrategy.PrepareForCreate`). */
export function initialPodStatus(pod: Pod, now: string): PodStatus {
  const gated = (pod.spec?.schedulingGates ?? []).length > 0;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null as unknown as string,
    lastTransitionTime: now,
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
  return { phase: 'Pending', ...(gated && { conditions: [condition] }), qosClass: qosClass(pod) };
}

function forbiddenPod(name: string, why: string): StatusError {
  return new StatusError('Forbidden', `pods ${JSON.stringify(name)} is forbidden: ${why}`, { name, kind: 'pods' });
}

function admitRuntimeClass(spec: PodSpec, forbid: (why: string) => StatusError): void {
  if (spec.runtimeClassName) throw forbid(`pod rejected: RuntimeClass "${spec.runtimeClassName}" not found`);
  if (spec.overhead !== undefined && Object.keys(spec.overhead).length > 0)
    throw forbid('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
}

function admitTolerations(spec: PodSpec): void {
  const given = spec.tolerations ?? [];
  const added = TAINTS.filter((taint) => !given.some((t) => toleratesNoExecute(t, taint))).map(
    (key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }),
  );
  if (added.length > 0) spec.tolerations = [...given, ...added];
}

function toleratesNoExecute({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute');
}

function admitPriority(spec: PodSpec, forbid: (why: string) => StatusError): void {
  const name = spec.priorityClassName ?? '';
  const priority = name === '' ? 0 : SYSTEM_PRIORITIES[name];
  if (priority === undefined) throw forbid(`no PriorityClass with name ${name} was found`);
  if (spec.priority !== undefined && spec.priority !== priority)
    throw forbid(
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  spec.priority = priority;
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== PREEMPTION)
    throw forbid(
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${PREEMPTION} from the given PriorityClass name`,
    );
  spec.preemptionPolicy = PREEMPTION;
}
