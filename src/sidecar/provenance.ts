import { isRecord } from '../kube/json.ts';
import { type Finding, onTemplate } from './finding.ts';
import { ATTACHED } from './sidecar.ts';
import type { Template } from './target.ts';

/**
 * What one sidecar added, as a tree that follows the spec (and `metadata`): list elements by their keys. A leaf is the fingerprint of what
 * was added, or `[fingerprint, old value]` of what was replaced.
 */
export interface AttachedTree {
  [segment: string]: string | [string, unknown] | AttachedTree;
}

export interface Provenance {
  /** In the order in which they were attached. */
  sidecars: AttachedSidecar[];
  /** Lists and maps that were there, but empty, before the first thing was added: path to `[]`, `{}` or null. */
  empty?: Record<string, unknown>;
  /** List elements that were made only to hold what was added: they go with the last of it. */
  made?: string[];
}

export interface AttachedSidecar {
  name: string;
  digest: string;
  attached: AttachedTree;
}

const FORMAT = 1;

/** One line of JSON, always the same for the same content. */
export function writeProvenance({ sidecars, empty, made = [] }: Provenance): string {
  const hasEmpty = empty !== undefined && Object.keys(empty).length > 0;
  const ordered = sidecars.map(({ name, digest, attached }) => ({ name, digest, attached }));
  // Not canonical: old values are given back with their keys in the order they had.
  return JSON.stringify({ v: FORMAT, sidecars: ordered, ...(hasEmpty && { empty }), ...(made.length > 0 && { made }) });
}

/** What a template says is attached to it; nothing when it says nothing. A text that Outfit did not write is an error. */
export function readProvenance(template: Template): { provenance?: Provenance; findings: Finding[] } {
  const annotations: unknown = isRecord(template) ? template.metadata?.annotations : undefined;
  const text = isRecord(annotations) ? annotations[ATTACHED] : undefined;
  if (text === undefined || text === null) return { findings: [] };
  const provenance = typeof text === 'string' ? parse(text) : undefined;
  if (provenance !== undefined) return { provenance, findings: [] };
  const message = 'cannot be read: it was not written by this version of Outfit, or was changed by hand';
  return { findings: [onTemplate('InvalidProvenance', `metadata.annotations[${ATTACHED}]`, message, { value: text })] };
}

function parse(text: string): Provenance | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.v !== FORMAT || !Array.isArray(value.sidecars)) return undefined;
  const { sidecars, empty, made } = value;
  const fine = sidecars.every(
    (one) => isRecord(one) && typeof one.name === 'string' && typeof one.digest === 'string' && isTree(one.attached),
  );
  if (!fine || (empty !== undefined && !isRecord(empty)) || (made !== undefined && !Array.isArray(made)))
    return undefined;
  return {
    sidecars: sidecars as Provenance['sidecars'],
    ...(isRecord(empty) && { empty }),
    ...(Array.isArray(made) && { made: made.map(String) }),
  };
}

function isTree(value: unknown): value is AttachedTree {
  return isRecord(value) && Object.values(value).every((entry) => isLeaf(entry) || isTree(entry));
}

function isLeaf(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.length === 2 && typeof value[0] === 'string');
}

export function entryAt(tree: AttachedTree | undefined, path: readonly string[]): AttachedTree[string] | undefined {
  let at: AttachedTree[string] | undefined = tree;
  for (const segment of path) {
    if (!isRecord(at) || !Object.hasOwn(at, segment)) return undefined;
    at = (at as AttachedTree)[segment];
  }
  return at;
}

/** The paths of everything that a tree says was added or replaced. */
export function leavesOf(tree: AttachedTree, path: readonly string[] = []): string[][] {
  return Object.entries(tree).flatMap(([segment, entry]) =>
    isLeaf(entry) ? [[...path, segment]] : leavesOf(entry as AttachedTree, [...path, segment]),
  );
}

/** Names that begin with `__` are as good as others. */
export function setEntry(tree: AttachedTree, path: readonly string[], leaf: string | [string, unknown]): void {
  let at = tree;
  for (const segment of path.slice(0, -1)) {
    if (!Object.hasOwn(at, segment)) define(at, segment, {});
    at = at[segment] as AttachedTree;
  }
  define(at, path.at(-1) ?? '', leaf);
}

function define(tree: AttachedTree, key: string, value: AttachedTree[string]): void {
  if (key !== '__proto__') tree[key] = value;
  else Object.defineProperty(tree, key, { value, enumerable: true, configurable: true, writable: true });
}
