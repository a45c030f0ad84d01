import type { ManifestFile } from '../manifest/parse.ts';
import type { TemplatePlace } from '../manifest/pod-templates.ts';
import { type Attached, attach, type Joined } from '../sidecar/attach.ts';
import type { WorkloadName } from '../sidecar/explain.ts';
import { readProvenance } from '../sidecar/provenance.ts';
import type { Rule } from '../sidecar/selects.ts';
import { type EditedFile, editTemplates } from './edit-templates.ts';
import type { Place } from './finding.ts';
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
  found: TemplatePlace['found'];
  /** Names of the sidecars that were attached before. */
  before: string[];
  joined: Joined[];
  /** Sidecars that were attached before and do not join any more. */
  removed: string[];
  /** Who does not join, and the rule that decided it. */
  apart: { sidecar: string; rule: Rule; reason: string }[];
}

/** Attaches what joins to every Pod template of a file. Pure; the new text is proven. */
export function attachFile(file: ManifestFile, { sidecars, ...options }: AttachFileOptions): AttachedFile {
  const { targets, left } = targetsIn(file, options);
  const results = targets.map((at) => {
    const attached = attach({ ...at.target, sidecars: sidecars.sidecars });
    const findings = attached.findings.map((finding) => placeFinding(finding, at, sidecars.definitions));
    return { at, attached, template: attached.template, findings };
  });
  const workloads = results.map(({ at, attached }) => outcomeOf(at, attached));
  return { ...editTemplates(file, results, sidecars.styles), workloads, left };
}

function outcomeOf(at: FileTarget, attached: Attached): AttachedWorkload {
  const { target, workload, template, file, line, column } = at;
  const { changed, joined, selections } = attached;
  const before = readProvenance(target.template).provenance?.sidecars.map(({ name }) => name) ?? [];
  return {
    workload,
    file,
    line,
    column,
    changed,
    found: template.found,
    before,
    joined,
    removed: changed ? before.filter((name) => !joined.some((one) => one.name === name)) : [],
    apart: selections
      .filter(({ selection }) => !selection.joins)
      .map(({ sidecar, selection: { rule, reason } }) => ({ sidecar: sidecar.name, rule, reason })),
  };
}
