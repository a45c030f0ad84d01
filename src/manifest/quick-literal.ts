import { type Cursor, TAB, UNUSUAL } from './cursor.ts';
import type { ScalarNode } from './tree.ts';

const HEADER = /^\|([-+]?) *( #.*)?$/;

/** Reads a literal block (`|`, `|-`, `|+`) at the cursor; `column` is the parent's. Ends at the next line with content. */
export function readLiteral(cursor: Cursor, column: number): ScalarNode {
  const start = cursor.pos;
  const headerEnd = cursor.lineEnd(start);
  const header = HEADER.exec(cursor.text.slice(start, headerEnd));
  if (!header) throw UNUSUAL;
  cursor.pos = headerEnd;
  cursor.passBreak();
  const lines = readLines(cursor, column);
  const keep = header[1] === '+';
  const last = keep ? lines.length - 1 : lines.findLastIndex(({ text }) => text !== '');
  if (last === -1) throw UNUSUAL;
  const value = lines
    .slice(0, last + 1)
    .map(({ text }) => text)
    .join('\n');
  cursor.toContent();
  if (cursor.indent > column) throw UNUSUAL;
  return {
    kind: 'scalar',
    style: 'literal',
    start,
    end: lines[last]!.end,
    value: header[1] === '-' ? value : `${value}\n`,
  };
}

/** The block's lines without their indentation, trailing blank ones too; the cursor ends at the line after them. */
function readLines(cursor: Cursor, column: number): { text: string; end: number }[] {
  const lines: { text: string; end: number }[] = [];
  let indent = -1;
  let widestBlank = 0;
  while (cursor.pos < cursor.end) {
    const lineStart = cursor.pos;
    const end = cursor.lineEnd(lineStart);
    cursor.skipSpaces();
    const spaces = cursor.pos - lineStart;
    const blank = cursor.pos === end;
    if (blank && indent === -1) widestBlank = Math.max(widestBlank, spaces);
    if (!blank && indent === -1) {
      if (spaces <= column || widestBlank > spaces) throw UNUSUAL;
      indent = spaces;
    }
    if (!blank && spaces < indent) {
      if (spaces > column || cursor.at(cursor.pos) === TAB) throw UNUSUAL;
      cursor.pos = lineStart;
      return lines;
    }
    if (!blank && cursor.text.charCodeAt(lineStart + indent) === TAB) throw UNUSUAL;
    if (blank && indent !== -1 && spaces > indent) throw UNUSUAL;
    lines.push({ text: blank ? '' : cursor.text.slice(lineStart + indent, end), end });
    cursor.pos = end;
    cursor.passBreak();
  }
  // A document without a final line break reads as if it had one.
  return lines;
}
