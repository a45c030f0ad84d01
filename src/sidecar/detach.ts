import { shapeFaults } from './attach/shape.ts';
import { Detaching } from './detaching.ts';
import { type Finding, onTemplate } from './finding.ts';
import { type AttachedSidecar, type Provenance, readProvenance } from './provenance.ts';
import { ATTACHED } from './sidecar.ts';
import type { Template } from './target.ts';

export interface DetachOptions {
  template: Template;
  /** Names; all that are attached when absent. */
  sidecars?: readonly string[];
  /** What becomes of an attached part that was changed by hand: it stays and is reported, or goes all the same. */
  edited?: 'Keep' | 'Remove';
}

export interface Detached {
  /** The template itself when nothing changed; never changed in place, and what did not change is shared. */
  template: Template;
  findings: Finding[];
  /** The sidecars that were taken off. */
  detached: string[];
  /** Attached parts that were changed by hand and stayed: paths of keys, per sidecar. */
  kept: { sidecar: string; path: string[] }[];
  /** The sidecars that are attached still. */
  staying: readonly AttachedSidecar[];
  /** What the annotation said, if there was one. */
  provenance?: Provenance;
}

/**
 * Takes off exactly what `attach` added, by the annotation that it left. Parts that another attached sidecar brought too stay with that
 * one. Without errors the result is what was there before, with whatever else was changed since.
 */
export function detach({ template, sidecars, edited = 'Keep' }: DetachOptions): Detached {
  const { provenance, findings } = readProvenance(template);
  const nothing = { template, findings, detached: [], kept: [], staying: [] };
  if (provenance === undefined) return { ...nothing, findings: [...findings, ...notAttached(sidecars ?? [])] };
  const faults = shapeFaults(template);
  if (faults.length > 0) return { ...nothing, findings: faults };
  const names = provenance.sidecars.map(({ name }) => name);
  const leaving = names.filter((name) => sidecars?.includes(name) ?? true);
  const staying = provenance.sidecars.filter(({ name }) => !leaving.includes(name));
  const unknown = notAttached((sidecars ?? []).filter((name) => !names.includes(name)));
  if (leaving.length === 0 && names.length > 0) return { ...nothing, findings: unknown, staying, provenance };
  const run = new Detaching(template, provenance, leaving, edited);
  return {
    template: run.template(),
    findings: [...unknown, ...run.findings],
    detached: leaving,
    kept: run.kept,
    staying,
    provenance,
  };
}

function notAttached(names: readonly string[]): Finding[] {
  const field = `metadata.annotations[${ATTACHED}]`;
  return names.map((sidecar) =>
    onTemplate('NotAttached', field, `sidecar "${sidecar}" is not attached`, { sidecar, severity: 'warning' }),
  );
}
