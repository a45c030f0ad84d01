import { alignLists } from './align-lists.ts';
import { type EditContext, insert, type Place } from './edit-context.ts';
import { beginsLine, columnOf, lineEndOf, lineStartOf, listOffsetIn } from './layout.ts';
import { planMap } from './plan-map.ts';
import type { MapNode, SeqNode } from './tree.ts';
import { writeItem, writePair } from './write-value.ts';

interface Child {
  start: number;
  end: number;
  removed: boolean;
}

/** Splices the differences of a block map: fields are edited where they stand, new ones come after the last. */
export function editBlockMap(
  context: EditContext,
  node: MapNode,
  old: Record<string, unknown>,
  wanted: Record<string, unknown>,
  place: Place,
): void {
  const plan = planMap(context, node, wanted, place.path);
  const column = columnOf(context.text, node.pairs[0]!.start);
  if (plan.removed.size === node.pairs.length) return context.replace(node, wanted, place);
  for (const pair of node.pairs) {
    if (pair.merge || plan.untouched.has(pair)) continue;
    if (plan.removed.has(pair)) context.anchors?.forget(pair.value);
    else context.edit(pair.value, old[pair.key], wanted[pair.key], childPlace(place, pair.key, pair.colonEnd, column));
  }
  removeChildren(
    context,
    node.pairs.map((pair) => ({ start: pair.start, end: pair.value.end, removed: plan.removed.has(pair) })),
  );
  const layout = { ...context.layout, listOffset: listOffsetIn(context.text, node) ?? context.layout.listOffset };
  const lines = plan.added.flatMap((key) =>
    writePair(key, wanted[key], column, layout, context.styles.forValue(key, wanted[key])),
  );
  if (lines.length > 0) insertAfter(context, node.end, column, lines);
}

/** Splices the differences of a block list: items are edited, taken out and put in where they stand in the new list. */
export function editBlockList(
  context: EditContext,
  node: SeqNode,
  old: unknown[],
  wanted: unknown[],
  place: Place,
): void {
  const { text, layout, styles } = context;
  const column = columnOf(text, node.starts[0]!);
  const steps = alignLists(old, wanted);
  const removed = new Set(steps.flatMap((step) => (step.do === 'remove' ? [step.old] : [])));
  if (removed.size === node.items.length) return context.replace(node, wanted, place);
  let previous = -1;
  for (const step of steps) {
    if (step.do === 'insert') {
      const lines = writeItem(wanted[step.next], column, layout, styles.forItem(place.key, wanted[step.next]));
      if (previous >= 0) insertAfter(context, node.items[previous]!.end, column, lines);
      else insertFirst(context, node, column, lines, place);
      continue;
    }
    previous = step.old;
    const item = node.items[step.old]!;
    if (step.do === 'remove') context.anchors?.forget(item);
    else
      context.edit(
        item,
        old[step.old],
        wanted[step.next],
        itemPlace(place, step.next, node.starts[step.old]! + 1, column),
      );
  }
  removeChildren(
    context,
    node.items.map(({ end }, i) => ({ start: node.starts[i]!, end, removed: removed.has(i) })),
  );
}

function childPlace({ path }: Place, key: string, after: number, column: number): Place {
  return { in: 'pair', after, column, key, path: [...path, key] };
}

function itemPlace({ path, key }: Place, index: number, after: number, column: number): Place {
  return { in: 'item', after, column, key, path: [...path, index] };
}

/** Lines after a child that ends at `end`, and after the comments below it that are indented deeper than what is added: they are the child's. */
function insertAfter(context: EditContext, end: number, column: number, lines: string[]): void {
  const { text, layout } = context;
  let at = lineEndOf(text, end);
  for (;;) {
    const comment = /^\r?\n( *)#[^\n]*/.exec(text.slice(at, lineEndOf(text, at + 2)));
    if (!comment || comment[1]!.length <= column) break;
    at = lineEndOf(text, at + 2);
  }
  insert(context, at, layout.eol + lines.join(layout.eol));
}

/** Lines before the first item: above its comments, right below the key. */
function insertFirst(
  context: EditContext,
  node: SeqNode,
  column: number,
  lines: string[],
  { in: kind, after }: Place,
): void {
  const { text, layout } = context;
  const first = node.starts[0]!;
  const block = lines.join(layout.eol);
  if (!beginsLine(text, first)) insert(context, first, block.slice(column) + layout.eol + ' '.repeat(column));
  else if (kind === 'root') insert(context, lineStartOf(text, first), block + layout.eol);
  else insert(context, lineEndOf(text, after), layout.eol + block);
}

/** Takes children out with their lines. At least one stays. */
function removeChildren(context: EditContext, children: Child[]): void {
  const { text, splices } = context;
  let from = 0;
  if (children[0]!.removed && !beginsLine(text, children[0]!.start)) {
    from = children.findIndex(({ removed }) => !removed);
    removeBehindDash(context, children.slice(0, from), children[from]!.start);
  }
  for (const { start, end, removed } of children.slice(from)) {
    if (!removed) continue;
    const lineStart = lineStartOf(text, start);
    const lineEnd = lineEndOf(text, end);
    if (lineStart < 2) splices.push({ start: lineStart, end: afterBreak(text, lineEnd), text: '' });
    else splices.push({ start: lineEndOf(text, lineStartOf(text, lineStart - 1)), end: lineEnd, text: '' });
  }
}

/** The first children of a collection that begins behind a dash: the next one moves up, unless comments stand between. */
function removeBehindDash({ text, splices }: EditContext, children: Child[], next: number): void {
  const start = children[0]!.start;
  const end = children.at(-1)!.end;
  if (!text.slice(lineEndOf(text, end), next).includes('#')) {
    splices.push({ start, end: next, text: '' });
    return;
  }
  const afterDash = text.slice(0, start).trimEnd().length;
  splices.push({ start: afterDash, end: lineEndOf(text, end), text: '' });
}

function afterBreak(text: string, lineEnd: number): number {
  return text.startsWith('\r\n', lineEnd) ? lineEnd + 2 : Math.min(lineEnd + 1, text.length);
}
