import type { FieldError } from '../errors.ts';
import { forbidden, invalidEach, invalidValue, required } from '../field-errors.ts';
import type { Container, ContainerStatus, Pod, PodSpec, Toleration } from '../generated/objects.ts';
import { isQualifiedName } from '../names.ts';
import { qosClass } from '../qos.ts';
import { validateImageSpaces } from './containers.ts';
import { validateGatedPlacement, withOldPlacement } from './gated-update.ts';
import { immutable, jsonDiff, sameJson } from './immutable.ts';
import { validateMetadataUpdate } from './metadata.ts';
import { APPARMOR, specOf, validatePodItself } from './pod.ts';
import { validateTolerations } from './scheduling.ts';

const MAX_INT32 = 2 ** 31 - 1;
const MIRROR = 'kubernetes.io/config.mirror';
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** What Kubernetes refuses in an update of a Pod (ValidatePodUpdate): all but images, deadline, more tolerations, fewer gates. */
export function validatePodUpdate(next: Pod, old: Pod): FieldError[] {
  const [spec, before] = [specOf(next), specOf(old)];
  const itself = [
    ...validateMetadataUpdate(next.metadata ?? {}, old.metadata ?? {}),
    ...validatePodItself(next),
    ...validateAnnotationUpdate(next, old),
  ];
  const containers = validateContainerList(spec.containers ?? [], before.containers ?? [], 'spec.containers');
  if (containers.stop) return [...itself, ...containers.errors];
  const inits = validateContainerList(spec.initContainers ?? [], before.initContainers ?? [], 'spec.initContainers');
  if (inits.stop) return [...itself, ...containers.errors, ...inits.errors];
  const deadline = validateDeadline(spec.activeDeadlineSeconds, before.activeDeadlineSeconds);
  const soFar = [...itself, ...containers.errors, ...inits.errors, ...deadline.errors];
  if (deadline.stop) return soFar;
  return [
    ...soFar,
    ...validateTolerationUpdate(spec.tolerations ?? [], before.tolerations ?? []),
    ...validateGateUpdate(spec, before),
    ...(sameJson(spec, before) ? [] : [...validateQuality(next, old), ...validateRest(spec, before)]),
  ];
}

/** What Kubernetes refuses in a write of `pods/status`: the spec is the caller's affair, metadata may change. */
export function validatePodStatusUpdate(next: Pod, old: Pod): FieldError[] {
  const system = ['PodScheduled', 'Ready', 'Initialized'];
  const restart = specOf(old).restartPolicy ?? 'Always';
  return [
    ...validateMetadataUpdate(next.metadata ?? {}, old.metadata ?? {}),
    ...validateAnnotationUpdate(next, old),
    ...(next.status?.conditions ?? []).flatMap(({ type }, i) =>
      system.includes(type) ? [] : invalidEach(`metadata.conditions[${i}].Type`, type, isQualifiedName(type)),
    ),
    ...(specOf(next).nodeName === specOf(old).nodeName
      ? []
      : [forbidden('status.nodeName', 'may not be changed directly')]),
    ...immutable('status.qosClass', next.status?.qosClass, old.status?.qosClass),
    ...forbidRevival(next.status?.containerStatuses, old.status?.containerStatuses, restart),
  ];
}

/** What Kubernetes refuses in a write of `pods/ephemeralcontainers`: they come, and never change or go. */
export function validateEphemeralContainersUpdate(next: Pod, old: Pod): FieldError[] {
  if (old.metadata?.annotations?.[MIRROR] !== undefined)
    return [forbidden('', 'static pods do not support ephemeral containers')];
  const field = 'spec.ephemeralContainers';
  const now = specOf(next).ephemeralContainers ?? [];
  return [
    ...validateMetadataUpdate(next.metadata ?? {}, old.metadata ?? {}),
    ...validatePodItself(next),
    ...validateAnnotationUpdate(next, old),
    ...(specOf(old).ephemeralContainers ?? []).flatMap((container) => {
      const name = JSON.stringify(container.name);
      const kept = now.find((c) => c.name === container.name);
      if (kept === undefined) return [forbidden(field, `existing ephemeral containers ${name} may not be removed\n`)];
      if (sameJson(kept, container)) return [];
      const diff = jsonDiff(container, kept).join('\n');
      return [forbidden(field, `existing ephemeral containers ${name} may not be changed\n${diff}`)];
    }),
  ];
}

interface Step {
  errors: FieldError[];
  /** Kubernetes looks no further. */
  stop: boolean;
}

function validateContainerList(next: readonly Container[], old: readonly Container[], field: string): Step {
  if (next.length !== old.length)
    return { errors: [forbidden(field, 'pod updates may not add or remove containers')], stop: true };
  const errors = next.flatMap((container, i) => [
    ...(container.image ? [] : [required(`${field}[${i}].image`)]),
    ...validateImageSpaces(container, `${field}[${i}]`),
  ]);
  return { errors, stop: false };
}

function validateDeadline(next: number | undefined, old: number | undefined): Step {
  const field = 'spec.activeDeadlineSeconds';
  const fault = (why: string, stop: boolean): Step => ({ errors: [invalidValue(field, next, why)], stop });
  if (next === undefined)
    return old === undefined
      ? { errors: [], stop: false }
      : fault('must not update from a positive integer to nil value', false);
  if (next < 0 || next > MAX_INT32) return fault(`must be between 0 and ${MAX_INT32}, inclusive`, true);
  if (old !== undefined && old < next) return fault('must be less than or equal to previous value', true);
  return { errors: [], stop: false };
}

function validateTolerationUpdate(next: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const field = 'spec.tolerations';
  const lost = old.some(
    (toleration) => !next.some((t) => sameJson(t, { ...toleration, tolerationSeconds: t.tolerationSeconds })),
  );
  return lost
    ? [forbidden(field, 'existing toleration can not be modified except its tolerationSeconds')]
    : validateTolerations(next, field);
}

function validateGateUpdate(next: PodSpec, old: PodSpec): FieldError[] {
  const known = (old.schedulingGates ?? []).map((gate) => gate.name);
  return (next.schedulingGates ?? []).flatMap(({ name }, i) =>
    known.includes(name)
      ? []
      : [
          forbidden(
            `spec.schedulingGates[${i}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

/** A Pod's resources may not change, and least of all its class. Kubernetes names the metadata. */
function validateQuality(next: Pod, old: Pod): FieldError[] {
  const before = old.status?.qosClass ?? qosClass(old);
  if (qosClass(next) === before) return [];
  return [invalidValue('metadata', next.status?.qosClass ?? '', 'Pod QOS is immutable')];
}

/** Everything that may change is set back; what differs then may not. */
function validateRest(next: PodSpec, old: PodSpec): FieldError[] {
  const graceMended = (old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1;
  const gated = (old.schedulingGates ?? []).length > 0;
  const masked: PodSpec = {
    ...(gated ? withOldPlacement(next, old) : next),
    containers: withOldImages(next.containers, old.containers),
    ...(next.initContainers && { initContainers: withOldImages(next.initContainers, old.initContainers ?? []) }),
    ...(graceMended && { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds }),
  };
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'] as const) {
    if (old[field] === undefined) delete masked[field];
    else Object.assign(masked, { [field]: old[field] });
  }
  const placement = gated ? validateGatedPlacement(next, old) : [];
  if (sameJson(masked, old)) return placement;
  const diff = jsonDiff(old, masked, 'spec').join('\n');
  return [...placement, forbidden('spec', `pod updates may not change fields other than ${UPDATABLE}\n${diff}`)];
}

function withOldImages(next: readonly Container[], old: readonly Container[]): Container[] {
  return next.map((container, i) => ({ ...container, image: old[i]?.image }) as Container);
}

function validateAnnotationUpdate(next: Pod, old: Pod): FieldError[] {
  const now = next.metadata?.annotations ?? {};
  const before = old.metadata?.annotations ?? {};
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((key) => now[key] !== before[key]);
  return keys.flatMap((key) => {
    const doing = key in before ? 'remove or update' : 'add';
    const field = `metadata.annotations[${key}]`;
    if (key.startsWith(APPARMOR)) return [forbidden(field, `may not ${doing} AppArmor annotations`)];
    return key === MIRROR ? [forbidden(field, `may not ${doing} mirror pod annotation`)] : [];
  });
}

function forbidRevival(
  next: readonly ContainerStatus[] = [],
  old: readonly ContainerStatus[] = [],
  restartPolicy: string,
): FieldError[] {
  if (restartPolicy === 'Always') return [];
  return old.flatMap(({ name, state }, i) => {
    const ended = state?.terminated;
    if (ended === undefined || (ended.exitCode !== 0 && restartPolicy === 'OnFailure')) return [];
    const revived = next.some((status) => status.name === name && status.state?.terminated === undefined);
    return revived
      ? [forbidden(`status.containerStatuses[${i}].state`, 'may not be transitioned to non-terminated state')]
      : [];
  });
}
