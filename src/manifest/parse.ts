import { isRecord } from '../kube/json.ts';
import { ManifestError, type Position, TextFault } from './errors.ts';
import { type FieldPath, parseFieldPath } from './field-path.ts';
import { LineIndex } from './line-index.ts';
import { locate } from './locate.ts';
import { readPiece } from './read-document.ts';
import { type Piece, splitText } from './split.ts';
import { toObject } from './to-object.ts';
import { DEFAULT_LIMITS, type ReadLimits, type Tree } from './tree.ts';

export interface ParseOptions {
  /** What errors call the text. Default: `-`. */
  file?: string;
  /** The line of the file at which `text` begins, where it is a part of it (`splitDocuments`). Default: 1. */
  firstLine?: number;
  limits?: Partial<ReadLimits>;
}

/** One document: its object and where it stands in the text. */
export interface ManifestDocument {
  /** Its place among the file's `documents`. */
  readonly index: number;
  /** As kubectl reads it (see `resolvePlain`): plain JSON, aliases and merge keys resolved. Not to be changed in place. */
  readonly object: Record<string, unknown>;
  /** First and last line with content, from 1. */
  readonly lines: { first: number; last: number };
  /** The document is strict JSON. */
  readonly json: boolean;
  /**
   * Where a field stands: its value, or its key where the value begins on a later line. A field that is not there: the nearest one around it.
   * @param path keys and indices, or text as `spec.containers[0].image`
   */
  position(path: FieldPath | string): Position;
}

/** A manifest file: its text, and what it holds. */
export interface ManifestFile {
  readonly file: string;
  readonly text: string;
  /** The documents that could be read; empty ones (comments only) are not listed. */
  readonly documents: readonly ManifestDocument[];
  /** One for each document that could not be read. The others are not lost by it. */
  readonly errors: readonly ManifestError[];
}

/** What this folder knows of a document beyond what it tells. */
export interface ReadDocument extends ManifestDocument {
  /** The file's whole text; the tree's offsets count in it. */
  readonly text: string;
  readonly tree: Tree;
  readonly piece: Piece;
}

/**
 * Reads a YAML stream or JSON text (also several JSON objects one after the other) and keeps where everything stands. Never throws for what
 * the text says: faults are in `errors`.
 */
export function parseManifests(text: string, options: ParseOptions = {}): ManifestFile {
  const { file = '-', firstLine = 1 } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const lines = new LineIndex(text, firstLine);
  const documents: ReadDocument[] = [];
  const errors: ManifestError[] = [];
  for (const piece of splitText(text)) {
    try {
      for (const tree of readPiece(text, piece, limits)) {
        documents.push(new PlacedDocument(documents.length, text, tree, piece, lines, objectOf(tree, limits)));
      }
    } catch (error) {
      if (!(error instanceof TextFault)) throw error;
      const place = { file, ...lines.positionOf(error.offset) };
      errors.push(new ManifestError(error.code, place, error.message));
    }
  }
  return { file, text, documents, errors };
}

/** @throws TextFault NotAnObject and the faults of `toObject` */
export function objectOf({ root }: Tree, limits: ReadLimits): Record<string, unknown> {
  const object = toObject(root, limits);
  if (isRecord(object)) return object;
  const found = Array.isArray(object) ? 'a list' : `the value ${JSON.stringify(object).slice(0, 60)}`;
  throw new TextFault('NotAnObject', root.start, `a manifest is a map with apiVersion and kind, not ${found}`);
}

class PlacedDocument implements ReadDocument {
  readonly index: number;
  readonly text: string;
  readonly tree: Tree;
  readonly piece: Piece;
  readonly object: Record<string, unknown>;
  private readonly lineIndex: LineIndex;

  constructor(
    index: number,
    text: string,
    tree: Tree,
    piece: Piece,
    lineIndex: LineIndex,
    object: Record<string, unknown>,
  ) {
    this.index = index;
    this.text = text;
    this.tree = tree;
    this.piece = piece;
    this.lineIndex = lineIndex;
    this.object = object;
  }

  get json(): boolean {
    return this.tree.json;
  }

  get lines(): { first: number; last: number } {
    const { start, end } = this.tree.root;
    return { first: this.lineIndex.positionOf(start).line, last: this.lineIndex.positionOf(end).line };
  }

  position(path: FieldPath | string): Position {
    const steps = typeof path === 'string' ? parseFieldPath(path) : path;
    return this.lineIndex.positionOf(locate(this.tree.root, steps, this.lineIndex));
  }
}
