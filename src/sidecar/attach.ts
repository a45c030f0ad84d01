import { checkAnnotations } from './annotations.ts';
import { Attaching } from './attach/attaching.ts';
import { shapeFaults } from './attach/shape.ts';
import { Scope } from './cel/scope.ts';
import { toCel } from './cel/values.ts';
import { type CompiledSidecar, type CompiledSidecars, compileSidecars } from './compile.ts';
import { type Detached, detach } from './detach.ts';
import { type Finding, hasErrors, onSidecar } from './finding.ts';
import { parameterValues } from './parameter-values.ts';
import { readProvenance } from './provenance.ts';
import { type Brought, RenderError } from './render.ts';
import { type Selection, selects } from './selects.ts';
import type { Sidecar } from './sidecar.ts';
import type { Target, Template } from './target.ts';

export interface AttachOptions extends Target {
  /** Compiled once for many templates, or as they stand in files. */
  sidecars: CompiledSidecars | readonly Sidecar[];
  /**
   * What becomes of attached sidecars whose definitions are not among `sidecars`. `Detach`: these are all there are, so they go. `Keep`: others look after
   * them, as where several calls each bring a sidecar, so they stay as they are. Default: Detach.
   */
  others?: 'Detach' | 'Keep';
}

export interface Attached {
  /** The template itself when there is nothing to change, or errors. Otherwise a new one that shares what did not change: read only. */
  template: Template;
  changed: boolean;
  findings: Finding[];
  joined: Joined[];
  /** For every sidecar whether it joins, and the rule that decided it. */
  selections: { sidecar: CompiledSidecar; selection: Selection }[];
}

export interface Joined {
  name: string;
  kind: Sidecar['kind'];
  rule: Selection['rule'];
  reason: string;
  /** Names of the containers that came with it. */
  containers: string[];
}

/**
 * Attaches what joins. What was attached before is taken off first, so that changed sidecars and sidecars that no longer join are seen to:
 * attaching twice is attaching once. With errors among the findings nothing is changed.
 */
export function attach({ sidecars, others = 'Detach', ...target }: AttachOptions): Attached {
  const compiled = 'fingerprints' in sidecars ? sidecars : compileSidecars(sidecars);
  const unchanged = (findings: Finding[], selections: Attached['selections'] = []): Attached => ({
    template: target.template,
    changed: false,
    findings,
    joined: [],
    selections,
  });
  const ofSidecars = 'fingerprints' in sidecars ? [] : compiled.findings;
  const faults = [...ofSidecars, ...shapeFaults(target.template)];
  if (hasErrors(faults)) return unchanged(faults);
  const before = detach({ template: target.template, ...(others === 'Keep' && { sidecars: known(target, compiled) }) });
  if (hasErrors(before.findings)) return unchanged([...faults, ...before.findings]);
  const view = viewOf(target, before);
  const scope = new Scope(view);
  const selections = compiled.sidecars.map((sidecar) => ({ sidecar, selection: selects(sidecar, view, scope) }));
  const joining = selections.filter(({ selection }) => selection.joins).map(({ sidecar }) => sidecar);
  const findings = [
    ...faults,
    ...checkAnnotations(view, compiled.sidecars),
    ...selections.flatMap(({ selection }) => selection.findings),
    ...duplicates(joining),
    ...editedLeftovers(before, joining),
  ];
  const brought = joining.map((sidecar) => render(sidecar, view, scope, findings));
  if (hasErrors(findings) || (joining.length === 0 && before.detached.length === 0))
    return unchanged(findings, selections);
  const run = new Attaching(target, view, before, compiled);
  const template = run.attach(
    joining,
    brought.filter((one) => one !== undefined),
  );
  findings.push(...run.findings);
  if (hasErrors(findings)) return unchanged(findings, selections);
  const joined = selections
    .filter(({ selection }) => selection.joins)
    .map(({ sidecar: { name, kind }, selection: { rule, reason } }) => ({
      name,
      kind,
      rule,
      reason,
      containers: run.containersOf(name),
    }));
  return { template, changed: template !== target.template, findings, joined, selections };
}

/** The Pod as it was before anything was attached: what sidecars look at and are selected by. */
function viewOf(target: Target, before: Detached): Target {
  const bare = before.kept.length === 0 && before.staying.length === 0;
  return {
    ...target,
    template: bare ? before.template : detach({ template: target.template, edited: 'Remove' }).template,
  };
}

/** Names of the attached sidecars that are defined here. */
function known({ template }: Target, { sidecars }: CompiledSidecars): string[] {
  const attached = readProvenance(template).provenance?.sidecars ?? [];
  return attached.flatMap(({ name }) => (sidecars.some((one) => one.name === name) ? [name] : []));
}

function render(sidecar: CompiledSidecar, view: Target, scope: Scope, findings: Finding[]): Brought | undefined {
  const { values, findings: wrong } = parameterValues(sidecar, view.template);
  findings.push(...wrong);
  if (wrong.length > 0) return undefined;
  try {
    return sidecar.renderer.render(scope.with(toCel(values) as Record<string, unknown>));
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    findings.push({ ...error.finding, sidecar: sidecar.name });
    return undefined;
  }
}

/** A Sidecar and a ClusterSidecar, or Sidecars of files without a namespace, may share a name; in one Pod they cannot. */
function duplicates(joining: readonly CompiledSidecar[]): Finding[] {
  return joining
    .filter(({ name }, i) => joining.findIndex((other) => other.name === name) !== i)
    .map(({ name }) =>
      onSidecar('DuplicateSidecar', 'metadata.name', `two sidecars of the name "${name}" join this Pod`, {
        sidecar: name,
      }),
    );
}

/** What was changed by hand and belongs to a sidecar that no longer joins stays, and is said. */
function editedLeftovers(before: Detached, joining: readonly CompiledSidecar[]): Finding[] {
  return before.findings.filter(
    ({ sidecar, code }) => code !== 'EditedByHand' || !joining.some(({ name }) => name === sidecar),
  );
}
