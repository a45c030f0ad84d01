import { type Cursor, HASH, NEWLINE, RETURN, SPACE, TAB, UNUSUAL } from './cursor.ts';
import { keyText, resolvePlain } from './resolve-scalar.ts';
import type { MapNode, Node, Pair, ScalarNode, SeqNode } from './tree.ts';

const DOUBLE = 34;
const SINGLE = 39;
const COMMA = 44;
const COLON = 58;
const OPEN_SEQ = 91;
const CLOSE_SEQ = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;
/** What makes a colon the end of an unquoted key. */
const AFTER_COLON = new Set([SPACE, NEWLINE, RETURN, TAB, COMMA, CLOSE_MAP, CLOSE_SEQ, OPEN_MAP, OPEN_SEQ]);
/** What no unquoted scalar begins with. */
const NOT_PLAIN_START = /[,[\]{}#&*!|>'"%@`]/;

/**
 * Reads `[…]` or `{…}` at the cursor, which ends after the bracket. `outer`: lines inside must be indented deeper than this column.
 * Comments, anchors, tags, missing values and scalars over several lines are left to the library.
 */
export function readFlow(cursor: Cursor, outer: number): MapNode | SeqNode {
  cursor.enter();
  const node = cursor.at(cursor.pos) === OPEN_MAP ? readMap(cursor, outer) : readSeq(cursor, outer);
  cursor.leave();
  return node;
}

/** Reads a quoted scalar of one line. */
export function readQuoted(cursor: Cursor): ScalarNode {
  return cursor.at(cursor.pos) === DOUBLE ? readDouble(cursor) : readSingle(cursor);
}

function readMap(cursor: Cursor, outer: number): MapNode {
  const start = cursor.pos++;
  const pairs: Pair[] = [];
  for (;;) {
    skipSpace(cursor, outer);
    if (cursor.at(cursor.pos) === CLOSE_MAP && pairs.length === 0) break;
    pairs.push(readPair(cursor, outer));
    if (endOfItem(cursor, outer, CLOSE_MAP)) break;
  }
  cursor.pos++;
  return { kind: 'map', flow: true, start, end: cursor.pos, pairs };
}

function readSeq(cursor: Cursor, outer: number): SeqNode {
  const start = cursor.pos++;
  const items: Node[] = [];
  const starts: number[] = [];
  for (;;) {
    skipSpace(cursor, outer);
    if (cursor.at(cursor.pos) === CLOSE_SEQ && items.length === 0) break;
    const item = readValue(cursor, outer);
    items.push(item);
    starts.push(item.start);
    if (endOfItem(cursor, outer, CLOSE_SEQ)) break;
  }
  cursor.pos++;
  return { kind: 'seq', flow: true, start, end: cursor.pos, items, starts };
}

/** At the closing bracket: true. After a comma: false. */
function endOfItem(cursor: Cursor, outer: number, close: number): boolean {
  skipSpace(cursor, outer);
  const code = cursor.at(cursor.pos);
  if (code === close) return true;
  if (code !== COMMA) throw UNUSUAL;
  cursor.pos++;
  return false;
}

function readPair(cursor: Cursor, outer: number): Pair {
  const start = cursor.pos;
  const keyNode = readScalar(cursor);
  const keyEnd = cursor.pos;
  const key = keyText(keyNode.value);
  if (key === undefined || (key === '<<' && keyNode.style === 'plain')) throw UNUSUAL;
  cursor.skipSpaces();
  if (cursor.at(cursor.pos) !== COLON) throw UNUSUAL;
  const colonEnd = ++cursor.pos;
  const next = cursor.at(colonEnd);
  const separated = next === SPACE || next === NEWLINE || next === RETURN || next === TAB;
  if (!separated && keyNode.style === 'plain') throw UNUSUAL;
  skipSpace(cursor, outer);
  return { key, start, keyEnd, colonEnd, value: readValue(cursor, outer), merge: false };
}

function readValue(cursor: Cursor, outer: number): Node {
  cursor.count();
  const code = cursor.at(cursor.pos);
  return code === OPEN_MAP || code === OPEN_SEQ ? readFlow(cursor, outer) : readScalar(cursor);
}

function readScalar(cursor: Cursor): ScalarNode {
  const code = cursor.at(cursor.pos);
  return code === DOUBLE || code === SINGLE ? readQuoted(cursor) : readPlain(cursor);
}

function readPlain(cursor: Cursor): ScalarNode {
  const { text, pos: start } = cursor;
  if (NOT_PLAIN_START.test(text.charAt(start))) throw UNUSUAL;
  let pos = start;
  for (; pos < cursor.end; pos++) {
    const code = text.charCodeAt(pos);
    if (code === COMMA || code === CLOSE_MAP || code === CLOSE_SEQ || code === NEWLINE || code === RETURN) break;
    if (code === COLON && endsPlain(cursor.at(pos + 1))) break;
    if (code === HASH || code === TAB || code === OPEN_MAP || code === OPEN_SEQ) throw UNUSUAL;
  }
  while (pos > start && text.charCodeAt(pos - 1) === SPACE) pos--;
  const source = text.slice(start, pos);
  if (source === '' || /^[-?:]( |$)/.test(source) || source.startsWith('---') || source.startsWith('...'))
    throw UNUSUAL;
  cursor.pos = pos;
  return { kind: 'scalar', style: 'plain', start, end: pos, value: resolvePlain(source) };
}

function endsPlain(code: number): boolean {
  return AFTER_COLON.has(code) || Number.isNaN(code);
}

function readDouble(cursor: Cursor): ScalarNode {
  const start = cursor.pos;
  let close = cursor.text.indexOf('"', start + 1);
  while (close !== -1 && isEscaped(cursor.text, close)) close = cursor.text.indexOf('"', close + 1);
  const body = slice(cursor, start, close);
  cursor.pos = close + 1;
  return {
    kind: 'scalar',
    style: 'double',
    start,
    end: cursor.pos,
    value: body.includes('\\') ? jsonText(body) : body,
  };
}

/** An odd number of backslashes stands before it. */
function isEscaped(text: string, offset: number): boolean {
  let count = 0;
  while (text.charAt(offset - 1 - count) === '\\') count++;
  return count % 2 === 1;
}

function jsonText(body: string): string {
  try {
    return JSON.parse(`"${body}"`) as string;
  } catch {
    throw UNUSUAL; // an escape of YAML that JSON has not
  }
}

function readSingle(cursor: Cursor): ScalarNode {
  const start = cursor.pos;
  let close = cursor.text.indexOf("'", start + 1);
  while (close !== -1 && cursor.at(close + 1) === SINGLE) close = cursor.text.indexOf("'", close + 2);
  const body = slice(cursor, start, close);
  cursor.pos = close + 1;
  return { kind: 'scalar', style: 'single', start, end: cursor.pos, value: body.replaceAll("''", "'") };
}

function slice(cursor: Cursor, open: number, close: number): string {
  if (close === -1 || close >= cursor.end) throw UNUSUAL;
  const body = cursor.text.slice(open + 1, close);
  if (body.includes('\n')) throw UNUSUAL;
  return body;
}

/** Spaces, tabs and line breaks between tokens. */
function skipSpace(cursor: Cursor, outer: number): void {
  let lineStart = -1;
  let tab = false;
  for (; ; cursor.pos++) {
    const code = cursor.at(cursor.pos);
    if (code === NEWLINE) lineStart = cursor.pos + 1;
    else if (code === TAB) tab = true;
    else if (code !== SPACE && code !== RETURN) break;
  }
  if (lineStart !== -1 && outer >= 0 && (tab || cursor.pos - lineStart <= outer)) throw UNUSUAL;
}
