import { type FileTarget, type LeftTemplate, targetsIn } from '../files/targets.ts';
import { type FieldPath, formatFieldPath, valueAt } from '../manifest/field-path.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';
import { type Attached, attach } from '../sidecar/attach.ts';
import { type CompiledSidecars, compileSidecars } from '../sidecar/compile.ts';
import { detach } from '../sidecar/detach.ts';
import { type Finding, hasErrors } from '../sidecar/finding.ts';
import { readProvenance } from '../sidecar/provenance.ts';
import { GROUP } from '../sidecar/sidecar.ts';
import type { Request } from './request.ts';
import { aboutResource, printed, type Result } from './result.ts';

/** Another value at a place of a document. */
export interface Edit {
  document: ManifestDocument;
  path: FieldPath;
  value: unknown;
}

/** What a request makes of the items. Where a result is an error, the edits are not to be made. */
export interface Outcome {
  edits: Edit[];
  results: Result[];
  styles: readonly ManifestDocument[];
}

/** Attaches or detaches. Sidecars that another call has attached stay as they are. */
export function workOn(items: ManifestFile, request: Request): Outcome {
  return request.do === 'attach' ? attachAll(items, request.definitions) : detachAll(items, request.sidecars);
}

function attachAll(items: ManifestFile, styles: readonly ManifestDocument[]): Outcome {
  const definitions = styles.map(({ object }) => object);
  const sidecars = compileSidecars(definitions);
  const results = sidecars.findings.map((finding) => onDefinition(finding, definitions));
  if (hasErrors(sidecars.findings)) return { edits: [], results, styles };
  const { targets, left } = targetsIn(items);
  const outcomes = targets.map((target) => attachTo(target, sidecars));
  return {
    edits: outcomes.flatMap(({ edits }) => edits),
    results: [...results, ...outcomes.flatMap((one) => one.results), ...left.filter(isTold).map(leftAlone)],
    styles,
  };
}

type OfOne = Pick<Outcome, 'edits' | 'results'>;

function attachTo(target: FileTarget, sidecars: CompiledSidecars): OfOne {
  const attached = attach({ ...target.target, sidecars, others: 'Keep' });
  const results = attached.findings.map((finding) => onTarget(finding, target));
  if (!attached.changed) return { edits: [], results };
  return { edits: [editOf(target, attached.template)], results: [...results, done(target, sentence(attached))] };
}

function detachAll(items: ManifestFile, names: readonly string[] | undefined): Outcome {
  const outcomes = targetsIn(items).targets.map((target) => detachFrom(target, names));
  const [edits, results] = [outcomes.flatMap((one) => one.edits), outcomes.flatMap((one) => one.results)];
  return { edits, results, styles: [] };
}

/** A name that this template does not have is no fault: another may have it. */
function detachFrom(target: FileTarget, names: readonly string[] | undefined): OfOne {
  const { template } = target.target;
  const attached = readProvenance(template).provenance?.sidecars.map(({ name }) => name) ?? [];
  const leaving = names?.filter((name) => attached.includes(name));
  if (leaving?.length === 0 && attached.length > 0) return { edits: [], results: [] };
  const { template: next, findings, detached } = detach({ template, ...(leaving && { sidecars: leaving }) });
  const results = findings.map((finding) => onTarget(finding, target));
  if (next === template) return { edits: [], results };
  return {
    edits: [editOf(target, next)],
    results: [...results, done(target, `detached ${detached.map(quoted).join(', ')}`)],
  };
}

function editOf({ document, template: { template: path } }: FileTarget, value: unknown): Edit {
  return { document, path, value };
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

/** That a sidecar's own template is left alone goes without saying. */
function isTold({ workload: { apiVersion } }: LeftTemplate): boolean {
  return !apiVersion.startsWith(`${GROUP}/`);
}

function leftAlone({ field, reason, workload: { apiVersion, kind, name } }: LeftTemplate): Result {
  const resourceRef = { apiVersion, kind, name };
  return { message: `left alone: ${reason}`, severity: 'info', resourceRef, field: { path: field } };
}

function ownerOf({ document, template: { owner } }: FileTarget): unknown {
  return valueAt(document.object, owner.path);
}

function onDefinition(
  { severity, code, message, field, sidecar }: Finding,
  definitions: readonly Record<string, unknown>[],
): Result {
  const nameOf = ({ metadata }: Record<string, unknown>) => (metadata as { name?: unknown } | undefined)?.name;
  const definition = definitions.find((one) => nameOf(one) === sidecar) ?? definitions[0];
  return { message, severity, ...aboutResource(definition), field: { path: field }, tags: tagsOf(code, sidecar) };
}

/** A conflict is told at the resource, with both values; where the sidecar says it is in the message. */
function onTarget(finding: Finding, target: FileTarget): Result {
  const { severity, code, on, field, message, sidecar, value, other } = finding;
  const own = on !== 'sidecar';
  const path = own ? pathIn(target, on, field) : other && pathIn(target, other.on, other.field);
  const [currentValue, proposedValue] = own ? [value, undefined] : [other?.value, value];
  const whose = own || sidecar === undefined ? '' : `${quoted(sidecar)}, ${field}: `;
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
function pathIn({ template: { owner, template } }: FileTarget, on: Finding['on'], field: string): string | undefined {
  if (on === 'workload') return field;
  if (on !== 'template') return undefined;
  const prefix = formatFieldPath(template.slice(owner.path.length));
  return prefix === '' ? field : `${prefix}.${field}`;
}

function tagsOf(code: string, sidecar: string | undefined): Record<string, string> {
  return { code, ...(sidecar !== undefined && { sidecar }) };
}
