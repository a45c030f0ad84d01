import { DecodeError, decodeValue } from '../../kube/decode.ts';
import { defaultPod, defaultPodSpec } from '../../kube/defaults/pod-spec.ts';
import type { FieldError } from '../../kube/errors.ts';
import type { Container, ObjectMeta, Pod, PodSpec, PodTemplateSpec } from '../../kube/generated/objects.ts';
import { validateAnnotations, validateLabels } from '../../kube/validation/metadata.ts';
import { validatePodSpec } from '../../kube/validation/pod-spec.ts';
import { type Finding, fromFieldError } from '../finding.ts';
import { ATTACHED } from '../sidecar.ts';
import type { Template } from '../target.ts';

/** What Kubernetes would refuse in the result and did not refuse before. */
export function newFaults(before: Template, after: Template, isPod: boolean): Finding[] {
  if (isPlainlyValid(before, after, isPod)) return [];
  const faults = validate(after, isPod);
  if (faults.length === 0) return [];
  const old = new Set(validate(before, isPod).map(withoutIndices));
  return faults
    .filter((fault) => !old.has(withoutIndices(fault)))
    .map((fault) => fromFieldError(fault, 'template', 'InvalidResult'));
}

/**
 * The same rules without decoding, which costs as much as all the rest of attaching. What decoding alone would find, wrong types, was there
 * before: those of sidecars are checked when they are compiled. Where anything is unusual, the long way says what.
 */
function isPlainlyValid(before: Template, { metadata, spec }: Template, isPod: boolean): boolean {
  try {
    const changed = !addsOnlyProvenance(before.metadata, metadata);
    const parts = changed ? metadata : { name: metadata?.name };
    return validateParts(copyOf(parts ?? {}) as ObjectMeta, changedSpec(before.spec, spec), isPod).length === 0;
  } catch {
    return false;
  }
}

/** Whether these are valid hangs on nothing that attaching changes elsewhere in the Pod. */
const ALONE_IN_SPEC = ['affinity', 'tolerations', 'topologySpreadConstraints', 'nodeSelector', 'overhead'];
const ALONE_IN_CONTAINER = [
  'command',
  'args',
  'env',
  'envFrom',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
];

/** A copy without what stands alone and is the very value that it was: nothing new is in it, and in a large Pod it is most of the spec. */
function changedSpec(before: PodSpec | undefined, after: PodSpec | undefined): PodSpec {
  const { containers, initContainers, ...rest } = after ?? ({} as PodSpec);
  const copy = copyOfChanged(before, rest, ALONE_IN_SPEC);
  for (const [list, items] of Object.entries({ containers, initContainers })) {
    const old = before?.[list as 'containers'] ?? [];
    const same = ({ name }: Container) => old.find((one) => one.name === name);
    if (items) copy[list] = items.map((one) => copyOfChanged(same(one), one, ALONE_IN_CONTAINER));
  }
  return copy as unknown as PodSpec;
}

function copyOfChanged(before: object | undefined, after: object, alone: readonly string[]): Record<string, unknown> {
  const old = before as Record<string, unknown> | undefined;
  return copyOfFields(after, (field, value) => !alone.includes(field) || value !== old?.[field]);
}

/** Far from the limit of what all annotations of an object may take together. */
const FEW_CHARACTERS = 16 * 1024;

/** Then only the size of the annotations could be wrong. */
function addsOnlyProvenance(before: ObjectMeta | undefined, after: ObjectMeta | undefined): boolean {
  if (before?.labels !== after?.labels) return false;
  let size = 0;
  for (const [key, value] of Object.entries(after?.annotations ?? {})) {
    if (key !== ATTACHED && before?.annotations?.[key] !== value) return false;
    size += key.length + value.length;
  }
  return size < FEW_CHARACTERS;
}

function validate(template: Template, isPod: boolean): FieldError[] {
  try {
    const { value } = decodeValue('PodTemplateSpec', { metadata: template.metadata ?? {}, spec: template.spec ?? {} });
    const { metadata = {}, spec } = value as PodTemplateSpec;
    return spec === undefined ? [] : validateParts(metadata, spec, isPod);
  } catch (error) {
    if (error instanceof DecodeError)
      return [{ field: 'spec', reason: 'FieldValueTypeInvalid', message: error.message }];
    throw error;
  }
}

/** Fills in defaults: the parts are changed. */
function validateParts(metadata: ObjectMeta, spec: PodSpec, isPod: boolean): FieldError[] {
  if (isPod) defaultPod({ spec } as Pod);
  else defaultPodSpec(spec);
  return [
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validatePodSpec(spec, isPod ? (metadata.name ?? '') : undefined, 'spec'),
  ];
}

/** Of plain JSON; null is absent, as decoding would have it. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return (Array.isArray(value) ? value.map(copyOf) : copyOfFields(value, () => true)) as T;
}

function copyOfFields(value: object, isWanted: (field: string, value: unknown) => boolean): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new RangeError('a key that plain copying would mistake');
    const item = (value as Record<string, unknown>)[key];
    if (item !== null && item !== undefined && isWanted(key, item)) copy[key] = copyOf(item);
  }
  return copy;
}

/** Attaching moves elements, and what was wrong with them moves along. */
function withoutIndices({ field, message }: FieldError): string {
  return `${field.replaceAll(/\[\d+\]/g, '[]')}: ${message}`;
}
