import type { FieldError } from '../errors.ts';
import { forbidden, invalidValue, notSupported, required } from '../field-errors.ts';
import type { Binding, Lease, Namespace, PersistentVolumeClaim, PodTemplate } from '../generated/objects.ts';
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import type { KubeObject } from '../object.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';
import type { Resource } from '../resources.ts';
import { validateClaimSpec } from './claim-spec.ts';
import { validateConfigMap, validateConfigMapUpdate, validateSecret, validateSecretUpdate } from './config-objects.ts';
import { validateEvent, validateEventUpdate } from './event.ts';
import { immutable, jsonDiff, sameJson } from './immutable.ts';
import {
  type NameRule,
  validateAnnotations,
  validateFinalizer,
  validateLabels,
  validateMetadata,
  validateMetadataUpdate,
} from './metadata.ts';
import { validatePod } from './pod.ts';
import { validatePodSpec } from './pod-spec.ts';
import { validateEphemeralContainersUpdate, validatePodStatusUpdate, validatePodUpdate } from './pod-update.ts';

type Validated = Pick<Resource, 'group' | 'resource' | 'namespaced'>;

/**
 * What Kubernetes refuses in a new object, after defaulting: empty when it is fine. Events are in their core/v1 form, whatever group
 * they came through.
 */
export function validateObject(resource: Validated, object: KubeObject): FieldError[] {
  if (is(resource, 'pods')) return validatePod(object);
  if (resource.resource === 'events') return validateEvent(object as never, resource.group !== '');
  // Names of sidecars begin the keys of annotations.
  const short = is(resource, 'namespaces') || resource.group === 'outfit.dev';
  const nameRule: NameRule = short ? isDns1123Label : isDns1123Subdomain;
  return [
    ...validateMetadata(object.metadata, { namespaced: resource.namespaced, nameRule }),
    ...(RULES[key(resource)]?.(object as never) ?? []),
  ];
}

/** What Kubernetes refuses in a change of an object, after defaulting. Writes of a subresource have rules of their own. */
export function validateObjectUpdate(resource: Validated, next: KubeObject, old: KubeObject): FieldError[] {
  if (is(resource, 'pods')) return validatePodUpdate(next, old);
  if (resource.resource === 'events') {
    const strict = resource.group !== '';
    return [
      ...validateEvent(next as never, strict),
      ...(strict ? validateMetadataUpdate(next.metadata, old.metadata) : []),
      ...validateEventUpdate(next as never, old as never, strict),
    ];
  }
  return [
    ...validateMetadataUpdate(next.metadata, old.metadata),
    ...(UPDATE_RULES[key(resource)]?.(next as never, old as never) ?? []),
    ...(is(resource, 'namespaces') ? [] : (RULES[key(resource)]?.(next as never) ?? [])),
  ];
}

/** What Kubernetes refuses in a change through a subresource that is a view of its object (status, ephemeralcontainers, finalize). */
export function validateSubresourceUpdate(
  resource: Validated,
  subresource: string,
  next: KubeObject,
  old: KubeObject,
): FieldError[] {
  if (is(resource, 'pods') && subresource === 'status') return validatePodStatusUpdate(next, old);
  if (is(resource, 'pods') && subresource === 'ephemeralcontainers')
    return validateEphemeralContainersUpdate(next, old);
  return validateMetadataUpdate(next.metadata, old.metadata);
}

/** A Binding of a Pod to a node. */
export function validateBinding({ target }: Binding): FieldError[] {
  const kind = target?.kind ?? '';
  return [
    ...(kind === '' || kind === 'Node' ? [] : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(target?.name ? [] : [required('target.name')]),
  ];
}

const RULES: Record<string, (object: never) => FieldError[]> = {
  configmaps: validateConfigMap,
  secrets: validateSecret,
  namespaces: ({ spec }: Namespace) => (spec?.finalizers ?? []).flatMap((f) => validateFinalizer(f, 'spec.finalizers')),
  persistentvolumeclaims: ({ spec }: PersistentVolumeClaim) => validateClaimSpec(spec ?? {}, 'spec'),
  podtemplates: validatePodTemplate,
  'leases.coordination.k8s.io': validateLease,
};

const UPDATE_RULES: Record<string, (next: never, old: never) => FieldError[]> = {
  configmaps: validateConfigMapUpdate,
  secrets: validateSecretUpdate,
  persistentvolumeclaims: validateClaimUpdate,
};

function validatePodTemplate({ template }: PodTemplate): FieldError[] {
  return [
    ...validateLabels(template?.metadata?.labels, 'template.labels'),
    ...validateAnnotations(template?.metadata?.annotations, 'template.annotations'),
    ...validatePodSpec(template?.spec ?? { containers: [] }, undefined, 'template.spec'),
    ...((template?.spec?.ephemeralContainers ?? []).length > 0
      ? [forbidden('template.spec.ephemeralContainers', 'ephemeral containers not allowed in pod template')]
      : []),
  ];
}

function validateLease({ spec = {} }: Lease): FieldError[] {
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = spec;
  return [
    ...(holderIdentity === '' ? [invalidValue('spec.holderIdentity', '', 'must not be empty')] : []),
    ...(leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0
      ? [invalidValue('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0')]
      : []),
    ...(leaseTransitions !== undefined && leaseTransitions < 0
      ? [invalidValue('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0')]
      : []),
  ];
}

/** A claim's spec stays, but for the volume that it is bound to and, once bound, a larger request. */
function validateClaimUpdate(next: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const bound = next.status?.phase === 'Bound';
  const was = old.spec?.resources?.requests?.storage;
  const wants = next.spec?.resources?.requests?.storage;
  const masked = {
    ...next.spec,
    ...(!old.spec?.volumeName && { volumeName: old.spec?.volumeName }),
    ...(bound && { resources: old.spec?.resources, volumeAttributesClassName: old.spec?.volumeAttributesClassName }),
  };
  const smaller =
    was !== undefined && wants !== undefined && compareQuantities(parseQuantity(wants), parseQuantity(was)) < 0;
  const sentence =
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  return [
    ...(sameJson(masked, old.spec)
      ? []
      : [forbidden('spec', `${sentence}\n${jsonDiff(old.spec, masked, 'spec').join('\n')}`)]),
    ...(smaller ? [forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')] : []),
    ...immutable('volumeMode', next.spec?.volumeMode, old.spec?.volumeMode),
  ];
}

function is(resource: Validated, name: string): boolean {
  return resource.group === '' && resource.resource === name;
}

function key({ group, resource }: Validated): string {
  return group === '' ? resource : `${resource}.${group}`;
}
