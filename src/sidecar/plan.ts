import { DecodeError, decodeValue } from '../kube/decode.ts';
import { defaultPod } from '../kube/defaults/pod-spec.ts';
import type { Container, Pod, PodSpec } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { type QosClass, qosClass } from '../kube/qos.ts';
import { shapeFaults } from './attach/shape.ts';
import { type Attached, attach } from './attach.ts';
import { sameValue } from './canonical.ts';
import { type CompiledSidecars, compileSidecars } from './compile.ts';
import { type WorkloadName, workloadName } from './explain.ts';
import { type Finding, hasErrors } from './finding.ts';
import { missingForAutoscaler } from './plan/autoscaler.ts';
import { type Amounts, effectiveAmounts, isCheaper } from './plan/effective.ts';
import { lastingContainers, podSecurity, type SecurityLevel, type Violation } from './plan/pod-security.ts';
import { type Effect, effectOn } from './plan/rollout.ts';
import { type AttachedSidecar, readProvenance } from './provenance.ts';
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
  /** All that would be attached afterwards. */
  joined: string[];
  /** What changes of that: attached for the first time, attached as something else than now, taken off. */
  sidecars: { added: string[]; updated: string[]; removed: string[] };
  /** Names of the containers that come and go, and which fields of others change. */
  containers: { added: string[]; removed: string[]; changed: { name: string; fields: string[] }[] };
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

const NO_CONTAINERS: PodSpec = { containers: [] };

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
  return {
    workload: workloadName(target),
    changed,
    effect: changed ? effectOn(target) : 'None',
    joined: joined.map(({ name }) => name),
    sidecars: sidecarChanges(attachedIn(target.template), attachedIn(attached.template)),
    containers: {
      added: added.map(({ name }) => name),
      removed: [...names].filter((name) => !allOf(after).some((container) => container.name === name)),
      changed: changed ? fieldChanges(target.template, attached.template) : [],
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

function attachedIn(template: Template): readonly AttachedSidecar[] {
  return readProvenance(template).provenance?.sidecars ?? [];
}

function sidecarChanges(
  before: readonly AttachedSidecar[],
  after: readonly AttachedSidecar[],
): PlannedWorkload['sidecars'] {
  const without = (some: readonly AttachedSidecar[], others: readonly AttachedSidecar[]): string[] =>
    some.map(({ name }) => name).filter((name) => !others.some((one) => one.name === name));
  const updated = after.filter(({ name, digest, attached }) => {
    const old = before.find((one) => one.name === name);
    return old !== undefined && (old.digest !== digest || !sameValue(old.attached, attached));
  });
  return {
    added: without(after, before),
    updated: updated.map(({ name }) => name),
    removed: without(before, after),
  };
}

/** As they are written: what the API server would fill in is no change. */
function fieldChanges(before: Template, after: Template): PlannedWorkload['containers']['changed'] {
  const old = new Map(allOf(before.spec ?? NO_CONTAINERS).map((container) => [container.name, container]));
  return allOf(after.spec ?? NO_CONTAINERS).flatMap((container) => {
    const was = old.get(container.name);
    if (was === undefined || was === container) return [];
    const fields = [...new Set([...Object.keys(was), ...Object.keys(container)])] as (keyof Container)[];
    const changed = fields.filter((field) => !sameValue(was[field], container[field]));
    return changed.length === 0 ? [] : [{ name: container.name, fields: changed.sort() }];
  });
}

/** As the API server keeps it, where it can be read at all. */
function stored(template: Template): PodSpec {
  if (hasErrors(shapeFaults(template))) return NO_CONTAINERS;
  const { metadata, spec } = template;
  try {
    const { value } = decodeValue('PodTemplateSpec', { metadata: metadata ?? {}, spec: spec ?? {} });
    defaultPod(value as Pod);
    return (value as { spec: PodSpec }).spec;
  } catch (error) {
    if (error instanceof DecodeError) return NO_CONTAINERS;
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
