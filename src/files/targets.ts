import { isRecord } from '../kube/json.ts';
import { formatFieldPath, valueAt } from '../manifest/field-path.ts';
import type { ManifestDocument, ManifestFile } from '../manifest/parse.ts';
import { podTemplates, type TemplatePath, type TemplatePlace } from '../manifest/pod-templates.ts';
import { type WorkloadName, workloadName } from '../sidecar/explain.ts';
import { namespaceOf, type Target, type Template, type Workload } from '../sidecar/target.ts';
import type { Place } from './finding.ts';
import { type Namespaces, namespacesIn } from './namespaces.ts';

export interface TargetOptions {
  /** Where the user says that Pod templates are (`parseTemplatePath`). */
  paths?: readonly TemplatePath[];
  /** What is known of namespaces; default: the Namespace objects of the file itself. */
  namespaces?: Namespaces;
  /** The namespace of objects that name none; default: `default`, as for kubectl. */
  namespace?: string;
}

/** A Pod template of a file, as explain, plan and status take it; its place is that of the object that carries it. */
export interface FileTarget extends Place {
  target: Target;
  workload: WorkloadName;
  document: ManifestDocument;
  template: TemplatePlace;
}

/** What looks like a Pod template and is left alone. */
export interface LeftTemplate extends Place {
  workload: WorkloadName;
  /** Where it is in its object: `spec.predictor`. */
  field: string;
  found: TemplatePlace['found'];
  reason: string;
}

/** Every Pod template of a file, and what was left alone, in the order of the text. */
export function targetsIn(
  file: ManifestFile,
  options: TargetOptions = {},
): { targets: FileTarget[]; left: LeftTemplate[] } {
  const { paths = [], namespaces = namespacesIn([file]), namespace } = options;
  const targets: FileTarget[] = [];
  const left: LeftTemplate[] = [];
  for (const document of file.documents) {
    for (const place of podTemplates(document.object, { paths })) {
      const target = targetAt(document, place, namespaces, namespace);
      const workload = workloadName(target);
      const at = { file: file.file, ...document.position(place.owner.path) };
      if (place.leave === undefined) targets.push({ ...at, target, workload, document, template: place });
      else left.push({ ...at, workload, field: fieldOf(place), found: place.found, reason: place.leave });
    }
  }
  return { targets, left };
}

function targetAt(
  { object }: ManifestDocument,
  { owner, template: path }: TemplatePlace,
  namespaces: Namespaces,
  fallback: string | undefined,
): Target {
  const template = valueAt(object, path) as Template;
  const carrier = valueAt(object, owner.path) as Workload;
  // Items of a typed list may leave out what they are.
  const workload =
    carrier.kind === undefined ? { apiVersion: owner.apiVersion, kind: owner.kind, ...carrier } : carrier;
  const name = owner.namespace ?? ownNamespace(template) ?? fallback;
  const facts = namespaces.get(name ?? namespaceOf({ template, workload }));
  const namespace = facts ?? (name === fallback && name !== undefined ? { metadata: { name } } : undefined);
  return { template, workload, ...(namespace && { namespace }) };
}

function ownNamespace({ metadata }: Template): string | undefined {
  const name: unknown = isRecord(metadata) ? metadata.namespace : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function fieldOf({ owner, spec }: TemplatePlace): string {
  return formatFieldPath(spec.slice(owner.path.length));
}
