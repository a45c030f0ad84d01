/**
 * A document as the text has it: every node with its offsets, enough to splice. Both readers make this tree.
 * `start` is where the value itself begins (after anchor and tag); `end` is after its last character, without the comment,
 * the line break or the blank lines that follow; only the blank lines that a `|+` scalar keeps belong to it.
 */
export type Node = ScalarNode | MapNode | SeqNode | AliasNode;

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded' | 'empty';
export type ScalarValue = string | number | boolean | null;

interface Placed {
  start: number;
  end: number;
  /** The anchor's name. */
  anchor?: string;
}

export interface ScalarNode extends Placed {
  kind: 'scalar';
  style: ScalarStyle;
  value: ScalarValue;
}

export interface Pair {
  /** The key as kubectl reads it: `on:` is "true". */
  key: string;
  start: number;
  keyEnd: number;
  /** After the colon; after the key where a flow map has none. */
  colonEnd: number;
  value: Node;
  /** `<<: …` */
  merge: boolean;
}

export interface MapNode extends Placed {
  kind: 'map';
  flow: boolean;
  pairs: Pair[];
}

export interface SeqNode extends Placed {
  kind: 'seq';
  flow: boolean;
  items: Node[];
  /** The offset of each item's `-`; in a flow sequence of the item with its anchor and tag. */
  starts: number[];
}

export interface AliasNode extends Placed {
  kind: 'alias';
  target: Node;
}

/** What reading one document gives. */
export interface Tree {
  root: Node;
  /** Anchors, aliases or merge keys are there: equal values may hang on one text. */
  anchored: boolean;
  /** The whole document is strict JSON. */
  json: boolean;
}

/** Bounds that keep a hostile text from taking the process with it. */
export interface ReadLimits {
  /** UTF-16 units of one document. */
  characters: number;
  /** Nested collections. */
  depth: number;
  /** Fields and items of one document: each takes some 500 bytes of memory. */
  values: number;
  /** Nodes that aliases may add. */
  aliasNodes: number;
}

export const DEFAULT_LIMITS: ReadLimits = {
  characters: 32 * 1024 * 1024,
  depth: 250,
  values: 2_000_000,
  aliasNodes: 100_000,
};
