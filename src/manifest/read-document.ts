import { TextFault } from './errors.ts';
import { readWithLibrary } from './library-reader.ts';
import { readQuickly } from './quick-reader.ts';
import type { Piece } from './split.ts';
import type { Node, ReadLimits, Tree } from './tree.ts';

/** What neither YAML nor Go's reader of it takes in a text: control characters, and CR as a line break of its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const JUNK = /[\0-\x08\v\f\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|\r(?!\n)/;

/**
 * Reads the trees of one piece: one; none where there are only comments; several in a stream of JSON objects.
 * @throws TextFault
 */
export function readPiece(text: string, piece: Piece, limits: ReadLimits): Tree[] {
  const { start, bodyStart, bodyEnd, end } = piece;
  if (end - start > limits.characters) {
    throw new TextFault('TooLarge', start, `this document is larger than ${limits.characters} characters`);
  }
  const source = text.slice(start, end);
  const junk = JUNK.exec(source);
  if (junk) throw new TextFault('NotText', start + junk.index, `character ${codePoint(junk[0])} is not text`);
  const roots = piece.plain ? readQuickly(text, bodyStart, bodyEnd, limits) : undefined;
  if (roots) return roots.map((root) => ({ root, anchored: false, json: isJson(text, root) }));
  return readThoroughly(source, start, limits).map((tree) => ({ ...tree, json: false }));
}

function readThoroughly(source: string, start: number, limits: ReadLimits): { root: Node; anchored: boolean }[] {
  try {
    const trees = readWithLibrary(source, start, limits);
    if (trees.length < 2) return trees;
    throw new TextFault('InvalidYaml', trees[1]!.root.start, 'a second document begins here without a "---" before it');
  } catch (error) {
    throw (/^\s*\{/.test(source) && jsonFault(source, start)) || error;
  }
}

/** Of a text that looks like JSON: where JSON's own reader stumbles is what its writer wants to know. */
function jsonFault(source: string, start: number): TextFault | undefined {
  if (/^\s*\{\s*[^"\s}]/.test(source)) return undefined;
  try {
    JSON.parse(source);
    return undefined;
  } catch (error) {
    const message = (error as Error).message;
    const at = /position (\d+)/.exec(message)?.[1];
    const offset = at === undefined ? source.trimEnd().length : Number(at);
    return new TextFault('InvalidJson', start + offset, jsonReason(source, offset));
  }
}

function jsonReason(source: string, offset: number): string {
  const found = source.charAt(offset);
  return found === '' ? 'the JSON ends too early' : `${JSON.stringify(found)} is not what JSON has here`;
}

function isJson(text: string, { kind, start, end }: Node): boolean {
  if (kind !== 'map' || text.charAt(start) !== '{') return false;
  try {
    JSON.parse(text.slice(start, end));
    return true;
  } catch {
    return false;
  }
}

function codePoint(char: string): string {
  return `U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
