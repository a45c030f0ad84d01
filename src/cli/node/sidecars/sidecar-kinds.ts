import { isDeepStrictEqual } from 'node:util';
import type { CustomKind, CustomKinds, Verdict } from '../../../api/custom/custom-kind.ts';
import type { FieldError } from '../../../kube/errors.ts';
import { invalidValue } from '../../../kube/field-errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { parseFieldPath, valueAt } from '../../../manifest/field-path.ts';
import { checkSidecar } from '../../../sidecar/compile.ts';
import { sidecarCrds } from '../../../sidecar/crds.ts';
import type { Finding } from '../../../sidecar/finding.ts';

/** Sidecar and ClusterSidecar for the API server: the schemas of their CustomResourceDefinitions, and the engine's own check. */
export function sidecarKinds(): CustomKinds {
  return Object.fromEntries(
    sidecarCrds().map(({ metadata, spec }) => {
      const { versions } = spec as { versions: { schema: { openAPIV3Schema: CustomKind['schema'] } }[] };
      return [metadata.name, { schema: versions[0]!.schema.openAPIV3Schema, check }];
    }),
  );
}

function check(object: KubeObject, previous?: KubeObject): Verdict {
  const findings = checkSidecar(object);
  const errors = findings.filter(({ severity }) => severity === 'error');
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  return {
    errors: errors.map((finding) => fieldError(finding, object)),
    warnings: [...warnings.map(({ field, message }) => `${field}: ${message}`), ...notRetroactive(object, previous)],
  };
}

/** A Pod's containers cannot change: it keeps what it was created with. */
function notRetroactive({ spec }: KubeObject, previous: KubeObject | undefined): string[] {
  const { joined = 0 } = (previous?.status ?? {}) as { joined?: number };
  if (previous === undefined || joined === 0 || isDeepStrictEqual(spec, previous.spec)) return [];
  return [
    joined === 1
      ? '1 Pod carries it as it was; it gets the change when it is created anew'
      : `${joined} Pods carry it as it was; they get the change when they are created anew`,
  ];
}

/** The engine words most of its errors as Kubernetes does; others are values that are not right. */
function fieldError({ field, message }: Finding, object: KubeObject): FieldError {
  const reason = REASONS.find(([beginning]) => message.startsWith(beginning))?.[1];
  if (reason === undefined) return invalidValue(field, given(object, field), message);
  const isType = message.includes(' in body must be of type ');
  return { field, reason: isType ? 'FieldValueTypeInvalid' : reason, message };
}

const REASONS: readonly (readonly [string, FieldError['reason']])[] = [
  ['Invalid value', 'FieldValueInvalid'],
  ['Required value', 'FieldValueRequired'],
  ['Unsupported value', 'FieldValueNotSupported'],
  ['Duplicate value', 'FieldValueDuplicate'],
  ['Forbidden', 'FieldValueForbidden'],
  ['Not found', 'FieldValueNotFound'],
  ['Too long', 'FieldValueTooLong'],
  ['Too many', 'FieldValueTooMany'],
];

function given(object: KubeObject, field: string): unknown {
  try {
    return valueAt(object, parseFieldPath(field));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
