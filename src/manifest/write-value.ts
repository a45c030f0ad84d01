import { isRecord } from '../kube/json.ts';
import type { Layout } from './layout.ts';
import { childModel, itemModel, keySource, type Model, scalarSource } from './style-source.ts';
import type { ScalarNode, ScalarValue } from './tree.ts';
import { writeFlow, YAML_FLOW } from './write-flow.ts';
import { writeKey, writeLiteral, writeScalar } from './write-scalar.ts';

/** A value as text: what stands behind its colon or dash, and the lines below, indented. */
export interface Written {
  inline: string;
  below: string[];
}

/** The lines of `key: value` in a block map at a column. */
export function writePair(
  key: string,
  value: unknown,
  column: number,
  layout: Layout,
  model?: Model,
  parent?: Model,
): string[] {
  const source = keySource(parent, key, false);
  const { inline, below } = writeValue(value, column, layout, model);
  return [`${indent(column)}${source ?? writeKey(key, false)}:${inline && ` ${inline}`}`, ...below];
}

/** The lines of `- value` in a block list at a column. */
export function writeItem(value: unknown, column: number, layout: Layout, model?: Model): string[] {
  const { inline, below } = writeItemValue(value, column, layout, model);
  return [`${indent(column)}-${inline && indent(layout.dashWidth - 1) + inline}`, ...below];
}

/** A value under a key whose map stands at `column`. */
export function writeValue(value: unknown, column: number, layout: Layout, model?: Model): Written {
  if (!isBlock(value, model)) return writeInline(value, column, layout, model);
  if (Array.isArray(value)) return { inline: '', below: listLines(value, column + layout.listOffset, layout, model) };
  return { inline: '', below: mapLines(value as Record<string, unknown>, column + layout.step, layout, model) };
}

/** A value behind a dash that stands at `column`: its first line stands behind the dash. */
export function writeItemValue(value: unknown, column: number, layout: Layout, model?: Model): Written {
  if (!isBlock(value, model)) return writeInline(value, column, layout, model);
  const inner = column + layout.dashWidth;
  const [first = '', ...below] = Array.isArray(value)
    ? listLines(value, inner, layout, model)
    : mapLines(value as Record<string, unknown>, inner, layout, model);
  return { inline: first.slice(inner), below };
}

function mapLines(map: Record<string, unknown>, column: number, layout: Layout, model?: Model): string[] {
  return Object.entries(map).flatMap(([key, value]) =>
    value === undefined ? [] : writePair(key, value, column, layout, childModel(model, key), model),
  );
}

function listLines(list: unknown[], column: number, layout: Layout, model?: Model): string[] {
  return list.flatMap((item, index) => writeItem(item, column, layout, itemModel(model, index, item)));
}

function isBlock(value: unknown, model: Model | undefined): boolean {
  const filled = Array.isArray(value)
    ? value.length > 0
    : isRecord(value) && Object.values(value).some((v) => v !== undefined);
  return filled && !((model?.node.kind === 'map' || model?.node.kind === 'seq') && model.node.flow && !isEmpty(model));
}

/** `{}` and `[]` show no style. */
function isEmpty({ node }: Model): boolean {
  return (node.kind === 'map' && node.pairs.length === 0) || (node.kind === 'seq' && node.items.length === 0);
}

function writeInline(value: unknown, column: number, layout: Layout, model?: Model): Written {
  const wish = model?.node.kind === 'scalar' ? (model.node as ScalarNode).style : undefined;
  if (typeof value === 'string' && wish !== 'double' && layout.literals) {
    const [header, ...lines] = writeLiteral(value) ?? [];
    const inside = indent(column + layout.step);
    if (header) return { inline: header, below: lines.map((line) => (line === '' ? '' : inside + line)) };
  }
  if (typeof value === 'object' && value !== null) return { inline: writeFlow(value, YAML_FLOW, model), below: [] };
  return { inline: scalarSource(model, value, false) ?? writeScalar(value as ScalarValue, wish, false), below: [] };
}

function indent(column: number): string {
  return ' '.repeat(column);
}
