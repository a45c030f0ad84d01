import type { Container } from '../kube/generated/objects.ts';
import { isRecord } from '../kube/json.ts';
import type { Detached } from './detach.ts';
import { fieldOf } from './field-of.ts';
import { type Finding, onTemplate } from './finding.ts';
import { fingerprint } from './fingerprint.ts';
import { keyOf } from './keys.ts';
import { type AttachedSidecar, type AttachedTree, entryAt, type Provenance, writeProvenance } from './provenance.ts';
import { ATTACHED } from './sidecar.ts';
import type { Template } from './target.ts';

type Parts = Record<string, unknown>;

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** One run over one template: takes off what some of its sidecars brought. */
export class Detaching {
  readonly findings: Finding[] = [];
  readonly kept: Detached['kept'] = [];
  /** Leaves that were seen to: two sidecars may have brought the same. */
  private readonly done = new Set<string>();
  private readonly original: Template;
  private readonly provenance: Provenance;
  private readonly leaving: readonly string[];
  private readonly staying: readonly AttachedSidecar[];
  private readonly edited: 'Keep' | 'Remove';
  /** The metadata and the spec's fields as they are by now. */
  private parts: Parts = {};

  constructor(template: Template, provenance: Provenance, leaving: readonly string[], edited: 'Keep' | 'Remove') {
    this.original = template;
    this.provenance = provenance;
    this.leaving = leaving;
    this.staying = provenance.sidecars.filter(({ name }) => !leaving.includes(name));
    this.edited = edited;
  }

  template(): Template {
    this.parts = { metadata: this.original.metadata, ...this.original.spec };
    // The last that joined leaves first, as each may have built on those before it.
    const leaving = this.provenance.sidecars.filter(({ name }) => this.leaving.includes(name)).toReversed();
    for (const { name, attached } of leaving) {
      const { volumes: _, ...others } = attached;
      this.parts = this.without(this.parts, '', others, [], name) as Parts;
    }
    // Volumes go last: what stays may still mount them.
    for (const { name, attached } of leaving) {
      const { volumes = {} } = attached;
      this.parts = this.without(this.parts, '', { volumes }, [], name) as Parts;
    }
    const { metadata, ...spec } = this.annotate(this.parts);
    const result: Template = { ...this.original };
    if (metadata === undefined) delete result.metadata;
    else result.metadata = metadata as NonNullable<Template['metadata']>;
    if (this.original.spec !== undefined) result.spec = spec as unknown as NonNullable<Template['spec']>;
    return result;
  }

  /** The annotation says what is still attached, or goes. */
  private annotate(parts: Record<string, unknown>): Record<string, unknown> {
    const metadata = parts.metadata as Record<string, unknown>;
    const annotations = { ...(metadata.annotations as Record<string, unknown>) };
    if (this.staying.length > 0) {
      annotations[ATTACHED] = writeProvenance({ ...this.provenance, sidecars: [...this.staying] });
      return { ...parts, metadata: { ...metadata, annotations } };
    }
    delete annotations[ATTACHED];
    const cleaned = this.put({ ...metadata }, 'annotations', annotations, ['metadata', 'annotations']);
    return this.put({ ...parts }, 'metadata', cleaned, ['metadata']);
  }

  private without(node: unknown, field: string, tree: AttachedTree, path: readonly string[], sidecar: string): unknown {
    let result = node;
    for (const [segment, entry] of Object.entries(tree).reverse()) {
      const place = [...path, segment];
      if (Array.isArray(result)) result = this.inList(result, field, segment, entry, place, sidecar);
      else if (isRecord(result)) result = this.inMap(result, segment, entry, place, sidecar);
      else this.missing(entry, place, sidecar);
    }
    return result;
  }

  private inList(
    items: readonly unknown[],
    field: string,
    key: string,
    entry: AttachedTree[string],
    path: readonly string[],
    sidecar: string,
  ): readonly unknown[] {
    const print = printOf(entry);
    if (print !== undefined && this.done.has(path.join('\n'))) return items;
    const same = items.flatMap((item, i) => (keyOf(field, item) === key ? [i] : []));
    const index = same.find((i) => print !== undefined && fingerprint(field, items[i]) === print) ?? same[0];
    if (index === undefined) {
      this.missing(entry, path, sidecar);
      return items;
    }
    if (print === undefined) {
      const item = this.without(items[index], field, entry as AttachedTree, path, sidecar);
      const held = this.provenance.made?.includes(path.join('/')) && isRecord(item) && Object.keys(item).length === 1;
      return held ? items.toSpliced(index, 1) : items.with(index, item);
    }
    if (!this.mayGo(field, items[index], print, path, sidecar)) return items;
    if (field === 'volumes' && typeof entry === 'string' && this.isMounted(key, path, sidecar)) return items;
    return typeof entry === 'string' ? items.toSpliced(index, 1) : items.with(index, (entry as [string, unknown])[1]);
  }

  private inMap(
    map: Record<string, unknown>,
    key: string,
    entry: AttachedTree[string],
    path: readonly string[],
    sidecar: string,
  ): Record<string, unknown> {
    const print = printOf(entry);
    if (print !== undefined && this.done.has(path.join('\n'))) return map;
    if (!Object.hasOwn(map, key)) {
      this.missing(entry, path, sidecar);
      return map;
    }
    const copy = { ...map };
    if (print === undefined)
      return this.put(copy, key, this.without(map[key], key, entry as AttachedTree, path, sidecar), path);
    if (!this.mayGo(key, map[key], print, path, sidecar)) return map;
    if (typeof entry === 'string') delete copy[key];
    else copy[key] = (entry as [string, unknown])[1];
    return copy;
  }

  /** A list or map that became empty goes, or is again the nothing that it was. */
  private put(
    parent: Record<string, unknown>,
    key: string,
    value: unknown,
    path: readonly string[],
  ): Record<string, unknown> {
    const before = parent[key];
    const { empty = {} } = this.provenance;
    const place = path.join('/');
    if (!isEmpty(value) || isEmpty(before)) parent[key] = value;
    else if (Object.hasOwn(empty, place)) parent[key] = empty[place];
    else delete parent[key];
    return parent;
  }

  private mayGo(field: string, value: unknown, print: string, path: readonly string[], sidecar: string): boolean {
    this.isDone(path);
    if (this.staying.some(({ attached }) => printOf(entryAt(attached, path)) !== undefined)) return false;
    if (fingerprint(field, value) === print) return true;
    if (this.edited === 'Remove') return true;
    this.keep(path, sidecar, `was changed by hand since sidecar "${sidecar}" brought it, and stays`);
    return false;
  }

  /** Without it the Pod would be invalid: the container that mounts it was changed by hand, or is somebody's own. */
  private isMounted(volume: string, path: readonly string[], sidecar: string): boolean {
    if (this.edited === 'Remove') return false;
    const containers = CONTAINER_LISTS.flatMap((list) => (this.parts[list] ?? []) as Container[]);
    const user = containers.find(({ volumeMounts, volumeDevices }) =>
      [...(volumeMounts ?? []), ...(volumeDevices ?? [])].some(({ name }) => name === volume),
    );
    if (user === undefined) return false;
    this.keep(path, sidecar, `is still mounted by container "${user.name}", and stays`);
    return true;
  }

  private keep(path: readonly string[], sidecar: string, message: string): void {
    this.kept.push({ sidecar, path: [...path] });
    const place = fieldOf(this.original, path);
    this.findings.push(onTemplate('EditedByHand', place, message, { sidecar, severity: 'warning' }));
  }

  /** Whether a leaf was seen to before; now it is. */
  private isDone(path: readonly string[]): boolean {
    const key = path.join('\n');
    if (this.done.has(key)) return true;
    this.done.add(key);
    return false;
  }

  /** Every part below something that is gone is gone, too. */
  private missing(entry: AttachedTree[string], path: readonly string[], sidecar: string): void {
    if (printOf(entry) === undefined) {
      for (const [key, inner] of Object.entries(entry as AttachedTree)) this.missing(inner, [...path, key], sidecar);
      return;
    }
    if (this.isDone(path)) return;
    const field = fieldOf(this.original, path);
    const message = `sidecar "${sidecar}" brought it, and it is gone`;
    this.findings.push(onTemplate('RemovedByHand', field, message, { sidecar, severity: 'info' }));
  }
}

function printOf(entry: AttachedTree[string] | undefined): string | undefined {
  if (typeof entry === 'string') return entry;
  return Array.isArray(entry) ? entry[0] : undefined;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || (isRecord(value) && Object.keys(value).length === 0);
}
