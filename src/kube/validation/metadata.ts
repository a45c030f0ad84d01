import type { FieldError } from '../errors.ts';
import { forbidden, invalidEach, invalidValue, required, tooLong } from '../field-errors.ts';
import type { LabelSelector, ObjectMeta, OwnerReference } from '../generated/objects.ts';
import { byteLength, isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../names.ts';
import { immutable } from './immutable.ts';

const MAX_ANNOTATIONS = 256 * 1024;
const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion'];

export type NameRule = (name: string) => string[];

/** Checks metadata as apimachinery's ValidateObjectMeta does: name, namespace, labels, annotations, owners and finalizers. */
export function validateMetadata(
  meta: ObjectMeta,
  { namespaced, nameRule = isDns1123Subdomain }: { namespaced: boolean; nameRule?: NameRule },
): FieldError[] {
  const { name = '', generateName = '' } = meta;
  return [
    ...(generateName === ''
      ? []
      : invalidEach('metadata.generateName', generateName, nameRule(maskTrailingDash(generateName)))),
    ...(name === ''
      ? [required('metadata.name', 'name or generateName is required')]
      : invalidEach('metadata.name', name, nameRule(name))),
    ...validateNamespace(meta.namespace ?? '', namespaced),
    ...(meta.generation !== undefined && meta.generation < 0
      ? [invalidValue('metadata.generation', meta.generation, 'must be greater than or equal to 0')]
      : []),
    ...validateCommon(meta),
  ];
}

/** Checks what an update may not do to metadata. The caller has already refused a wrong resourceVersion. */
export function validateMetadataUpdate(next: ObjectMeta, old: ObjectMeta): FieldError[] {
  return [
    ...newFinalizers(next, old),
    ...(next.resourceVersion
      ? []
      : [invalidValue('metadata.resourceVersion', next.resourceVersion ?? '', 'must be specified for an update')]),
    ...((next.generation ?? 0) < (old.generation ?? 0)
      ? [invalidValue('metadata.generation', next.generation ?? 0, 'must not be decremented')]
      : []),
    ...IMMUTABLE.flatMap((field) => immutable(`metadata.${field}`, next[field], old[field])),
    ...validateCommon(next),
  ];
}

const IMMUTABLE = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** Keys and values of labels, of a nodeSelector and the like. */
export function validateLabels(labels: Record<string, string> | undefined, field: string): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidEach(field, key, isQualifiedName(key)),
    ...invalidEach(field, value, isLabelValue(value)),
  ]);
}

/** Keys, whatever their case, and the size of all annotations together. */
export function validateAnnotations(annotations: Record<string, string> | undefined, field: string): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  return [
    ...entries.flatMap(([key]) => invalidEach(field, key, isQualifiedName(key.toLowerCase()))),
    ...(size > MAX_ANNOTATIONS ? [tooLong(field, MAX_ANNOTATIONS)] : []),
  ];
}

/** A metav1.LabelSelector (`meta/v1/validation`). */
export function validateLabelSelector(selector: LabelSelector | undefined, field: string): FieldError[] {
  if (selector === undefined) return [];
  const expressions = (selector.matchExpressions ?? []).flatMap(({ key, operator, values = [] }, i) => {
    const path = `${field}.matchExpressions[${i}]`;
    const listed = operator === 'In' || operator === 'NotIn';
    return [
      ...(listed && values.length === 0
        ? [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
        : []),
      ...(['Exists', 'DoesNotExist'].includes(operator) && values.length > 0
        ? [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
        : []),
      ...(listed || ['Exists', 'DoesNotExist'].includes(operator)
        ? []
        : [invalidValue(`${path}.operator`, operator, 'not a valid selector operator')]),
      ...invalidEach(`${path}.key`, key, isQualifiedName(key)),
      ...values.flatMap((value, v) => invalidEach(`${path}.values[${v}]`, value, isLabelValue(value))),
    ];
  });
  return [...validateLabels(selector.matchLabels, `${field}.matchLabels`), ...expressions];
}

/** Names of finalizers of a namespace's spec, and of every object's metadata. */
export function validateFinalizer(finalizer: string, field: string): FieldError[] {
  return [...invalidEach(field, finalizer, isQualifiedName(finalizer)), ...standardFinalizer(finalizer, field)];
}

function validateNamespace(namespace: string, namespaced: boolean): FieldError[] {
  if (!namespaced) return namespace === '' ? [] : [forbidden('metadata.namespace', 'not allowed on this type')];
  if (namespace === '') return [required('metadata.namespace')];
  return invalidEach('metadata.namespace', namespace, isDns1123Label(namespace));
}

function validateCommon(meta: ObjectMeta): FieldError[] {
  const finalizers = meta.finalizers ?? [];
  return [
    ...validateLabels(meta.labels, 'metadata.labels'),
    ...validateAnnotations(meta.annotations, 'metadata.annotations'),
    ...validateOwners(meta.ownerReferences ?? []),
    ...finalizers.flatMap((f) => invalidEach('metadata.finalizers', f, isQualifiedName(f))),
    ...(finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')
      ? [invalidValue('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')]
      : []),
    ...finalizers.flatMap((f, i) => standardFinalizer(f, `metadata.finalizers[${i}]`)),
  ];
}

function standardFinalizer(finalizer: string, field: string): FieldError[] {
  return finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)
    ? []
    : [invalidValue(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];
}

function validateOwners(owners: readonly OwnerReference[]): FieldError[] {
  const field = 'metadata.ownerReferences';
  const controllers = owners.filter((o) => o.controller);
  const [first, ...more] = controllers.map((o) => `${o.kind}/${o.name}`);
  return [
    ...owners.flatMap((owner) => validateOwner(owner, field)),
    ...more.map((other) =>
      invalidValue(
        field,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${other}`,
      ),
    ),
  ];
}

function validateOwner(owner: OwnerReference, field: string): FieldError[] {
  const version = owner.apiVersion ?? '';
  return [
    ...(version === '' ? [invalidValue(`${field}.apiVersion`, '', 'version must not be empty')] : []),
    ...(['kind', 'name', 'uid'] as const).flatMap((key) =>
      owner[key] ? [] : [invalidValue(`${field}.${key}`, '', 'must not be empty')],
    ),
    ...(version === 'v1' && owner.kind === 'Event'
      ? [invalidValue(field, owner, '/v1, Kind=Event is disallowed from being an owner')]
      : []),
  ];
}

function newFinalizers(next: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (!old.deletionTimestamp) return [];
  const added = (next.finalizers ?? []).filter((f) => !(old.finalizers ?? []).includes(f)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map((f) => JSON.stringify(f)).join(', ')}}`;
  return [
    forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
    ),
  ];
}

/** A generateName may end in a dash: the five random characters follow. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}
