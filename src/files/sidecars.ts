import { isRecord } from '../kube/json.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';
import { type CompiledSidecars, checkSidecar, compileSidecars } from '../sidecar/compile.ts';
import type { Finding } from '../sidecar/finding.ts';
import { GROUP } from '../sidecar/sidecar.ts';
import { fromManifestError, type PlacedFinding } from './finding.ts';
import { type FileObject, objectsIn } from './objects.ts';
import { placeInSidecar } from './place-finding.ts';

/** A file that holds sidecars. */
export interface SidecarFile extends ManifestFile {
  /** Other kinds beside them are passed over: a folder holds what it holds. Without it they are an error. */
  readonly mixed?: boolean;
}

/** The sidecars of files, ready to be attached, and where each was written. */
export interface ReadSidecars {
  sidecars: CompiledSidecars;
  definitions: readonly FileObject[];
  /** The documents that they stand in: what is attached takes on their quotes and flow style. */
  styles: readonly ManifestDocument[];
  findings: PlacedFinding[];
}

/** Reads and checks every Sidecar and ClusterSidecar of some files. With an error among the findings nothing should be attached. */
export function readSidecars(files: readonly SidecarFile[]): ReadSidecars {
  const definitions: FileObject[] = [];
  const findings: PlacedFinding[] = [];
  for (const file of files) {
    findings.push(...file.errors.map(fromManifestError));
    for (const object of objectsIn(file)) {
      if (isSidecar(object)) definitions.push(object);
      else if (!file.mixed) findings.push(notASidecar(object));
    }
  }
  const sidecars = compileSidecars(definitions.map(({ object }) => object));
  findings.push(...findingsOf(definitions, sidecars));
  return { sidecars, definitions, styles: [...new Set(definitions.map(({ document }) => document))], findings };
}

/** Of our group whatever the version, so that a slip there is told by the check and not passed over. */
function isSidecar({ object: { apiVersion, kind } }: FileObject): boolean {
  const group = typeof apiVersion === 'string' ? apiVersion.split('/')[0] : undefined;
  return group === GROUP || ((kind === 'Sidecar' || kind === 'ClusterSidecar') && group === undefined);
}

/** Each definition's own findings at their places, then what comes up only between several. */
function findingsOf(definitions: readonly FileObject[], { findings }: CompiledSidecars): PlacedFinding[] {
  if (findings.length === 0) return [];
  const own = definitions.map((definition) => ({ definition, findings: checkSidecar(definition.object) }));
  const known = new Set(own.flatMap((one) => one.findings.map(keyOf)));
  const between = findings.filter((finding) => !known.has(keyOf(finding)));
  return [
    ...own.flatMap(({ definition, findings }) => findings.map((finding) => placeInSidecar(finding, definition))),
    ...between.flatMap((finding) => {
      const named = definitions.filter(({ object }) => nameOf(object) === finding.sidecar);
      const definition = named.at(-1) ?? definitions[0];
      return definition ? [placeInSidecar(finding, definition)] : [];
    }),
  ];
}

function notASidecar({ file, document, path, object }: FileObject): PlacedFinding {
  const what = typeof object.kind === 'string' && object.kind !== '' ? `a ${object.kind}` : 'an object without kind';
  const message = `this is ${what}, not a Sidecar or ClusterSidecar of ${GROUP}`;
  return { severity: 'error', code: 'NotASidecar', file, ...document.position(path), field: '', message };
}

function nameOf({ metadata }: Record<string, unknown>): unknown {
  return isRecord(metadata) ? metadata.name : undefined;
}

function keyOf(finding: Finding): string {
  return JSON.stringify([finding.code, finding.field, finding.message, finding.sidecar]);
}
