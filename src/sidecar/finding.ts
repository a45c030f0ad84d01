import type { FieldError } from '../kube/errors.ts';

/** What the engine has to say about its input, as data; doors render it. */
export interface Finding {
  severity: 'error' | 'warning' | 'info';
  /** Stable, for programs. */
  code: FindingCode;
  /** Whose field it is. Fields of a template are relative to it: `spec.containers[0].name`. */
  on: FindingPlace;
  field: string;
  message: string;
  /** The name of the sidecar that it is about. */
  sidecar?: string;
  value?: unknown;
  /** The other side of a conflict. */
  other?: { on: FindingPlace; field: string; value?: unknown; sidecar?: string };
}

export type FindingPlace = 'sidecar' | 'template' | 'workload' | 'namespace';

export type FindingCode =
  | 'UnknownField'
  | 'InvalidField'
  | 'InvalidExpression'
  | 'ExpressionTooCostly'
  | 'ExpressionFailed'
  | 'EmptySelector'
  | 'DuplicateSidecar'
  | 'UnknownVolume'
  | 'UnknownSidecar'
  | 'UnknownParameter'
  | 'UnusedParameter'
  | 'UnusedVolume'
  | 'NotAnExpression'
  | 'NeedsPrivileged'
  | 'InvalidParameter'
  | 'MissingParameter'
  | 'InvalidAnnotation'
  | 'MisplacedAnnotation'
  | 'RequestNotSelected'
  | 'NearMiss'
  | 'NoMainContainer'
  | 'NothingToShare'
  | 'OrderCycle'
  | 'ContainerConflict'
  | 'VolumeConflict'
  | 'MountConflict'
  | 'EnvConflict'
  | 'PortConflict'
  | 'MetadataConflict'
  | 'PodSpecConflict'
  | 'SecurityConflict'
  | 'ConflictAnswered'
  | 'NeverFinishes'
  | 'InvalidTemplate'
  | 'InvalidResult'
  | 'InvalidProvenance'
  | 'EditedByHand'
  | 'RemovedByHand'
  | 'NotAttached'
  | 'NoRequestForAutoscaler';

type Detail = Partial<Pick<Finding, 'sidecar' | 'value' | 'other' | 'severity'>>;

/** An error at a field of a sidecar's definition. */
export function onSidecar(code: FindingCode, field: string, message: string, detail: Detail = {}): Finding {
  return { severity: 'error', code, on: 'sidecar', field, message, ...detail };
}

/** An error at a field of a Pod template. */
export function onTemplate(code: FindingCode, field: string, message: string, detail: Detail = {}): Finding {
  return { severity: 'error', code, on: 'template', field, message, ...detail };
}

/** A field error of `kube` as a finding. */
export function fromFieldError(error: FieldError, on: FindingPlace, code: FindingCode, sidecar?: string): Finding {
  return {
    severity: 'error',
    code,
    on,
    field: error.field,
    message: error.message,
    ...(sidecar !== undefined && { sidecar }),
  };
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
