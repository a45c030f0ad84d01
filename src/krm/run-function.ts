import { type FileTarget, type LeftTemplate, targetsIn } from '../files/targets.ts';
import { documentPart } from '../manifest/document-part.ts';
import { editText } from '../manifest/edit-text.ts';
import { EditError } from '../manifest/errors.ts';
import { type FieldPath, formatFieldPath, valueAt, withValueAt } from '../manifest/field-path.ts';
import type { ManifestDocument } from '../manifest/parse.ts';
import { type Attached, attach } from '../sidecar/attach.ts';
import { type CompiledSidecars, compileSidecars } from '../sidecar/compile.ts';
import { detach } from '../sidecar/detach.ts';
import { type Finding, hasErrors } from '../sidecar/finding.ts';
import { readProvenance } from '../sidecar/provenance.ts';
import type { Template } from '../sidecar/target.ts';
import { type Definition, readRequest } from './request.ts';
import { type ResourceList, readResourceList } from './resource-list.ts';
import { aboutResource, printed, type Result } from './result.ts';

/** What a KRM function gives back. */
export interface FunctionOutput {
  /** The ResourceList with its items changed and its results filled in. With an error among the results no item is changed. */
  text: string;
  results: Result[];
  failed: boolean;
}

/**
 * One call as a KRM function: a ResourceList in, a ResourceList out, with the text of what did not change kept. Pure.
 * @throws NotAResourceList
 */
export function runFunction(text: string): FunctionOutput {
  const list = readResourceList(text);
  const asked = readRequest(list);
  if ('fault' in asked) return write(list, { edits: [], results: [asked.fault] });
  const { request } = asked;
  if (request.do === 'attach') return attachAll(list, request.definitions);
  return write(list, detachAll(list, request.sidecars));
}

interface Edit {
  path: FieldPath;
  value: unknown;
}

interface Outcome {
  edits: Edit[];
  results: Result[];
}

function attachAll(list: ResourceList, definitions: readonly Definition[]): FunctionOutput {
  const sidecars = compileSidecars(definitions.map(({ object }) => object));
  const results = sidecars.findings.map((finding) => onDefinition(finding, definitions));
  if (hasErrors(sidecars.findings)) return write(list, { edits: [], results });
  const { targets, left } = targetsIn(list.file);
  const outcomes = targets.map((target) => attachTo(target, sidecars));
  const styles = definitions.flatMap(({ path }) => documentPart(list.document, path) ?? []);
  return write(
    list,
    {
      edits: outcomes.flatMap(({ edits }) => edits),
      results: [...results, ...outcomes.flatMap((one) => one.results), ...left.map(leftAlone)],
    },
    styles,
  );
}

function attachTo(target: FileTarget, sidecars: CompiledSidecars): Outcome {
  const attached = attach({ ...target.target, sidecars, others: 'Keep' });
  const results = attached.findings.map((finding) => onTarget(finding, target));
  if (!attached.changed) return { edits: [], results };
  return { edits: [editOf(target, attached.template)], results: [...results, done(target, sentence(attached))] };
}

function detachAll({ file }: ResourceList, names: readonly string[] | undefined): Outcome {
  const { targets } = targetsIn(file);
  const outcomes = targets.map((target): Outcome => {
    const { template } = target.target;
    const present = readProvenance(template).provenance?.sidecars.map(({ name }) => name) ?? [];
    const leaving = names?.filter((name) => present.includes(name));
    if (leaving?.length === 0 && present.length > 0) return { edits: [], results: [] };
    const { template: next, findings, detached } = detach({ template, ...(leaving && { sidecars: leaving }) });
    const results = findings.map((finding) => onTarget(finding, target));
    if (next === template) return { edits: [], results };
    return {
      edits: [editOf(target, next)],
      results: [...results, done(target, `detached ${detached.map(quoted).join(', ')}`)],
    };
  });
  return { edits: outcomes.flatMap(({ edits }) => edits), results: outcomes.flatMap(({ results }) => results) };
}

function editOf({ template: { template: path } }: FileTarget, value: Template): Edit {
  return { path, value };
}

/** One edit for items and results. Where it cannot be proven, the items stay as they were, and that is said. */
function write(list: ResourceList, outcome: Outcome, styles: readonly ManifestDocument[] = []): FunctionOutput {
  const { results } = outcome;
  const failed = results.some(({ severity }) => severity === 'error');
  try {
    return { text: textOf(list, failed ? { edits: [], results } : outcome, styles), results, failed };
  } catch (error) {
    if (!(error instanceof EditError) || failed) throw error;
    return write(list, { edits: [], results: [...results, { message: error.message, severity: 'error' }] });
  }
}

/** @throws EditError */
function textOf(
  { file, document, results }: ResourceList,
  outcome: Outcome,
  styles: readonly ManifestDocument[],
): string {
  const said = outcome.results.length === 0 ? [] : [{ path: ['results'], value: [...results, ...outcome.results] }];
  const edits: Edit[] = [...outcome.edits, ...said];
  if (edits.length === 0) return file.text;
  const object = edits.reduce<unknown>((old, { path, value }) => withValueAt(old, path, value), document.object);
  return editText(file, [{ document: document.index, object }], { styles });
}

function sentence({ joined }: Attached): string {
  if (joined.length === 0) return 'took off what does not join any more';
  return `attached ${joined.map(({ name, reason }) => `${quoted(name)} (${reason})`).join(', ')}`;
}

function quoted(name: string): string {
  return `sidecar "${name}"`;
}

function done(target: FileTarget, message: string): Result {
  return { message, severity: 'info', ...aboutResource(ownerOf(target)) };
}

function leftAlone({ field, reason, workload: { apiVersion, kind, name } }: LeftTemplate): Result {
  return {
    message: `left alone: ${reason}`,
    severity: 'info',
    resourceRef: { apiVersion, kind, name },
    field: { path: field },
  };
}

function ownerOf({ document, template: { owner } }: FileTarget): unknown {
  return valueAt(document.object, owner.path);
}

function onDefinition(
  { severity, code, message, field, sidecar }: Finding,
  definitions: readonly Definition[],
): Result {
  const named = definitions.find(({ object }) => (object.metadata as { name?: unknown } | undefined)?.name === sidecar);
  return {
    message,
    severity,
    ...aboutResource((named ?? definitions[0])?.object),
    field: { path: field },
    tags: tagsOf(code, sidecar),
  };
}

/** A conflict is told at the resource, with both values; where the sidecar says it is in the message. */
function onTarget(finding: Finding, target: FileTarget): Result {
  const { severity, code, on, field, message, sidecar, value, other } = finding;
  const own = on !== 'sidecar';
  const where = own ? { on, field } : other;
  const whose = own || sidecar === undefined ? '' : `${quoted(sidecar)}, ${field}: `;
  const path = where && pathIn(target, where);
  const currentValue = own ? value : other?.value;
  const proposedValue = own ? undefined : value;
  return {
    message: message.startsWith(field) ? message : whose + message,
    severity,
    ...aboutResource(ownerOf(target)),
    ...(path !== undefined && {
      field: {
        path,
        ...(currentValue !== undefined && { currentValue: printed(currentValue) }),
        ...(proposedValue !== undefined && { proposedValue: printed(proposedValue) }),
      },
    }),
    tags: tagsOf(code, sidecar),
  };
}

/** A field of the template as the resource has it: `spec.template.spec.containers[0]`. */
function pathIn({ template: { owner, template } }: FileTarget, where: { on: Finding['on']; field: string }) {
  if (where.on === 'workload') return where.field;
  if (where.on !== 'template') return undefined;
  const prefix = formatFieldPath(template.slice(owner.path.length));
  return prefix === '' ? where.field : `${prefix}.${where.field}`;
}

function tagsOf(code: string, sidecar: string | undefined): Record<string, string> {
  return { code, ...(sidecar !== undefined && { sidecar }) };
}
