import type { EditErrorCode, ManifestError, ManifestErrorCode, Position } from '../manifest/errors.ts';
import type { WorkloadName } from '../sidecar/explain.ts';
import type { Finding, FindingCode } from '../sidecar/finding.ts';

/** A place in a file, as editors count: from 1. */
export interface Place extends Position {
  file: string;
}

/** `NotASidecar`: a file that was given for its sidecars holds something else. */
type FileFindingCode = FindingCode | ManifestErrorCode | EditErrorCode | 'NotASidecar';

/** A finding of the engine, or a fault of a text, with its place in the file that has to be mended. */
export interface PlacedFinding extends Place {
  severity: Finding['severity'];
  /** Stable, for programs. */
  code: FileFindingCode;
  /** Whose field it is; absent where the text itself is at fault. */
  on?: Finding['on'];
  /** As the engine names it, relative to the Pod template or to the sidecar; empty where there is none. */
  field: string;
  message: string;
  /** The name of the sidecar that it is about. */
  sidecar?: string;
  /** The object whose Pod template it came up with. */
  workload?: WorkloadName;
  value?: unknown;
  /** The other side of a conflict, with its place where that is in a file. */
  other?: NonNullable<Finding['other']> & Partial<Place>;
}

/**
 * `file:line:column: error: field: message [Code]`: the one form in which people read findings, and their editors jump to them. The other side
 * of a conflict stands at the end.
 */
export function formatFinding(finding: PlacedFinding): string {
  const { severity, code, field, message, workload, on, other } = finding;
  const subject = field && !message.startsWith(field) ? `${field}: ` : '';
  // Of a finding at a sidecar, the place alone does not tell whose Pod it is about.
  const whose = workload && on === 'sidecar' ? ` (${formatWorkload(workload)})` : '';
  const against = other?.file === undefined ? '' : `; the other is at ${formatPlace(other as Place)}`;
  return `${formatPlace(finding)}: ${severity}: ${subject}${message}${whose}${against} [${code}]`;
}

/** `file:line:column`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** `Deployment shop/api`. */
export function formatWorkload({ kind, namespace, name }: WorkloadName): string {
  return `${kind} ${namespace}/${name}`;
}

/** A fault of a text as a finding. */
export function fromManifestError({ code, file, line, column, reason }: ManifestError): PlacedFinding {
  return { severity: 'error', code, file, line, column, field: '', message: reason };
}

/** Whether something keeps the files from being written. */
export function hasErrors(findings: readonly PlacedFinding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
