import type { MapNode, Node } from './tree.ts';

/** How a file is laid out, as found in the edited document, else in its neighbours, else as kubectl's examples are. */
export interface Layout {
  eol: string;
  /** Spaces a nested map is indented by. */
  step: number;
  /** Columns between a key and the dashes of its list: 0 or as indented. */
  listOffset: number;
  /** Columns from a dash to its item. */
  dashWidth: number;
  /** Literal blocks may be written: no comment follows that would become their last line. */
  literals: boolean;
}

/** The part of a layout that a document may leave open. */
export type LayoutTrait = Partial<Pick<Layout, 'step' | 'listOffset' | 'dashWidth'>>;

const DEFAULT = { step: 2, listOffset: 0, dashWidth: 2 };

/** The column (UTF-16 units from 0) of an offset. */
export function columnOf(text: string, offset: number): number {
  return offset - lineStartOf(text, offset);
}

export function lineStartOf(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return start === 0 && text.charCodeAt(0) === 0xfeff ? 1 : start;
}

/** Where the line break after an offset begins, or the text's end. */
export function lineEndOf(text: string, offset: number): number {
  const found = text.indexOf('\n', offset);
  if (found === -1) return text.length;
  return found > offset && text.charAt(found - 1) === '\r' ? found - 1 : found;
}

/**
 * After the comments that stand below a line and are indented deeper than `column`, or are list items commented out: they belong to what
 * stands above them.
 * @param at the end of the line
 */
export function afterDeeperComments(text: string, at: number, column: number): number {
  let end = at;
  for (let lineEnd = at; lineEnd < text.length; ) {
    const lineStart = text.indexOf('\n', lineEnd) + 1;
    if (lineStart === 0) break;
    lineEnd = lineEndOf(text, lineStart);
    const content = /^ *(#?)/.exec(text.slice(lineStart, lineEnd))!;
    const blank = lineStart + content[0].length === lineEnd;
    const indent = content[0].length - 1;
    const item = indent === column && /^ *#\s*- /.test(text.slice(lineStart, lineEnd));
    if (!blank && (content[1] !== '#' || (indent <= column && !item))) break;
    if (!blank) end = lineEnd;
  }
  return end;
}

/** Only spaces stand before an offset in its line. */
export function beginsLine(text: string, offset: number): boolean {
  for (let at = lineStartOf(text, offset); at < offset; at++) if (text.charAt(at) !== ' ') return false;
  return true;
}

/** @param neighbour what the rest of the file shows, asked only for what `root` does not */
export function detectLayout(text: string, root: Node, neighbour: () => LayoutTrait): Layout {
  let found: LayoutTrait = {};
  detectIn(text, root, found);
  if (needsMore(found)) found = { ...neighbour(), ...found };
  return { eol: eolAt(text, root.start), ...DEFAULT, literals: true, ...found };
}

/** What the first documents that show it show. */
export function detectTrait(text: string, roots: Iterable<Node>): LayoutTrait {
  const found: LayoutTrait = {};
  for (const root of roots) {
    detectIn(text, root, found);
    if (!needsMore(found)) break;
  }
  return found;
}

/** The offset of a map's own lists, where it has one; they need not be the file's. */
export function listOffsetIn(text: string, map: MapNode): number | undefined {
  const pair = map.pairs.find(({ value }) => value.kind === 'seq' && !value.flow);
  return pair?.value.kind === 'seq' ? columnOf(text, pair.value.starts[0]!) - columnOf(text, pair.start) : undefined;
}

function detectIn(text: string, node: Node, found: LayoutTrait): void {
  if (node.kind === 'seq' && !node.flow) {
    const [first] = node.items;
    if (first?.kind === 'map' && !first.flow && lineStartOf(text, first.start) <= node.starts[0]!) {
      found.dashWidth ??= first.start - node.starts[0]!;
    }
    for (const item of node.items) if (needsMore(found)) detectIn(text, item, found);
  }
  if (node.kind !== 'map' || node.flow) return;
  const listOffset = found.listOffset ?? listOffsetIn(text, node);
  if (listOffset !== undefined) found.listOffset = listOffset;
  for (const { value, start } of node.pairs) {
    if (value.kind === 'map' && !value.flow) found.step ??= columnOf(text, value.start) - columnOf(text, start);
    if (needsMore(found)) detectIn(text, value, found);
  }
}

function needsMore({ step, listOffset, dashWidth }: LayoutTrait): boolean {
  return step === undefined || listOffset === undefined || dashWidth === undefined;
}

/** The line break of the line an offset stands in, else of the text's first line. */
function eolAt(text: string, offset: number): string {
  const after = text.indexOf('\n', offset);
  const found = after === -1 ? text.indexOf('\n') : after;
  return found > 0 && text.charAt(found - 1) === '\r' ? '\r\n' : '\n';
}
