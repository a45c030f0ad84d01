import { DecodeError, decodeValue } from '../kube/decode.ts';
import { defaultPod } from '../kube/defaults/pod-spec.ts';
import type { Container, Pod, PodSpec } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { type QosClass, qosClass } from '../kube/qos.ts';
import { shapeFaults } from './attach/shape.ts';
import { type Attached, attach } from './attach.ts';
import { type CompiledSidecars, compileSidecars } from './compile.ts';
import { type WorkloadName, workloadName } from './explain.ts';
import { type Finding, hasErrors } from './finding.ts';
import { missingForAutoscaler } from './plan/autoscaler.ts';
import { type Amounts, effectiveAmounts, isCheaper } from './plan/effective.ts';
import { lastingContainers, podSecurity, type SecurityLevel, type Violation } from './plan/pod-security.ts';
import { type Effect, effectOn } from './plan/rollout.ts';
import { readProvenance } from './provenance.ts';
import { isNative, type Sidecar } from './sidecar.ts';
import type { Target, Template } from './target.ts';

export interface PlanOptions {
  targets: readonly Target[];
  sidecars: CompiledSidecars | readonly Sidecar[];
  /** Other objects of the same files: HorizontalPodAutoscalers are looked at. */
  others?: readonly KubeObject[];
}

/** What attaching would change in one workload. */
export interface PlannedWorkload {
  workload: WorkloadName;
  changed: boolean;
  effect: Effect;
  /** Sidecars that would be attached, for the first time or anew, and those that would be taken off. */
  joined: string[];
  removed: string[];
  /** Names of the containers that come and go. */
  containers: { added: string[]; removed: string[] };
  requests: Change<Amounts>;
  limits: Change<Amounts>;
  /** A sidecar that would cost less after the Pod's init containers (`order: {after: ["*"]}`). */
  cheaper: { sidecar: string; requests: Amounts }[];
  qos: Change<QosClass>;
  podSecurity: Change<SecurityLevel> & { because: Violation[] };
  /** Ports that the new containers say they listen on. */
  ports: { container: string; port: number; protocol: string; name?: string }[];
  findings: Finding[];
}

export interface Change<T> {
  before: T;
  after: T;
}

/** Plans every workload; those that would not change are among them. */
export function plan({ targets, sidecars, others = [] }: PlanOptions): PlannedWorkload[] {
  const compiled = 'fingerprints' in sidecars ? sidecars : compileSidecars(sidecars);
  return targets.map((target) => planOne(target, attach({ ...target, sidecars: compiled }), others));
}

function planOne(target: Target, attached: Attached, others: readonly KubeObject[]): PlannedWorkload {
  const { changed, joined, findings } = attached;
  const before = stored(target.template);
  const after = changed ? stored(attached.template) : before;
  const names = new Set(allOf(before).map(({ name }) => name));
  const added = allOf(after).filter(({ name }) => !names.has(name));
  const security = {
    before: podSecurity(before, annotationsOf(target.template)),
    after: podSecurity(after, annotationsOf(attached.template)),
  };
  const old = readProvenance(target.template).provenance?.sidecars ?? [];
  return {
    workload: workloadName(target),
    changed,
    effect: changed ? effectOn(target) : 'None',
    joined: joined.map(({ name }) => name),
    removed: changed ? old.map(({ name }) => name).filter((name) => !joined.some((one) => one.name === name)) : [],
    containers: {
      added: added.map(({ name }) => name),
      removed: [...names].filter((name) => !allOf(after).some((container) => container.name === name)),
    },
    requests: { before: effectiveAmounts(before, 'requests'), after: effectiveAmounts(after, 'requests') },
    limits: { before: effectiveAmounts(before, 'limits'), after: effectiveAmounts(after, 'limits') },
    cheaper: changed ? cheaperPlaces(after, attached) : [],
    qos: { before: qosOf(before), after: qosOf(after) },
    podSecurity: {
      before: security.before.level,
      after: security.after.level,
      because: newViolations(security.before.violations, security.after.violations),
    },
    ports: lastingContainers(after)
      .filter(({ name }) => !names.has(name))
      .flatMap(({ name: container, ports = [] }) =>
        ports.map(({ containerPort, protocol = 'TCP', name }) => ({
          container,
          port: containerPort,
          protocol,
          ...(name && { name }),
        })),
      ),
    findings: [
      ...findings,
      ...missingForAutoscaler(
        target,
        lastingContainers(after).filter(({ name }) => !names.has(name)),
        others,
      ),
    ],
  };
}

/** As the API server keeps it, where it can be read at all. */
function stored(template: Template): PodSpec {
  if (hasErrors(shapeFaults(template))) return { containers: [] };
  const { metadata, spec } = template;
  try {
    const { value } = decodeValue('PodTemplateSpec', { metadata: metadata ?? {}, spec: spec ?? {} });
    defaultPod(value as Pod);
    return (value as { spec: PodSpec }).spec;
  } catch (error) {
    if (error instanceof DecodeError) return { containers: [] };
    throw error;
  }
}

/** Init containers that need much run beside the native sidecars that are listed before them, and after them alone. */
function cheaperPlaces(spec: PodSpec, { joined }: Attached): PlannedWorkload['cheaper'] {
  const requests = effectiveAmounts(spec, 'requests');
  return joined.flatMap(({ name, containers }) => {
    const init = spec.initContainers ?? [];
    const isOurs = (container: Container): boolean => containers.includes(container.name);
    if (!init.some((container) => isOurs(container) && isNative(container))) return [];
    const moved = { ...spec, initContainers: [...init.filter((one) => !isOurs(one)), ...init.filter(isOurs)] };
    const instead = effectiveAmounts(moved, 'requests');
    return isCheaper(instead, requests) ? [{ sidecar: name, requests: instead }] : [];
  });
}

function qosOf(spec: PodSpec): QosClass {
  return qosClass({ spec } as Pod);
}

function newViolations(before: readonly Violation[], after: readonly Violation[]): Violation[] {
  const old = new Set(before.map(({ level, message }) => `${level} ${message}`));
  return after.filter(({ level, message }) => !old.has(`${level} ${message}`));
}

function allOf(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

function annotationsOf(template: Template): Record<string, string> {
  return template?.metadata?.annotations ?? {};
}
