import type { FieldError } from '../errors.ts';
import { forbidden, invalidValue } from '../field-errors.ts';
import type { Pod, PodSpec } from '../generated/objects.ts';
import { validateImageSpaces } from './containers.ts';
import { validateMetadata } from './metadata.ts';
import { descendingPath } from './paths.ts';
import { containersWithPaths, validatePodSpec } from './pod-spec.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
export const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/** What Kubernetes refuses in a new Pod, after defaulting and admission (ValidatePodCreate). Empty when the Pod is fine. */
export function validatePod(pod: Pod): FieldError[] {
  const spec = specOf(pod);
  return [
    ...validatePodItself(pod),
    ...((spec.ephemeralContainers ?? []).length > 0
      ? [forbidden('spec.ephemeralContainers', 'cannot be set on create')]
      : []),
    ...(spec.nodeName && (spec.schedulingGates ?? []).length > 0
      ? [forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared')]
      : []),
  ];
}

/** The rules that hold on create and on every update. */
export function validatePodItself(pod: Pod): FieldError[] {
  const spec = specOf(pod);
  return [
    ...validateMetadata(pod.metadata ?? {}, { namespaced: true }),
    ...validateAnnotationsOfPod(pod.metadata?.annotations ?? {}, spec),
    ...validatePodSpec(spec, pod.metadata?.name ?? '', 'spec'),
    ...(spec.serviceAccountName ? [] : forbidTokens(spec)),
    ...(['containers', 'initContainers'] as const).flatMap((list) =>
      (spec[list] ?? []).flatMap((c, i) => validateImageSpaces(c, `spec.${list}[${i}]`)),
    ),
  ];
}

/** Annotations that mean something to Kubernetes. */
function validateAnnotationsOfPod(annotations: Record<string, string>, spec: PodSpec): FieldError[] {
  const field = 'metadata.annotations';
  const mirror = annotations[MIRROR];
  const cost = annotations[DELETION_COST];
  const names = containersWithPaths(spec, 'spec').map(([c]) => c.name);
  return [
    ...(mirror !== undefined && !spec.nodeName
      ? [invalidValue(`${field}[${MIRROR}]`, mirror, 'must set spec.nodeName if mirror pod annotation is set')]
      : []),
    ...(cost !== undefined && !isDeletionCost(cost)
      ? [invalidValue(`${field}[${DELETION_COST}]`, cost, 'must be a 32bit integer')]
      : []),
    ...Object.entries(annotations).flatMap(([key, value]) => [
      ...(key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER) ? validateSeccomp(value, `${field}.${key}`) : []),
      ...(key.startsWith(APPARMOR) ? validateAppArmor(key, value, names, `${field}[${key}]`) : []),
    ]),
  ];
}

/** A Pod's spec; a Pod without one is checked as an empty one. */
export function specOf(pod: Pod): PodSpec {
  return pod.spec ?? { containers: [] };
}

function isDeletionCost(text: string): boolean {
  const number = Number(text);
  const sign = !text.startsWith('+') && !/^-?0\d/.test(text);
  return sign && /^-?\d+$/.test(text) && number >= -(2 ** 31) && number < 2 ** 31;
}

function validateSeccomp(profile: string, field: string): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  if (profile.startsWith('localhost/')) return descendingPath(profile.slice('localhost/'.length), field);
  return [invalidValue(field, profile, 'must be a valid seccomp profile')];
}

function validateAppArmor(key: string, profile: string, names: readonly string[], field: string): FieldError[] {
  const container = key.slice(APPARMOR.length);
  const known = ['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith('localhost/');
  return [
    ...(names.includes(container) ? [] : [invalidValue(field, container, 'container not found')]),
    ...(known ? [] : [invalidValue(field, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`)]),
  ];
}

function forbidTokens(spec: PodSpec): FieldError[] {
  return (spec.volumes ?? []).flatMap(({ projected }, v) =>
    (projected?.sources ?? []).flatMap((source, s) =>
      source.serviceAccountToken
        ? [
            forbidden(
              `spec.volumes[${v}].projected.sources[${s}].serviceAccountToken`,
              'must not be specified when serviceAccountName is not set',
            ),
          ]
        : [],
    ),
  );
}
