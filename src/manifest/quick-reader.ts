import { Cursor, DASH, HASH, NEWLINE, SPACE, TAB, UNUSUAL } from './cursor.ts';
import { readFlow, readQuoted } from './quick-flow.ts';
import { readLiteral } from './quick-literal.ts';
import { keyText, resolvePlain } from './resolve-scalar.ts';
import type { MapNode, Node, Pair, ReadLimits, ScalarNode, SeqNode } from './tree.ts';

const DOUBLE = 34;
const SINGLE = 39;
const COLON = 58;
const BAR = 124;
/** First characters that have a meaning of their own; `-`, `?` and `:` only before a space. */
const INDICATORS = new Set(Array.from(',[]{}#&*!|>\'"%@`', (char) => char.charCodeAt(0)));
const BEFORE_SPACE = new Set(Array.from('-?:', (char) => char.charCodeAt(0)));
const LONGEST_KEY = 1000;

/**
 * Reads the YAML that manifests are written in, some ten times as fast as the library: block maps and lists, scalars of one line, literal
 * blocks, flow collections. Whatever else there is (anchors, tags, folded or continued scalars, any fault) makes it give up, and the library,
 * which knows all of YAML, reads the document. Where it does not give up it reads what the library reads (reader.test.ts).
 * @returns the roots (several in a stream of JSON objects, none in an empty document), undefined where it gives up
 * @throws TextFault TooDeep, TooLarge
 */
export function readQuickly(text: string, start: number, end: number, limits: ReadLimits): Node[] | undefined {
  try {
    return readRoots(new Cursor(text, start, end, limits));
  } catch (error) {
    if (error === UNUSUAL) return undefined;
    throw error;
  }
}

function readRoots(cursor: Cursor): Node[] {
  const json = /^\s*\{/.test(cursor.text.slice(cursor.pos, cursor.pos + 200));
  if (json) return readFlowRoots(cursor);
  cursor.toContent();
  if (cursor.indent === -1) return [];
  if (cursor.text.charAt(cursor.pos) === '%') throw UNUSUAL;
  const root = readBlock(cursor);
  if (cursor.indent !== -1) throw UNUSUAL;
  return [root];
}

function readFlowRoots(cursor: Cursor): Node[] {
  const roots: Node[] = [];
  for (;;) {
    const rest = /[^ \t\r\n]/g;
    rest.lastIndex = cursor.pos;
    const found = rest.exec(cursor.text);
    if (!found || found.index >= cursor.end) return roots;
    if (found[0] === '#' && roots.length === 1) {
      cursor.finishLine();
      if (cursor.indent === -1) return roots;
    }
    if (found[0] !== '{') throw UNUSUAL;
    cursor.pos = found.index;
    roots.push(readFlow(cursor, -1));
  }
}

/** At the first character of a line: a list or a map. */
function readBlock(cursor: Cursor): Node {
  return startsItem(cursor) ? readSeq(cursor, cursor.indent) : readMap(cursor, cursor.indent);
}

/** A value that begins in a line of its own; `column` is the parent's. */
function readBelow(cursor: Cursor, column: number): Node {
  return opensFlow(cursor.at(cursor.pos)) ? readInline(cursor, column) : readBlock(cursor);
}

function startsItem(cursor: Cursor): boolean {
  if (cursor.at(cursor.pos) !== DASH) return false;
  return cursor.at(cursor.pos + 1) === SPACE || cursor.isBreak(cursor.pos + 1);
}

/** From the first key; ends at the first line that is not the map's. */
function readMap(cursor: Cursor, column: number): MapNode {
  cursor.enter();
  const pairs: Pair[] = [];
  const start = cursor.pos;
  do pairs.push(readPair(cursor, column));
  while (cursor.indent === column);
  if (cursor.indent > column) throw UNUSUAL;
  cursor.leave();
  return { kind: 'map', flow: false, start, end: pairs.at(-1)!.value.end, pairs };
}

function readPair(cursor: Cursor, column: number): Pair {
  cursor.count();
  const start = cursor.pos;
  const { key, keyEnd, colonEnd } = readKey(cursor);
  cursor.pos = colonEnd;
  return { key, start, keyEnd, colonEnd, value: readPairValue(cursor, column), merge: false };
}

function readKey(cursor: Cursor): { key: string; keyEnd: number; colonEnd: number } {
  const { text, pos: start } = cursor;
  if (isQuote(text.charCodeAt(start))) {
    const quoted = readQuoted(cursor);
    if (!isColon(cursor, quoted.end)) throw UNUSUAL;
    return { key: String(quoted.value), keyEnd: quoted.end, colonEnd: quoted.end + 1 };
  }
  const colon = findColon(cursor, start);
  if (colon === -1) throw UNUSUAL;
  let keyEnd = colon;
  while (text.charCodeAt(keyEnd - 1) === SPACE) keyEnd--;
  const source = text.slice(start, keyEnd);
  const key = keyText(resolvePlain(source));
  if (key === undefined || key === '<<' || isIndicated(source)) throw UNUSUAL;
  return { key, keyEnd, colonEnd: colon + 1 };
}

/** The colon that ends a plain key of this line; -1 where the line has none. */
function findColon(cursor: Cursor, start: number): number {
  const { text, end } = cursor;
  for (let pos = start; pos < end && pos - start < LONGEST_KEY; pos++) {
    const code = text.charCodeAt(pos);
    if (code === NEWLINE) return -1;
    if (code === COLON && isColon(cursor, pos)) return pos;
    if (code === TAB || (code === HASH && text.charCodeAt(pos - 1) === SPACE)) return -1;
  }
  return -1;
}

function isColon(cursor: Cursor, offset: number): boolean {
  return cursor.at(offset) === COLON && (cursor.at(offset + 1) === SPACE || cursor.isBreak(offset + 1));
}

function isIndicated(source: string): boolean {
  const first = source.charCodeAt(0);
  if (INDICATORS.has(first)) return true;
  return BEFORE_SPACE.has(first) && (source.length === 1 || source.charCodeAt(1) === SPACE);
}

function isQuote(code: number): boolean {
  return code === DOUBLE || code === SINGLE;
}

function opensFlow(code: number): boolean {
  return code === 91 || code === 123; // [ {
}

function readPairValue(cursor: Cursor, column: number): Node {
  const after = cursor.pos;
  cursor.skipSpaces();
  if (!cursor.isBreak(cursor.pos) && cursor.at(cursor.pos) !== HASH) {
    if (startsItem(cursor)) throw UNUSUAL;
    return readInline(cursor, column);
  }
  cursor.pos = after;
  cursor.finishLine();
  if (cursor.indent > column) return readBelow(cursor, column);
  if (cursor.indent === column && startsItem(cursor)) return readSeq(cursor, column);
  return { kind: 'scalar', style: 'empty', start: after, end: after, value: null };
}

/** From the first dash; ends at the first line that is not the list's. */
function readSeq(cursor: Cursor, column: number): SeqNode {
  cursor.enter();
  const items: Node[] = [];
  const starts: number[] = [];
  const start = cursor.pos;
  do {
    starts.push(cursor.pos);
    items.push(readItem(cursor, column));
  } while (cursor.indent === column && startsItem(cursor));
  if (cursor.indent > column) throw UNUSUAL;
  cursor.leave();
  return { kind: 'seq', flow: false, start, end: items.at(-1)!.end, items, starts };
}

function readItem(cursor: Cursor, column: number): Node {
  cursor.count();
  const dash = cursor.pos;
  const after = ++cursor.pos;
  cursor.skipSpaces();
  if (cursor.isBreak(cursor.pos) || cursor.at(cursor.pos) === HASH) {
    cursor.pos = after;
    cursor.finishLine();
    if (cursor.indent > column) return readBelow(cursor, column);
    return { kind: 'scalar', style: 'empty', start: after, end: after, value: null };
  }
  const itemColumn = column + cursor.pos - dash;
  if (startsItem(cursor)) return readSeq(cursor, itemColumn);
  return startsPair(cursor) ? readMap(cursor, itemColumn) : readInline(cursor, column);
}

function startsPair(cursor: Cursor): boolean {
  const { pos } = cursor;
  const first = cursor.at(pos);
  if (!isQuote(first)) return !opensFlow(first) && findColon(cursor, pos) !== -1;
  const { end } = readQuoted(cursor);
  cursor.pos = pos;
  return isColon(cursor, end);
}

/** A value in the line of its key or dash; `column` is the parent's. Ends at the next line with content. */
function readInline(cursor: Cursor, column: number): Node {
  const first = cursor.at(cursor.pos);
  if (first === BAR) return readLiteral(cursor, column);
  const node = opensFlow(first) ? readFlow(cursor, column) : isQuote(first) ? readQuoted(cursor) : readPlain(cursor);
  cursor.finishLine();
  if (cursor.indent > column) throw UNUSUAL;
  return node;
}

function readPlain(cursor: Cursor): ScalarNode {
  const { pos: start } = cursor;
  let source = cursor.text.slice(start, cursor.lineEnd(start));
  const comment = source.indexOf(' #');
  if (comment !== -1) source = source.slice(0, comment);
  let length = source.length;
  while (source.charCodeAt(length - 1) === SPACE) length--;
  source = source.slice(0, length);
  if (isIndicated(source) || source.includes(': ') || source.endsWith(':') || source.includes('\t')) throw UNUSUAL;
  cursor.pos = start + length;
  return { kind: 'scalar', style: 'plain', start, end: cursor.pos, value: resolvePlain(source) };
}
