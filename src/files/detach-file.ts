import type { ManifestFile } from '../manifest/parse.ts';
import { detach } from '../sidecar/detach.ts';
import type { WorkloadName } from '../sidecar/explain.ts';
import { readProvenance } from '../sidecar/provenance.ts';
import { type EditedFile, editTemplates, unedited } from './edit-templates.ts';
import { fromManifestError, type Place, type PlacedFinding } from './finding.ts';
import { placeFinding } from './place-finding.ts';
import { type FileTarget, type LeftTemplate, type TargetOptions, targetsIn } from './targets.ts';

export interface DetachFileOptions extends TargetOptions {
  /** Names; all that are attached when absent. A name that a template does not have is no fault: another may have it. */
  sidecars?: readonly string[];
}

/** A file after detaching. With an error among the findings nothing is changed. */
export interface DetachedFile extends EditedFile {
  workloads: DetachedWorkload[];
  left: LeftTemplate[];
}

/** What became of one Pod template. */
export interface DetachedWorkload extends Place {
  workload: WorkloadName;
  changed: boolean;
  /** The sidecars that were taken off. */
  detached: string[];
  /** Sidecars that are attached still. */
  remaining: string[];
}

/** Takes off what `attachFile` attached. Pure; the new text is proven. */
export function detachFile(file: ManifestFile, { sidecars, ...options }: DetachFileOptions = {}): DetachedFile {
  const { targets, left } = targetsIn(file, options);
  const results = targets.map((at) => ({ at, ...detachAt(at, sidecars) }));
  const findings: PlacedFinding[] = [
    ...file.errors.map(fromManifestError),
    ...results.flatMap(({ at, findings }) => findings.map((finding) => placeFinding(finding, at, []))),
  ];
  const edits = results.flatMap(({ at, template }) =>
    template === at.target.template ? [] : [{ document: at.document, path: at.template.template, template }],
  );
  const errors = findings.some(({ severity }) => severity === 'error');
  const edited = errors ? unedited(file) : editTemplates(file, edits);
  return {
    ...edited,
    findings: [...findings, ...edited.findings],
    workloads: results.map(({ at: { workload, file, line, column, target }, template, detached, remaining }) => ({
      workload,
      file,
      line,
      column,
      changed: template !== target.template,
      detached,
      remaining,
    })),
    left,
  };
}

function detachAt({ target: { template } }: FileTarget, wanted: readonly string[] | undefined) {
  const names = readProvenance(template).provenance?.sidecars.map(({ name }) => name) ?? [];
  const leaving = wanted && names.filter((name) => wanted.includes(name));
  if (leaving?.length === 0 && names.length > 0) return { template, detached: [], findings: [], remaining: names };
  const result = detach({ template, ...(leaving && { sidecars: leaving }) });
  return { ...result, remaining: names.filter((name) => !result.detached.includes(name)) };
}
