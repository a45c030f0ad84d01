import { DecodeError, decodeValue } from '../../kube/decode.ts';
import { defaultPod, defaultPodSpec } from '../../kube/defaults/pod-spec.ts';
import type { FieldError } from '../../kube/errors.ts';
import type { Pod, PodTemplateSpec } from '../../kube/generated/objects.ts';
import { validateAnnotations, validateLabels } from '../../kube/validation/metadata.ts';
import { validatePodSpec } from '../../kube/validation/pod-spec.ts';
import { type Finding, fromFieldError } from '../finding.ts';
import type { Template } from '../target.ts';

/** What Kubernetes would refuse in the result and did not refuse before. */
export function newFaults(before: Template, after: Template, isPod: boolean): Finding[] {
  const faults = validate(after, isPod);
  if (faults.length === 0) return [];
  const old = new Set(validate(before, isPod).map(withoutIndices));
  return faults
    .filter((fault) => !old.has(withoutIndices(fault)))
    .map((fault) => fromFieldError(fault, 'template', 'InvalidResult'));
}

function validate(template: Template, isPod: boolean): FieldError[] {
  try {
    const { value } = decodeValue('PodTemplateSpec', { metadata: template.metadata ?? {}, spec: template.spec ?? {} });
    const { metadata, spec } = value as PodTemplateSpec;
    if (spec === undefined) return [];
    if (isPod) defaultPod({ spec } as Pod);
    else defaultPodSpec(spec);
    return [
      ...validateLabels(metadata?.labels, 'metadata.labels'),
      ...validateAnnotations(metadata?.annotations, 'metadata.annotations'),
      ...validatePodSpec(spec, isPod ? (metadata?.name ?? '') : undefined, 'spec'),
    ];
  } catch (error) {
    if (error instanceof DecodeError)
      return [{ field: 'spec', reason: 'FieldValueTypeInvalid', message: error.message }];
    throw error;
  }
}

/** Attaching moves elements, and what was wrong with them moves along. */
function withoutIndices({ field, message }: FieldError): string {
  return `${field.replaceAll(/\[\d+\]/g, '[]')}: ${message}`;
}
