import type { ManifestFile } from '../manifest/parse.ts';
import type { TemplatePlace } from '../manifest/pod-templates.ts';
import { detach } from '../sidecar/detach.ts';
import type { WorkloadName } from '../sidecar/explain.ts';
import { readProvenance } from '../sidecar/provenance.ts';
import { type EditedFile, editTemplates } from './edit-templates.ts';
import type { Place } from './finding.ts';
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
  found: TemplatePlace['found'];
  /** The sidecars that were taken off. */
  detached: string[];
  /** Sidecars that are attached still. */
  remaining: string[];
}

/** Takes off what `attachFile` attached. Pure; the new text is proven. */
export function detachFile(file: ManifestFile, { sidecars, ...options }: DetachFileOptions = {}): DetachedFile {
  const { targets, left } = targetsIn(file, options);
  const results = targets.map((at) => detachAt(at, sidecars));
  return { ...editTemplates(file, results), workloads: results.map(outcomeOf), left };
}

function detachAt(at: FileTarget, wanted: readonly string[] | undefined) {
  const { template } = at.target;
  const names = readProvenance(template).provenance?.sidecars.map(({ name }) => name) ?? [];
  const leaving = wanted && names.filter((name) => wanted.includes(name));
  if (leaving?.length === 0 && names.length > 0) return { at, template, detached: [], findings: [], remaining: names };
  const result = detach({ template, ...(leaving && { sidecars: leaving }) });
  const findings = result.findings.map((finding) => placeFinding(finding, at, []));
  const remaining = names.filter((name) => !result.detached.includes(name));
  return { at, template: result.template, detached: result.detached, findings, remaining };
}

function outcomeOf({ at, template, detached, remaining }: ReturnType<typeof detachAt>): DetachedWorkload {
  const { workload, file, line, column, target } = at;
  const changed = template !== target.template;
  return { workload, file, line, column, changed, found: at.template.found, detached, remaining };
}
