import type { FieldPath } from './field-path.ts';
import type { Layout } from './layout.ts';
import type { LineWriter } from './line-writer.ts';
import { sameValue } from './same-value.ts';
import type { StyleSource } from './style-source.ts';
import { toObject } from './to-object.ts';
import { DEFAULT_LIMITS, type Node } from './tree.ts';

/** A piece of text to put in place of another. Offsets count in the file's text. */
export interface Splice {
  start: number;
  end: number;
  text: string;
}

/** How a node hangs in its parent. */
export interface Place {
  in: 'root' | 'pair' | 'item' | 'flow';
  /** After the colon or the dash (`root`, `flow` item: the node's start). */
  after: number;
  /** Of the block map or list that holds it. */
  column: number;
  /** The key that it, or the list that holds it, stands under: what styles are looked up by. */
  key: string;
  path: FieldPath;
}

/** What all steps of one document's edit share. */
export interface EditContext {
  readonly text: string;
  readonly layout: Layout;
  readonly styles: StyleSource;
  readonly lines: LineWriter;
  readonly json: boolean;
  /** Undefined in a document without anchors. */
  readonly anchors: AnchorLedger | undefined;
  readonly splices: Splice[];
  /** Brings a node from what it says (`old`) to what is wanted. */
  edit(node: Node, old: unknown, wanted: unknown, place: Place): void;
  /** Writes a node anew, whatever it was. */
  replace(node: Node, wanted: unknown, place: Place): void;
}

/** A value that needs no look at its text; where there are anchors every node is looked at. */
export function isSettled({ anchors }: EditContext, old: unknown, wanted: unknown): boolean {
  return !anchors && sameValue(old, wanted);
}

/** Adds text at an offset; what is added later at the same offset stands after it. */
export function insert(context: EditContext, at: number, text: string): void {
  context.splices.push({ start: at, end: at, text });
}

/** What each anchored node will say once the edit is done: an alias may stay only where that is what it must say. */
export class AnchorLedger {
  private readonly wanted = new Map<Node, unknown>();
  private readonly gone = new Set<Node>();

  visit(node: Node, wanted: unknown): void {
    if (node.anchor !== undefined) this.wanted.set(node, wanted);
  }

  /** A node is removed or written anew: its anchors, and those inside it, are no more. */
  forget(node: Node): void {
    this.gone.add(node);
    if (node.kind === 'map') for (const { value } of node.pairs) this.forget(value);
    if (node.kind === 'seq') for (const item of node.items) this.forget(item);
  }

  /** What a node will say; undefined where it will not be there. */
  valueOf(node: Node): unknown {
    if (this.gone.has(node)) return undefined;
    return this.wanted.has(node) ? this.wanted.get(node) : toObject(node, DEFAULT_LIMITS);
  }
}
