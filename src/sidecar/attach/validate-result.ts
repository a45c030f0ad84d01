import { DecodeError, decodeValue } from '../../kube/decode.ts';
import { defaultPod, defaultPodSpec } from '../../kube/defaults/pod-spec.ts';
import type { FieldError } from '../../kube/errors.ts';
import type { Container, ObjectMeta, Pod, PodSpec, PodTemplateSpec } from '../../kube/generated/objects.ts';
import { validateAnnotations, validateLabels } from '../../kube/validation/metadata.ts';
import { validatePodSpec } from '../../kube/validation/pod-spec.ts';
import { type Finding, fromFieldError } from '../finding.ts';
import { ATTACHED } from '../sidecar.ts';
import type { Template } from '../target.ts';

/** Parts of frozen containers that were valid in one Pod and so are in any: what a sidecar brings is the same object for every Pod. */
export type SoundParts = WeakSet<object>;

/** What Kubernetes would refuse in the result and did not refuse before. */
export function newFaults(before: Template, after: Template, isPod: boolean, sound: SoundParts): Finding[] {
  if (isPlainlyValid(before, after, isPod, sound)) return [];
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
function isPlainlyValid(before: Template, { metadata, spec }: Template, isPod: boolean, sound: SoundParts): boolean {
  try {
    const changed = !addsOnlyProvenance(before.metadata, metadata);
    const parts = changed ? metadata : { name: metadata?.name };
    const isValid =
      validateParts(copyOf(parts ?? {}) as ObjectMeta, changedSpec(before.spec, spec, sound), isPod).length === 0;
    if (isValid) noteSound(spec, sound);
    return isValid;
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
/** Those that hang on nothing else in the Pod at all. */
const SOUND_ANYWHERE = ['command', 'args', 'env', 'envFrom'];
/** A copy without what stands alone and is the very value that it was: nothing new is in it, and in a large Pod it is most of the spec. */
function changedSpec(before: PodSpec | undefined, after: PodSpec | undefined, sound: SoundParts): PodSpec {
  const { containers, initContainers, ...rest } = after ?? ({} as PodSpec);
  const old = before as Record<string, unknown> | undefined;
  const isNew = (field: string, value: unknown) => !ALONE_IN_SPEC.includes(field) || value !== old?.[field];
  const copy: Record<string, unknown> = copyFields(rest, {}, isNew);
  for (const [list, items] of Object.entries({ containers, initContainers })) {
    const others = before?.[list as 'containers'] ?? [];
    const same = ({ name }: Container) => others.find((one) => one.name === name);
    if (items) copy[list] = items.map((one) => changedContainer(same(one), one, sound));
  }
  return copy as unknown as PodSpec;
}

function changedContainer(before: Container | undefined, after: Container, sound: SoundParts): object {
  const old = before as Record<string, unknown> | undefined;
  const isNew = (field: string, value: unknown) =>
    !ALONE_IN_CONTAINER.includes(field) || (value !== old?.[field] && !sound.has(value as object));
  const copy = copyFields(after, {}, isNew);
  // Which one would be filled in hangs on the image's name, and that takes long to read; any is valid.
  copy.imagePullPolicy ??= 'IfNotPresent';
  return copy;
}

function noteSound(spec: PodSpec | undefined, sound: SoundParts): void {
  for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    if (!Object.isFrozen(container)) continue;
    for (const field of SOUND_ANYWHERE) {
      const value: unknown = container[field as 'env'];
      if (typeof value === 'object' && value !== null) sound.add(value);
    }
    // Claims are of the Pod.
    if (container.resources && !container.resources.claims) sound.add(container.resources);
  }
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
  return (Array.isArray(value) ? value.map(copyOf) : copyFields(value, {})) as T;
}

function copyFields(
  value: object,
  copy: Record<string, unknown>,
  isWanted?: (field: string, value: unknown) => boolean,
): Record<string, unknown> {
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new RangeError('a key that plain copying would mistake');
    const item = (value as Record<string, unknown>)[key];
    if (item !== null && item !== undefined && (isWanted?.(key, item) ?? true)) copy[key] = copyOf(item);
  }
  return copy;
}

/** Attaching moves elements, and what was wrong with them moves along. */
function withoutIndices({ field, message }: FieldError): string {
  return `${field.replaceAll(/\[\d+\]/g, '[]')}: ${message}`;
}
