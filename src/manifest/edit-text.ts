import { isRecord } from '../kube/json.ts';
import { AnchorLedger, type EditContext, type Splice } from './edit-context.ts';
import { editNode, replaceNode } from './edit-node.ts';
import { EditError, TextFault } from './errors.ts';
import { type FieldPath, valueAt } from './field-path.ts';
import { columnOf, detectLayout, detectTrait, type LayoutTrait } from './layout.ts';
import { LineWriter } from './line-writer.ts';
import type { ManifestDocument, ManifestFile, ReadDocument } from './parse.ts';
import { objectOf } from './parse.ts';
import { readPiece } from './read-document.ts';
import { firstDifference } from './same-value.ts';
import { splitText } from './split.ts';
import { StyleSource } from './style-source.ts';
import { DEFAULT_LIMITS } from './tree.ts';

/** What one document is to become. */
export interface DocumentEdit {
  /** The document's index. */
  document: number;
  /** The whole new object. Fields with undefined are taken as not there. */
  object: unknown;
}

export interface EditOptions {
  /** Where added values come from: what is added is written with the quotes and the flow style that it has there. */
  styles?: readonly ManifestDocument[];
}

/**
 * The file's text with some documents saying something else. Only the differences are spliced: no other byte changes. What is added follows the
 * document's indentation; new keys come last in their map, items where they stand in their list. The result is read again and compared.
 * An alias or a merge key that must say something else than its anchor is written out, and stays so; a value that is taken out again leaves what stood there before.
 * @throws EditError; then nothing is to be written
 */
export function editText(file: ManifestFile, edits: readonly DocumentEdit[], options: EditOptions = {}): string {
  const documents = file.documents as readonly ReadDocument[];
  const wanted = new Map<ReadDocument, unknown>();
  for (const { document: index, object } of edits) {
    const document = documents[index];
    if (!document || wanted.has(document)) {
      const reason = document ? 'the document is edited twice' : 'there is no such document';
      throw new EditError('NoSuchDocument', { file: file.file, document: index, path: [] }, reason);
    }
    requirePlain(file, document, object);
    wanted.set(document, object);
  }
  const splice = documentSplicer(file, new StyleSource(options.styles));
  let result = '';
  let copied = 0;
  for (const group of documentsByPiece(documents)) {
    const { start, end } = group[0]!.piece;
    const edited = group.filter((document) => wanted.has(document));
    const attempt = (literals: boolean) => {
      const splices = edited.flatMap((document) => splice(document, wanted.get(document), literals));
      return applySplices(file.text, start, end, splices);
    };
    if (edited.length === 0) continue;
    let text = attempt(true);
    if (unproven(file, text, group, wanted)) {
      // A literal block may run into comments that were another line's before: in quotes it cannot.
      text = attempt(false);
      const fault = unproven(file, text, group, wanted);
      if (fault) throw fault;
    }
    result += file.text.slice(copied, start) + text;
    copied = end;
  }
  return result + file.text.slice(copied);
}

function documentSplicer(
  file: ManifestFile,
  styles: StyleSource,
): (document: ReadDocument, object: unknown, literals: boolean) => Splice[] {
  const { text } = file;
  const lines = new LineWriter(styles);
  let trait: LayoutTrait | undefined;
  const fileTrait = () => {
    trait ??= detectTrait(
      text,
      (file.documents as readonly ReadDocument[]).map(({ tree }) => tree.root),
    );
    return trait;
  };
  return (document, object, literals) => {
    const { root, anchored, json } = document.tree;
    const context: EditContext = {
      text,
      json,
      styles,
      lines,
      layout: { ...detectLayout(text, root, fileTrait), literals },
      anchors: anchored ? new AnchorLedger() : undefined,
      splices: [],
      edit: (node, old, wanted, place) => editNode(context, node, old, wanted, place),
      replace: (node, wanted, place) => replaceNode(context, node, wanted, place),
    };
    const column = columnOf(text, root.start);
    context.edit(root, document.object, object, { in: 'root', after: root.start, column, key: '', path: [] });
    return context.splices;
  };
}

/** Several JSON objects may share a piece. */
function documentsByPiece(documents: readonly ReadDocument[]): ReadDocument[][] {
  const groups: ReadDocument[][] = [];
  for (const document of documents) {
    const last = groups.at(-1);
    if (last && last[0]!.piece === document.piece) last.push(document);
    else groups.push([document]);
  }
  return groups;
}

/** Sorts by place and keeps the order of what was added at one place. */
function applySplices(text: string, start: number, end: number, splices: Splice[]): string {
  let result = '';
  let at = start;
  for (const splice of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, splice.start) + splice.text;
    at = Math.max(at, splice.end);
  }
  return result + text.slice(at, end);
}

/** Reads the piece again: every document in it must say what was meant, also those that were not edited. */
function unproven(
  file: ManifestFile,
  text: string,
  documents: ReadDocument[],
  wanted: Map<ReadDocument, unknown>,
): EditError | undefined {
  const fault = (document: ReadDocument, path: FieldPath, reason: string) =>
    new EditError('NotProven', { file: file.file, document: document.index, path }, reason);
  const found = readAgain(text);
  if (found.fault) return fault(documents[0]!, [], `the text as edited does not read: ${found.fault}`);
  if (found.objects.length !== documents.length) {
    return fault(documents[0]!, [], 'the text as edited holds another number of documents');
  }
  for (const [index, document] of documents.entries()) {
    const path = firstDifference(wanted.get(document) ?? document.object, found.objects[index]);
    if (path) return fault(document, path, 'the text as edited does not say what was meant');
  }
  return undefined;
}

function readAgain(text: string): { objects: unknown[]; fault?: string } {
  try {
    const limits = { ...DEFAULT_LIMITS, characters: Number.POSITIVE_INFINITY, values: Number.POSITIVE_INFINITY };
    return {
      objects: splitText(text).flatMap((piece) => readPiece(text, piece, limits).map((tree) => objectOf(tree, limits))),
    };
  } catch (error) {
    if (error instanceof TextFault) return { objects: [], fault: error.message };
    throw error;
  }
}

/** @throws EditError NotPlain */
function requirePlain(file: ManifestFile, document: ManifestDocument, object: unknown): void {
  if (isRecord(object) && isPlain(object, document.object)) return;
  const path = isRecord(object) ? pathToOdd(object) : [];
  const reason = path.length === 0 ? 'a document is a map' : `${String(valueAt(object, path))} cannot be written`;
  throw new EditError('NotPlain', { file: file.file, document: document.index, path }, reason);
}

/** JSON and undefined fields. What is the very value of the old object has been read from text. */
function isPlain(value: unknown, old: unknown): boolean {
  if (value === old || value === null || value === undefined) return true;
  if (Array.isArray(value))
    return value.every((item, i) => item !== undefined && isPlain(item, (old as unknown[])?.[i]));
  if (typeof value !== 'object') return ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], (old as Record<string, unknown>)?.[key])) return false;
  }
  return true;
}

function pathToOdd(value: unknown): FieldPath {
  if (typeof value !== 'object' || value === null) return [];
  for (const [key, field] of Object.entries(value)) {
    const odd = Array.isArray(value) && field === undefined;
    if (odd || !isPlain(field, undefined)) return [Array.isArray(value) ? Number(key) : key, ...pathToOdd(field)];
  }
  return [];
}
