import { alignLists, type ListStep } from './align-lists.ts';
import { type EditContext, insert, isSettled, type Place } from './edit-context.ts';
import { lineStartOf } from './layout.ts';
import { planMap } from './plan-map.ts';
import type { MapNode, Node, Pair, SeqNode } from './tree.ts';
import { type FlowStyle, writeFlow, writeFlowPair, YAML_FLOW } from './write-flow.ts';

interface Child {
  start: number;
  end: number;
}

/** Splices the differences of a map in braces; new fields come last. */
export function editFlowMap(
  context: EditContext,
  node: MapNode,
  old: Record<string, unknown>,
  wanted: Record<string, unknown>,
  place: Place,
): void {
  const plan = planMap(context, node, old, wanted);
  const steps: ListStep[] = node.pairs.map((pair, i) =>
    plan.removed.has(pair) ? { do: 'remove', old: i } : { do: 'keep', old: i, next: i },
  );
  steps.push(...plan.added.map((_, i): ListStep => ({ do: 'insert', next: i })));
  const edit = (pair: Pair) => {
    const before = plan.kept.get(pair);
    if (!plan.kept.has(pair) || isSettled(context, before, wanted[pair.key])) return;
    const path = [...place.path, pair.key];
    context.edit(pair.value, before, wanted[pair.key], {
      in: 'flow',
      after: pair.colonEnd,
      column: place.column,
      key: pair.key,
      path,
    });
  };
  const write = (index: number, style: FlowStyle) => {
    const key = plan.added[index]!;
    return writeFlowPair(key, wanted[key], style, context.styles.forValue(key, wanted[key]));
  };
  const children = node.pairs.map((pair) => ({ start: pair.start, end: Math.max(pair.value.end, pair.colonEnd) }));
  spliceChildren(context, { node, children, steps, write, wanted, place }, (step) => edit(node.pairs[step.old]!));
}

/** Splices the differences of a list in brackets. */
export function editFlowList(
  context: EditContext,
  node: SeqNode,
  old: unknown[],
  wanted: unknown[],
  place: Place,
): void {
  const steps = alignLists(old, wanted);
  const children = node.items.map(({ end }, i) => ({ start: node.starts[i]!, end }));
  const write = (index: number, style: FlowStyle) => {
    return writeFlow(wanted[index], style, context.styles.forItem(place.key, wanted[index]));
  };
  spliceChildren(context, { node, children, steps, write, wanted, place }, (step) => {
    if (isSettled(context, old[step.old], wanted[step.next])) return;
    const item = node.items[step.old]!;
    const path = [...place.path, step.next];
    const after = node.starts[step.old]!;
    context.edit(item, old[step.old], wanted[step.next], { ...place, in: 'flow', after, path });
  });
}

/** How collections beside or inside a flow node are written: as JSON where its neighbours are JSON. */
export function flowStyleAt({ json, text, layout }: EditContext, node: Node): FlowStyle {
  const quoted = json || (node.kind === 'map' && text.charAt(node.pairs[0]?.start ?? -1) === '"');
  if (!quoted) return { ...YAML_FLOW, padding: paddingOf(text, node) };
  if (!json) return { ...YAML_FLOW, json: true };
  const compact = /^\s*\{\s*"(?:[^"\\]|\\.)*":\S/.test(text.slice(0, 2000));
  const style: FlowStyle = { json: true, colon: compact ? ':' : ': ', comma: compact ? ',' : ', ', padding: '' };
  const unit = /\n([ \t]+)"/.exec(text.slice(0, 2000))?.[1];
  if (unit === undefined) return style;
  return { ...style, pretty: { lineBreak: layout.eol + indentationAt(text, node.start), unit } };
}

function paddingOf(text: string, node: Node): string {
  const collection = (node.kind === 'map' && node.flow) || (node.kind === 'seq' && node.flow);
  return collection && /^[[{] [^\]} ]/.test(text.slice(node.start, node.start + 3)) ? ' ' : '';
}

interface Work {
  node: MapNode | SeqNode;
  children: readonly Child[];
  steps: ListStep[];
  write: (index: number, style: FlowStyle) => string;
  wanted: unknown;
  place: Place;
}

function spliceChildren(context: EditContext, work: Work, keep: (step: { old: number; next: number }) => void): void {
  const { node, children, steps, wanted, place } = work;
  const removed = steps.flatMap((step) => (step.do === 'remove' ? [step.old] : []));
  const inserted = steps.some((step) => step.do === 'insert');
  if (removed.length > 0 && inserted) {
    context.replace(node, wanted, { ...place, in: 'flow' });
    return;
  }
  for (const index of removed)
    context.anchors?.forget(node.kind === 'map' ? node.pairs[index]!.value : node.items[index]!);
  for (const step of steps) if (step.do === 'keep') keep(step);
  if (removed.length === children.length && removed.length > 0) removeAll(context, node, children);
  else removeSome(context, children, removed);
  if (inserted && children.length === 0) fillEmpty(context, work);
  else if (inserted) insertSome(context, work);
}

/** What stood alone before the closing bracket stays, so that filling `{ }` and emptying it again gives `{ }`. */
function removeAll({ text, splices }: EditContext, node: Node, children: readonly Child[]): void {
  const before = text.slice(node.start + 1, children[0]!.start);
  const after = text.slice(children.at(-1)!.end, node.end - 1);
  const start = before === '' && !after.includes(',') ? children[0]!.start : node.start + 1;
  const end = before === '' && !after.includes(',') ? children.at(-1)!.end : node.end - 1;
  splices.push({ start, end, text: '' });
}

function removeSome({ splices }: EditContext, children: readonly Child[], removed: number[]): void {
  const first = children.findIndex((_, i) => !removed.includes(i));
  if (first > 0) splices.push({ start: children[0]!.start, end: children[first]!.start, text: '' });
  for (const index of removed) {
    if (index > first) splices.push({ start: children[index - 1]!.end, end: children[index]!.end, text: '' });
  }
}

function fillEmpty(context: EditContext, { node, steps, write }: Work): void {
  const style = flowStyleAt(context, node);
  const added = steps.flatMap((step) => (step.do === 'insert' ? [step.next] : []));
  if (!style.pretty || node.end - node.start > 2) {
    const parts = added.map((index) => write(index, withoutPretty(style)));
    insert(context, node.start + 1, parts.join(style.comma));
    return;
  }
  const { lineBreak, unit } = style.pretty;
  const inner = { ...style, pretty: { lineBreak: lineBreak + unit, unit } };
  const lines = added.map((index) => lineBreak + unit + write(index, inner));
  insert(context, node.start + 1, lines.join(',') + lineBreak);
}

function insertSome(context: EditContext, { node, children, steps, write }: Work): void {
  const { text } = context;
  const base = flowStyleAt(context, node);
  const spread = text.slice(node.start, children[0]!.start).includes('\n');
  const lineBreak = context.layout.eol + indentationAt(text, children[0]!.start);
  const style: FlowStyle =
    spread && base.pretty ? { ...base, pretty: { ...base.pretty, lineBreak } } : withoutPretty(base);
  const between = children.length > 1 ? text.slice(children[0]!.end, children[1]!.start) : style.comma;
  const separator = spread ? `,${lineBreak}` : /^, *$/.test(between) ? between : style.comma;
  let previous = -1;
  for (const step of steps) {
    if (step.do !== 'insert') previous = step.old;
    else if (previous >= 0) insert(context, children[previous]!.end, separator + write(step.next, style));
    else insert(context, children[0]!.start, write(step.next, style) + separator);
  }
}

function withoutPretty({ pretty: _, ...style }: FlowStyle): FlowStyle {
  return style;
}

/** The spaces or tabs that the line of an offset begins with. */
function indentationAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStartOf(text, offset), offset))![0];
}
