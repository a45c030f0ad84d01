import { isRecord } from '../kube/json.ts';
import { editBlockList, editBlockMap } from './edit-block.ts';
import type { EditContext, Place } from './edit-context.ts';
import { insert, isSettled } from './edit-context.ts';
import { editFlowList, editFlowMap, flowStyleAt } from './edit-flow.ts';
import { afterDeeperComments, lineEndOf } from './layout.ts';
import { sameValue } from './same-value.ts';
import type { Model } from './style-source.ts';
import type { Node, ScalarNode, ScalarValue } from './tree.ts';
import { writeFlow, YAML_FLOW } from './write-flow.ts';
import { writeLiteral, writeScalar } from './write-scalar.ts';
import { type Written, writeItemValue, writePair, writeValue } from './write-value.ts';

/** Splices what makes a node say `wanted`, and nothing where it says it already. */
export function editNode(context: EditContext, node: Node, old: unknown, wanted: unknown, place: Place): void {
  if (node.kind === 'alias') {
    if (!sameValue(context.anchors?.valueOf(node.target), wanted)) replaceNode(context, node, wanted, place);
    return;
  }
  context.anchors?.visit(node, wanted);
  if (isSettled(context, old, wanted)) return;
  if (node.kind === 'map' && isRecord(wanted) && !opensBlock(context, node, wanted, place)) {
    (node.flow ? editFlowMap : editBlockMap)(context, node, old as Record<string, unknown>, wanted, place);
  } else if (node.kind === 'seq' && Array.isArray(wanted) && !opensBlock(context, node, wanted, place)) {
    (node.flow ? editFlowList : editBlockList)(context, node, old as unknown[], wanted, place);
  } else if (node.kind === 'scalar' && !isCollection(wanted)) {
    if (!sameValue(node.value, wanted)) editScalar(context, node, wanted as ScalarValue, place);
  } else {
    replaceNode(context, node, wanted, place);
  }
}

/** Writes a node anew: in the line of its key or dash, or below it, as the value and its model ask. */
export function replaceNode(context: EditContext, node: Node, wanted: unknown, place: Place): void {
  context.anchors?.forget(node);
  if (place.in === 'root') replaceRoot(context, node, wanted as Record<string, unknown>);
  else if (place.in === 'flow') replaceInFlow(context, node, wanted, place);
  else replaceInBlock(context, node, wanted, place);
}

function replaceInBlock(context: EditContext, node: Node, wanted: unknown, place: Place): void {
  const { text, splices, layout } = context;
  const { after } = place;
  const { inline, below } = written(context, node, wanted, place);
  const lines = below.map((line) => layout.eol + line).join('');
  const lead = inline && gapOf(context, place) + inline;
  if (!text.slice(after, node.start).includes('\n')) {
    splices.push({ start: after, end: node.end, text: lead });
    if (lines) insert(context, lineEndOf(text, node.end), lines);
    return;
  }
  splices.push({ start: after, end: afterAnchor(text, node, after), text: lead });
  splices.push({ start: lineEndOf(text, after), end: lineEndOf(text, node.end), text: lines });
}

/** `{}` and `[]`, written as they usually are, become a block when they are filled; so that emptying the block gives them back. */
function opensBlock(context: EditContext, node: Node, wanted: object, place: Place): boolean {
  const { text, json } = context;
  if (json || (place.in !== 'pair' && place.in !== 'item') || Object.keys(wanted).length === 0) return false;
  const source = text.slice(place.after, node.end);
  const gap = gapOf(context, place);
  return source === `${gap}{}` || source === `${gap}[]`;
}

/** What stands between a colon or a dash and its value. */
function gapOf({ layout }: EditContext, place: Place): string {
  return ' '.repeat(place.in === 'item' ? layout.dashWidth - 1 : 1);
}

function written(context: EditContext, node: Node, wanted: unknown, { in: kind, column, key }: Place): Written {
  const { text, styles } = context;
  const lineEnd = lineEndOf(text, node.end);
  const layout = {
    ...context.layout,
    literals: context.layout.literals && afterDeeperComments(text, lineEnd, column) === lineEnd,
  };
  if (wanted === null && node.kind !== 'scalar') {
    // Back to what a null that was filled looked like: nothing where a block stood, a word where a flow collection did.
    return { inline: nullText(context, node), below: [] };
  }
  if (isCollection(wanted) && isWrittenNull(node)) {
    const padding = text.charAt(node.start) === '~' ? ' ' : '';
    return { inline: writeFlow(wanted, { ...YAML_FLOW, padding }, undefined), below: [] };
  }
  const model = kind === 'item' ? styles.forItem(key, wanted) : styles.forValue(key, wanted);
  if (kind === 'pair') return writeValue(wanted, column, layout, model);
  // A comment behind the dash stays there; what is written stands below it.
  const commented = isCollection(wanted) && text.slice(node.end, lineEnd).trim() !== '';
  return commented
    ? writeValue(wanted, column, { ...layout, step: 2, listOffset: 2 }, model)
    : writeItemValue(wanted, column, layout, model);
}

function nullText({ text }: EditContext, node: Node): string {
  if (node.kind === 'alias' || node.kind === 'scalar' || !node.flow) return '';
  return text.charAt(node.start + 1) === ' ' ? '~' : 'null';
}

function isWrittenNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null && node.style === 'plain';
}

function replaceRoot(
  { text, splices, layout, styles }: EditContext,
  node: Node,
  wanted: Record<string, unknown>,
): void {
  const column = node.start - (text.lastIndexOf('\n', node.start - 1) + 1);
  const lines = Object.entries(wanted).flatMap(([key, value]) =>
    writePair(key, value, column, layout, styles.forValue(key, value)),
  );
  const end = lineEndOf(text, node.end);
  splices.push({ start: node.start, end, text: lines.join(layout.eol).slice(column) || '{}' });
}

function replaceInFlow(context: EditContext, node: Node, wanted: unknown, { after, key }: Place): void {
  const { text, splices, styles } = context;
  const style = flowStyleAt(context, node);
  const body = wanted === null && node.kind !== 'scalar' ? nullText(context, node) || 'null' : undefined;
  const padding = !context.json && isWrittenNull(node) && text.charAt(node.start) === '~' ? ' ' : style.padding;
  const flow = body ?? writeFlow(wanted, { ...style, padding }, styles.forValue(key, wanted));
  const start = node.anchor === undefined ? node.start : after;
  const lead = start === node.start && node.start < node.end ? '' : flowLead(text, start);
  splices.push({ start, end: node.end, text: lead + flow });
}

/** `{a}` has no colon yet. */
function flowLead(text: string, at: number): string {
  if (/[\s[]/.test(text.charAt(at - 1))) return '';
  return /[:,]/.test(text.charAt(at - 1)) ? ' ' : ': ';
}

function editScalar(context: EditContext, node: ScalarNode, wanted: ScalarValue, place: Place): void {
  const { text, splices, json } = context;
  const inFlow = place.in === 'flow';
  const block = node.style === 'literal' || node.style === 'folded';
  if (
    node.style === 'empty' ||
    (!inFlow && (block || (typeof wanted === 'string' && writeLiteral(wanted) !== undefined)))
  ) {
    replaceNode(context, node, wanted, place);
    return;
  }
  const model: Model | undefined = inFlow ? undefined : context.styles.forValue(place.key, wanted);
  const wish = model?.node.kind === 'scalar' ? model.node.style : node.style;
  const jsonLike = json || (inFlow && flowStyleAt(context, node).json);
  const written = jsonLike ? JSON.stringify(wanted) : writeScalar(wanted, wish, inFlow);
  if (text.slice(node.start, node.end) !== written) splices.push({ start: node.start, end: node.end, text: written });
}

/** After the anchor that stands behind a colon, where there is one. */
function afterAnchor(text: string, node: Node, after: number): number {
  if (node.anchor === undefined) return after;
  return text.indexOf(`&${node.anchor}`, after) + node.anchor.length + 1;
}

function isCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
