import { alignLists } from './align-lists.ts';
import { type EditContext, insert, isSettled, type Place } from './edit-context.ts';
import { afterDeeperComments, beginsLine, columnOf, lineEndOf, lineStartOf, listOffsetIn } from './layout.ts';
import { planMap } from './plan-map.ts';
import type { MapNode, Node, ScalarNode, SeqNode } from './tree.ts';

interface Child {
  start: number;
  end: number;
  value: Node;
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
  const plan = planMap(context, node, old, wanted);
  const column = columnOf(context.text, node.pairs[0]!.start);
  if (plan.removed.size === node.pairs.length) {
    context.replace(node, wanted, place);
    return;
  }
  for (const pair of node.pairs) {
    const before = plan.kept.get(pair);
    if (plan.removed.has(pair)) context.anchors?.forget(pair.value);
    else if (plan.kept.has(pair) && !isSettled(context, before, wanted[pair.key])) {
      context.edit(pair.value, before, wanted[pair.key], childPlace(place, pair.key, pair.colonEnd, column));
    }
  }
  removeChildren(
    context,
    node.pairs.map((pair) => ({
      start: pair.start,
      end: pair.value.end,
      value: pair.value,
      removed: plan.removed.has(pair),
    })),
  );
  const layout = { ...context.layout, listOffset: listOffsetIn(context.text, node) ?? context.layout.listOffset };
  const lines = plan.added.flatMap((key) => context.lines.pair(key, wanted[key], column, layout));
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
  const { text, layout } = context;
  const column = columnOf(text, node.starts[0]!);
  const steps = alignLists(old, wanted);
  const removed = new Set(steps.flatMap((step) => (step.do === 'remove' ? [step.old] : [])));
  if (removed.size === node.items.length) {
    context.replace(node, wanted, place);
    return;
  }
  let previous = -1;
  for (const step of steps) {
    if (step.do === 'insert') {
      const value = wanted[step.next];
      if (previous < 0) insertFirst(context, node, value, place);
      else
        insertAfter(context, node.items[previous]!.end, column, context.lines.item(place.key, value, column, layout));
      continue;
    }
    previous = step.old;
    const item = node.items[step.old]!;
    if (step.do === 'remove') context.anchors?.forget(item);
    else if (!isSettled(context, old[step.old], wanted[step.next]))
      context.edit(
        item,
        old[step.old],
        wanted[step.next],
        itemPlace(place, step.next, node.starts[step.old]! + 1, column),
      );
  }
  removeChildren(
    context,
    node.items.map((value, i) => ({ start: node.starts[i]!, end: value.end, value, removed: removed.has(i) })),
  );
}

function childPlace({ path }: Place, key: string, after: number, column: number): Place {
  return { in: 'pair', after, column, key, path: [...path, key] };
}

function itemPlace({ path, key }: Place, index: number, after: number, column: number): Place {
  return { in: 'item', after, column, key, path: [...path, index] };
}

/** Lines after a child that ends at `end`, and after the comments below it that are indented deeper than what is added: they are the child's. */
function insertAfter(context: EditContext, end: number, column: number, lines: readonly string[]): void {
  const { text, layout } = context;
  insert(context, afterDeeperComments(text, lineEndOf(text, end), column), layout.eol + lines.join(layout.eol));
}

/** An item before the first: above its comments, right below the key. */
function insertFirst(context: EditContext, node: SeqNode, value: unknown, { in: kind, after, key }: Place): void {
  const { text, layout } = context;
  const first = node.starts[0]!;
  const column = columnOf(text, first);
  const at = lineEndOf(text, after);
  const literals = !beginsLine(text, first) || kind === 'root' || afterDeeperComments(text, at, column) === at;
  const block = context.lines
    .item(key, value, column, { ...layout, literals: literals && layout.literals })
    .join(layout.eol);
  if (!beginsLine(text, first)) insert(context, first, block.slice(column) + layout.eol + ' '.repeat(column));
  else if (kind === 'root') insert(context, lineStartOf(text, first), block + layout.eol);
  else insert(context, at, layout.eol + block);
}

/** Takes children out with their lines. At least one stays. */
function removeChildren(context: EditContext, children: Child[]): void {
  const { text, splices } = context;
  const column = columnOf(text, children[0]!.start);
  let from = 0;
  if (children[0]!.removed && !beginsLine(text, children[0]!.start)) {
    from = children.findIndex(({ removed }) => !removed);
    removeBehindDash(context, children.slice(0, from), children[from]!.start);
  }
  for (const [index, { start, end, removed }] of children.entries()) {
    if (!removed || index < from) continue;
    const above = children.slice(0, index).findLast((child) => !child.removed);
    const lineStart = lineStartOf(text, start);
    const lineEnd = removalEnd(text, lineEndOf(text, end), column, lastBlockScalar(above?.value));
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

/** What follows and would become part of the block scalar above goes too: comments that are indented deeper, and blank lines where it keeps them. */
function removalEnd(text: string, lineEnd: number, column: number, above: ScalarNode | undefined): number {
  if (!above) return lineEnd;
  const end = afterDeeperComments(text, lineEnd, column);
  if (!/^[|>]\d?\+/.test(text.slice(above.start, above.start + 3))) return end;
  const blank = /(?:\r?\n[ \t]*(?=\r?\n))*/y;
  blank.lastIndex = end;
  return end + (blank.exec(text)?.[0].length ?? 0);
}

function lastBlockScalar(node: Node | undefined): ScalarNode | undefined {
  if (node?.kind === 'map') return lastBlockScalar(node.pairs.at(-1)?.value);
  if (node?.kind === 'seq') return lastBlockScalar(node.items.at(-1));
  return node?.kind === 'scalar' && (node.style === 'literal' || node.style === 'folded') ? node : undefined;
}

function afterBreak(text: string, lineEnd: number): number {
  return text.startsWith('\r\n', lineEnd) ? lineEnd + 2 : Math.min(lineEnd + 1, text.length);
}
