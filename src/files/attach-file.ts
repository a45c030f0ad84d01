import type { ManifestFile } from '../manifest/parse.ts';
import { type Attached, attach, type Joined } from '../sidecar/attach.ts';
import type { WorkloadName } from '../sidecar/explain.ts';
import { hasErrors } from '../sidecar/finding.ts';
import { readProvenance } from '../sidecar/provenance.ts';
import type { Rule } from '../sidecar/selects.ts';
import { type EditedFile, editTemplates, unedited } from './edit-templates.ts';
import { fromManifestError, type Place, type PlacedFinding } from './finding.ts';
import { placeFinding } from './place-finding.ts';
import type { ReadSidecars } from './sidecars.ts';
import { type FileTarget, type LeftTemplate, type TargetOptions, targetsIn } from './targets.ts';

export interface AttachFileOptions extends TargetOptions {
  sidecars: ReadSidecars;
}

/** A file after attaching. With an error among the findings nothing is changed. */
export interface AttachedFile extends EditedFile {
  workloads: AttachedWorkload[];
  left: LeftTemplate[];
}

/** What became of one Pod template. */
export interface AttachedWorkload extends Place {
  workload: WorkloadName;
  changed: boolean;
  joined: Joined[];
  /** Sidecars that were attached before and do not join any more. */
  removed: string[];
  /** Who does not join, and the rule that decided it. */
  apart: { sidecar: string; rule: Rule; reason: string }[];
}

/** Attaches what joins to every Pod template of a file. Pure; the new text is proven. */
export function attachFile(file: ManifestFile, { sidecars, ...options }: AttachFileOptions): AttachedFile {
  const { targets, left } = targetsIn(file, options);
  const results = targets.map((at) => ({ at, attached: attach({ ...at.target, sidecars: sidecars.sidecars }) }));
  const findings: PlacedFinding[] = [
    ...file.errors.map(fromManifestError),
    ...results.flatMap(({ at, attached }) =>
      attached.findings.map((finding) => placeFinding(finding, at, sidecars.definitions)),
    ),
  ];
  const edits = results.flatMap(({ at, attached: { changed, template } }) =>
    changed ? [{ document: at.document, path: at.template.template, template }] : [],
  );
  const errors = findings.some(({ severity }) => severity === 'error');
  const edited = errors ? unedited(file) : editTemplates(file, edits, sidecars.styles);
  return {
    ...edited,
    findings: [...findings, ...edited.findings],
    workloads: results.map(({ at, attached }) => outcomeOf(at, attached)),
    left,
  };
}

function outcomeOf({ target, workload, file, line, column }: FileTarget, attached: Attached): AttachedWorkload {
  const { changed, joined, selections } = attached;
  const before = readProvenance(target.template).provenance?.sidecars ?? [];
  const removed = changed ? before.filter(({ name }) => !joined.some((one) => one.name === name)) : [];
  return {
    workload,
    file,
    line,
    column,
    changed: changed && !hasErrors(attached.findings),
    joined,
    removed: removed.map(({ name }) => name),
    apart: selections
      .filter(({ selection }) => !selection.joins)
      .map(({ sidecar, selection: { rule, reason } }) => ({ sidecar: sidecar.name, rule, reason })),
  };
}
