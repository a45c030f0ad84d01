import { formatPlace, fromManifestError, type PlacedFinding } from '../../files/finding.ts';
import { namespacesIn } from '../../files/namespaces.ts';
import type { FileObject } from '../../files/objects.ts';
import { objectsIn } from '../../files/objects.ts';
import { placeFinding } from '../../files/place-finding.ts';
import type { ReadSidecars } from '../../files/sidecars.ts';
import { type FileTarget, type LeftTemplate, targetsIn } from '../../files/targets.ts';
import { isRecord } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { ManifestFile } from '../../manifest/parse.ts';
import type { TemplatePath } from '../../manifest/pod-templates.ts';
import { type Attached, attach } from '../../sidecar/attach.ts';
import { hasErrors } from '../../sidecar/finding.ts';
import { GROUP } from '../../sidecar/sidecar.ts';
import { type Resource, typeName } from '../client/resources.ts';
import { standIn } from './stand-in.ts';
import { isPod, isPods, keyOf, labelOf, type Wanted } from './wanted.ts';

export interface ComposeInput {
  files: readonly ManifestFile[];
  sidecars: ReadSidecars;
  /** The resource by which the node serves a kind, if it does. */
  served(apiVersion: string, kind: string): Resource | undefined;
  /** Of objects that name none. */
  namespace: string;
  /** Where the user says that Pod templates are. */
  paths?: readonly TemplatePath[];
}

/** What has to be on the node, and what there is to say about it. With an error among the findings nothing may be applied. */
export interface Composed {
  wanted: Wanted[];
  notes: Note[];
  findings: PlacedFinding[];
}

/** One line each, for people and for machines. */
export type Note =
  | { type: 'joins'; sidecar: string; object: string; reason: string; containers: string[] }
  | { type: 'stand-in'; object: string; pod: string; why: string; differences: string[] }
  | { type: 'skipped'; object: string; reason: string };

/** Attaches what joins and decides for every object of the files what becomes of it here. Pure. */
export function compose(input: ComposeInput): Composed {
  const { files, sidecars, namespace, paths = [] } = input;
  const run = new Composing(input);
  const namespaces = namespacesIn(files);
  for (const file of files) {
    run.findings.push(...file.errors.map(fromManifestError));
    const { targets, left } = targetsIn(file, { namespaces, namespace, paths });
    for (const object of objectsIn(file)) run.add(object, targets, left);
  }
  return { wanted: run.wanted, notes: run.notes, findings: [...sidecars.findings, ...run.findings] };
}

class Composing {
  readonly wanted: Wanted[] = [];
  readonly notes: Note[] = [];
  readonly findings: PlacedFinding[] = [];
  private readonly input: ComposeInput;

  constructor(input: ComposeInput) {
    this.input = input;
  }

  add(at: FileObject, targets: readonly FileTarget[], left: readonly LeftTemplate[]): void {
    const fault = identityFault(at.object);
    if (fault === undefined) this.addObject(at, targets, left);
    else this.refuse(at, fault);
  }

  private addObject(at: FileObject, targets: readonly FileTarget[], left: readonly LeftTemplate[]): void {
    const { apiVersion, kind } = at.object as { apiVersion: string; kind: string };
    const resource = this.input.served(apiVersion, kind);
    const own = targets.filter(({ document, template }) => isAt(at, document, template.owner.path));
    if (resource && isPods(resource)) for (const target of own) this.addPod(at, resource, target);
    else if (resource) this.want(at, resource, at.object);
    else if (own.length > 0) this.addStandIns(at, own);
    // Sidecars do their work here, whether or not the node keeps them.
    else if (apiVersion.split('/')[0] !== GROUP) this.skip(at, reasonToSkip(at, left));
  }

  private addPod(at: FileObject, resource: Resource, target: FileTarget): void {
    const attached = this.attach(target);
    if (attached === undefined) return;
    this.want(at, resource, attached.template as Record<string, unknown>);
    this.noteJoins(attached, `pod/${nameIn(at.object)}`);
  }

  /** The Pods of a workload that the node does not serve. */
  private addStandIns(at: FileObject, targets: readonly FileTarget[]): void {
    const pods = this.input.served('v1', 'Pod');
    if (pods === undefined) throw new Error('a Kubernetes without Pods');
    const { kind } = at.object as { kind: string };
    for (const [index, target] of targets.entries()) {
      const attached = this.attach(target);
      if (attached === undefined) continue;
      const own = nameIn(at.object);
      const make = (name: string) => standIn({ workload: at.object, template: attached.template, name });
      const name = targets.length > 1 ? `${own}-${index}` : own;
      const first = make(name);
      // Two workloads of one name but of different kinds would be one Pod.
      const made = 'pod' in first && this.isTaken(at, first.pod) ? make(`${name}-${kind.toLowerCase()}`) : first;
      if ('none' in made) {
        this.skip(at, made.none);
        return;
      }
      const pod = made.pod.metadata.name;
      const why = `this node has no ${plural(kind)}`;
      this.notes.push({ type: 'stand-in', object: objectLabel(at), pod, why, differences: made.differences });
      this.want(at, pods, made.pod, made.finishes);
      this.noteJoins(attached, `pod/${pod}`);
    }
  }

  private attach(target: FileTarget): Attached | undefined {
    const attached = attach({ ...target.target, sidecars: this.input.sidecars.sidecars });
    const findings = attached.findings.map((finding) => placeFinding(finding, target, this.input.sidecars.definitions));
    this.findings.push(...findings);
    return hasErrors(attached.findings) ? undefined : attached;
  }

  private noteJoins({ joined }: Attached, object: string): void {
    for (const { name, reason, containers } of joined)
      this.notes.push({ type: 'joins', sidecar: name, object, reason, containers });
  }

  private want(at: FileObject, resource: Resource, object: Record<string, unknown>, finishes = false): void {
    const own = isRecord(at.object.metadata) ? at.object.metadata.namespace : undefined;
    const namespace = resource.namespaced ? String(own ?? this.input.namespace) : '';
    const name = nameIn(object);
    const metadata = { ...(object.metadata as object), name, ...(resource.namespaced && { namespace }) };
    const complete = withPlainData({ ...object, metadata } as KubeObject);
    const label = labelOf({ resource, namespace, name }, this.input.namespace);
    const wanted = { resource, namespace, name, object: complete, label, source: placeOf(at), finishes };
    const same = this.wanted.find((one) => keyOf(one) === keyOf(wanted));
    if (same) this.refuse(at, `${objectLabel(at)} is given twice: also at ${same.source}`);
    else this.wanted.push(wanted);
  }

  private isTaken(at: FileObject, { metadata: { name } }: KubeObject): boolean {
    const own = isRecord(at.object.metadata) ? at.object.metadata.namespace : undefined;
    const namespace = String(own ?? this.input.namespace);
    return this.wanted.some((one) => isPod(one) && one.name === name && one.namespace === namespace);
  }

  private skip(at: FileObject, reason: string): void {
    this.notes.push({ type: 'skipped', object: objectLabel(at), reason });
  }

  private refuse({ file, document, path }: FileObject, message: string): void {
    this.findings.push({
      severity: 'error',
      code: 'InvalidField',
      file,
      ...document.position(path),
      field: '',
      message,
    });
  }
}

function reasonToSkip({ object }: FileObject, left: readonly LeftTemplate[]): string {
  const { kind } = object as { kind: string };
  const seen = left.find(({ workload }) => workload.kind === kind && workload.name === nameIn(object));
  const alone = seen ? `, and its Pod template is left alone: ${seen.reason}` : '';
  return `this node has no ${plural(kind)}${alone}`;
}

function identityFault(object: Record<string, unknown>): string | undefined {
  for (const field of ['apiVersion', 'kind'])
    if (typeof object[field] !== 'string' || object[field] === '') return `${field} not set`;
  return nameIn(object) === '' ? 'metadata.name: Required value: name or generateName is required' : undefined;
}

/** An object that wants a generated name gets one that stays the same. */
function nameIn({ metadata }: Record<string, unknown>): string {
  const { name, generateName } = isRecord(metadata) ? metadata : {};
  if (typeof name === 'string' && name !== '') return name;
  return typeof generateName === 'string' && generateName !== '' ? `${generateName}up` : '';
}

function isAt(at: FileObject, document: FileObject['document'], path: FileObject['path']): boolean {
  return at.document === document && path.join('\0') === at.path.join('\0');
}

function objectLabel({ object }: FileObject): string {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
  return `${typeName({ kind, group: BUILT_IN_GROUPS.includes(group) ? '' : group } as Resource)}/${nameIn(object)}`;
}

/** Groups that nobody names: everybody says deployment/web. */
const BUILT_IN_GROUPS = ['apps', 'batch', 'autoscaling', 'policy', 'networking.k8s.io', 'rbac.authorization.k8s.io'];

function placeOf({ file, document, path }: FileObject): string {
  return formatPlace({ file, ...document.position(path) });
}

/** Of what the node does not have: `Deployments`, `Ingresses`, `NetworkPolicies`. */
function plural(kind: string): string {
  if (/(s|x|ch|sh)$/.test(kind)) return `${kind}es`;
  return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}

/** `stringData` is only a way to write `data`: a key that goes there later could not be taken away otherwise. */
function withPlainData(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object;
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1' || !isRecord(stringData)) return object;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]);
  return { ...rest, data: { ...(isRecord(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) } };
}
