import type { Container, PodSpec } from '../../kube/generated/objects.ts';
import { isRecord } from '../../kube/json.ts';
import type { Finding } from '../finding.ts';
import { type Fingerprints, fingerprint } from '../fingerprint.ts';
import { keyOf } from '../keys.ts';
import {
  type AttachedSidecar,
  type AttachedTree,
  entryAt,
  leavesOf,
  type Provenance,
  setEntry,
} from '../provenance.ts';
import type { Template } from '../target.ts';

/** A path of keys: fields by name, list elements by what tells them apart. */
export type KeyPath = readonly string[];

/** What a part of the template is now, and which sidecar brought it in this run, if one did. */
export interface Found {
  value: unknown;
  sidecar?: string;
}

/**
 * The template while sidecars are attached to it. Copies what it changes and nothing else, and notes each change for the provenance.
 */
export class Draft {
  readonly findings: Finding[] = [];
  /** The template that was given, for the places in findings. */
  readonly original: Template;
  private readonly metadata: Record<string, unknown>;
  private readonly spec: Record<string, unknown>;
  private readonly base: Template;
  private readonly wasEmpty: Record<string, unknown> | undefined;
  private readonly own = new Set<object>();
  private readonly owners = new Map<string, string>();
  private readonly trees = new Map<string, AttachedTree>();
  private readonly staying: AttachedSidecar[] = [];
  private readonly empty: Record<string, unknown> = {};
  private readonly made: string[] = [];
  private readonly fingerprints: Fingerprints;

  /** `wasEmpty` is what the provenance before says: others may have put something there since. */
  constructor(base: Template, original: Template, fingerprints: Fingerprints, wasEmpty?: Record<string, unknown>) {
    this.wasEmpty = wasEmpty;
    this.base = base;
    this.original = original;
    this.fingerprints = fingerprints;
    this.metadata = { ...base.metadata };
    this.spec = { ...base.spec };
  }

  /** Attached sidecars that this run leaves as they are: what they brought is theirs. */
  stay(sidecars: readonly AttachedSidecar[], { empty, made = [] }: Provenance): void {
    for (const sidecar of sidecars) {
      this.staying.push(sidecar);
      this.trees.set(sidecar.name, sidecar.attached);
      for (const path of leavesOf(sidecar.attached)) {
        const key = path.join('\n');
        if (!this.owners.has(key)) this.owners.set(key, sidecar.name);
      }
    }
    Object.assign(this.empty, empty);
    this.made.push(...made);
  }

  /** The part at a path, or undefined. */
  find(path: KeyPath): Found | undefined {
    const value = this.look(path);
    if (value === undefined) return undefined;
    const sidecar = this.owners.get(path.join('\n'));
    return sidecar === undefined ? { value } : { value, sidecar };
  }

  /** The containers of a list as they are now. */
  containers(list: 'containers' | 'initContainers'): readonly Container[] {
    return (this.spec[list] ?? []) as Container[];
  }

  /** The spec as it is now, to read. */
  get podSpec(): PodSpec {
    return this.spec as unknown as PodSpec;
  }

  /** Appends an element to the list at a path. */
  add(sidecar: string, list: KeyPath, item: unknown): void {
    const field = list.at(-1) ?? '';
    this.open(list, 'list').push(item);
    this.note(sidecar, [...list, keyOf(field, item)], field, item);
  }

  /** Makes an element that will hold what is added to it, and is nobody's own. */
  make(list: KeyPath, item: unknown): void {
    this.open(list, 'list').push(item);
    this.made.push([...list, keyOf(list.at(-1) ?? '', item)].join('/'));
  }

  /** Puts an element in the place of the one with the same key. */
  replace(sidecar: string, list: KeyPath, item: unknown): void {
    const field = list.at(-1) ?? '';
    const items = this.open(list, 'list');
    const index = items.findIndex((other) => keyOf(field, other) === keyOf(field, item));
    const old = items[index];
    items[index] = item;
    this.note(sidecar, [...list, keyOf(field, item)], field, item, { old });
  }

  /** Sets a field of a map; what was there before is kept in the provenance. */
  set(sidecar: string, map: KeyPath, key: string, value: unknown): void {
    const target = this.open(map, 'map');
    const replaced = target[key] === undefined || target[key] === null ? undefined : { old: target[key] };
    target[key] = value;
    this.note(sidecar, [...map, key], key, value, replaced);
  }

  /** The part is there already and is this sidecar's too, with whatever it took the place of. */
  claim(sidecar: string, path: KeyPath, field: string, value: unknown): void {
    const other = this.owners.get(path.join('\n'));
    const entry = other === undefined ? undefined : entryAt(this.trees.get(other), path);
    for (let length = 1; length < path.length; length++) this.noteEmpty(path, length, this.look(path.slice(0, length)));
    this.note(sidecar, path, field, value, Array.isArray(entry) ? { old: entry[1] } : undefined);
    if (other !== undefined) this.owners.set(path.join('\n'), other);
  }

  /** The part was this sidecar's before, and somebody changed it; it is this sidecar's again as it comes now. */
  reclaim(sidecar: string, list: KeyPath, item: unknown): void {
    const field = list.at(-1) ?? '';
    const items = this.open(list, 'list');
    items[items.findIndex((other) => keyOf(field, other) === keyOf(field, item))] = item;
    this.note(sidecar, [...list, keyOf(field, item)], field, item);
  }

  /** Brings the containers of a list into an order, by name. */
  arrange(list: 'containers' | 'initContainers', names: readonly string[]): void {
    const containers = this.containers(list);
    if (containers.every(({ name }, i) => name === names[i])) return;
    const rank = new Map(names.map((name, i) => [name, i]));
    this.spec[list] = containers.toSorted((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0));
  }

  /** What each sidecar did. */
  provenance(digests: ReadonlyMap<string, string>): Provenance {
    const sidecars = [...digests].map(([name, digest]) => ({ name, digest, attached: this.trees.get(name) ?? {} }));
    return { sidecars: [...this.staying, ...sidecars], empty: this.empty, made: [...new Set(this.made)] };
  }

  /** The finished template, with an annotation that no sidecar owns. */
  finish(annotation: string, text: string): Template {
    const metadata = {
      ...this.metadata,
      annotations: { ...(this.metadata.annotations as object), [annotation]: text },
    };
    const spec = this.podSpec;
    if (Object.hasOwn(this.base, 'metadata')) return { ...this.base, metadata, spec };
    // Where it is usually written: before the spec.
    const { spec: _, ...rest } = this.base;
    return { ...rest, metadata, spec };
  }

  /** Notes empty parents before the text of the annotation is made. */
  openAnnotations(): void {
    this.open(['metadata', 'annotations'], 'map');
  }

  private look(path: KeyPath): unknown {
    const [root = ''] = path;
    let node: unknown = root === 'metadata' ? this.metadata : this.spec[root];
    let field = root;
    for (const segment of path.slice(1)) {
      if (Array.isArray(node)) {
        const list = field;
        node = node.find((item) => keyOf(list, item) === segment);
      } else {
        node = isRecord(node) && Object.hasOwn(node, segment) ? node[segment] : undefined;
        field = segment;
      }
    }
    return node ?? undefined;
  }

  private open(path: KeyPath, kind: 'list'): unknown[];
  private open(path: KeyPath, kind: 'map'): Record<string, unknown>;
  /** The list or map at a path, as a copy of our own; made when it is not there. The empty path is the spec. */
  private open(path: KeyPath, kind: 'list' | 'map'): unknown {
    if (path.length === 0) return this.spec;
    const [root = ''] = path;
    if (root === 'metadata' && path.length === 1) return this.metadata;
    if (root === 'metadata') this.noteEmpty(path, 1, this.base.metadata);
    let parent: Record<string, unknown> = root === 'metadata' ? this.metadata : this.spec;
    let field = root === 'metadata' ? (path[1] ?? '') : root;
    let at = root === 'metadata' ? 2 : 1;
    for (;;) {
      const last = at >= path.length;
      this.noteEmpty(path, at, parent[field]);
      const node = this.ownCopy(parent, field, last ? kind : undefined);
      if (last) return node;
      const segment = path[at++] ?? '';
      if (!Array.isArray(node)) {
        parent = node as Record<string, unknown>;
        field = segment;
        continue;
      }
      const list = field;
      const index = node.findIndex((item) => keyOf(list, item) === segment);
      const items = node as unknown as Record<number, unknown>;
      parent = this.ownCopy(items as Record<string, unknown>, String(index), 'map') as Record<string, unknown>;
      field = path[at++] ?? '';
    }
  }

  private ownCopy(parent: Record<string, unknown>, field: string, kind: 'list' | 'map' | undefined): unknown {
    const node = parent[field];
    if (typeof node === 'object' && node !== null && this.own.has(node)) return node;
    const list = node === undefined || node === null ? kind === 'list' : Array.isArray(node);
    const copy: object = list ? [...((node ?? []) as unknown[])] : { ...(node as object | undefined) };
    this.own.add(copy);
    parent[field] = copy;
    return copy;
  }

  /** `value` is what is at the first `length` steps of the path. */
  private noteEmpty(path: KeyPath, length: number, value: unknown): void {
    if (typeof value !== 'object' || (value !== null && this.own.has(value))) return;
    const isEmpty = value === null || Object.keys(value).length === 0;
    if (!isEmpty && this.wasEmpty === undefined) return;
    const place = path.slice(0, length).join('/');
    if (Object.hasOwn(this.empty, place)) return;
    if (isEmpty) this.empty[place] = value;
    else if (Object.hasOwn(this.wasEmpty ?? {}, place)) this.empty[place] = this.wasEmpty?.[place];
  }

  private note(sidecar: string, path: KeyPath, field: string, value: unknown, replaced?: { old: unknown }): void {
    const tree = this.trees.get(sidecar) ?? {};
    this.trees.set(sidecar, tree);
    this.owners.set(path.join('\n'), sidecar);
    const print = fingerprint(field, value, this.fingerprints);
    setEntry(tree, path, replaced === undefined ? print : [print, replaced.old]);
  }
}
