import { isRecord } from '../kube/json.ts';
import type { Position } from '../manifest/errors.ts';
import { type FieldPath, parseFieldPath } from '../manifest/field-path.ts';
import type { ManifestDocument } from '../manifest/parse.ts';
import type { Finding, FindingPlace } from '../sidecar/finding.ts';
import type { Place, PlacedFinding } from './finding.ts';
import type { FileObject } from './objects.ts';
import type { FileTarget } from './targets.ts';

/** A finding about a sidecar's definition alone. */
export function placeInSidecar(finding: Finding, definition: FileObject): PlacedFinding {
  return { ...finding, ...placeIn(definition, finding.field) };
}

/** A finding that came up where sidecars and a Pod template met, at the file that it is about. */
export function placeFinding(finding: Finding, target: FileTarget, definitions: readonly FileObject[]): PlacedFinding {
  const { other, ...own } = finding;
  const at = placeOf(own, target, definitions) ?? { file: target.file, line: target.line, column: target.column };
  return {
    ...own,
    ...at,
    workload: target.workload,
    ...(other && { other: { ...other, ...placeOf(other, target, definitions) } }),
  };
}

/** Undefined for what stands in no file that is at hand. */
function placeOf(
  { on, field, sidecar }: { on: FindingPlace; field: string; sidecar?: string },
  target: FileTarget,
  definitions: readonly FileObject[],
): Place | undefined {
  const { file, document, template } = target;
  if (on === 'template') return placeIn({ file, document, path: template.template }, field);
  if (on === 'workload') return placeIn({ file, document, path: template.owner.path }, field);
  const definition = on === 'sidecar' ? definitionOf(sidecar, target, definitions) : undefined;
  return definition && placeIn(definition, field);
}

/** Several may share a name: that of the Pod's own namespace is meant, then one that joins everywhere. */
function definitionOf(
  sidecar: string | undefined,
  { workload }: FileTarget,
  definitions: readonly FileObject[],
): FileObject | undefined {
  const named = definitions.filter(({ object }) => isRecord(object.metadata) && object.metadata.name === sidecar);
  const of = (namespace: string | undefined) =>
    named.find(({ object }) => (object.metadata as Record<string, unknown>).namespace === namespace);
  return of(workload.namespace) ?? of(undefined) ?? named[0];
}

function placeIn({ file, document, path }: Pick<FileObject, 'file' | 'document' | 'path'>, field: string): Place {
  return { file, ...positionOf(document, path, field) };
}

/** The engine's fields are paths; one that is not is looked for at the object. */
function positionOf(document: ManifestDocument, path: FieldPath, field: string): Position {
  try {
    return document.position([...path, ...parseFieldPath(field)]);
  } catch (error) {
    if (error instanceof RangeError) return document.position(path);
    throw error;
  }
}
