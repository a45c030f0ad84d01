import { isRecord } from '../kube/json.ts';
import { childModel, itemModel, keySource, type Model, scalarSource } from './style-source.ts';
import type { ScalarStyle, ScalarValue } from './tree.ts';
import { writeKey, writeScalar } from './write-scalar.ts';

/** How flow collections are written. */
export interface FlowStyle {
  /** Every string in double quotes. */
  json: boolean;
  colon: string;
  comma: string;
  /** Between a brace and what it holds: `{ a: 1 }`. */
  padding: string;
  /** One item a line, as JSON is printed: the line break and the indentation of the line that holds the collection, and what is added for items. */
  pretty?: { lineBreak: string; unit: string };
}

export const YAML_FLOW: FlowStyle = { json: false, colon: ': ', comma: ', ', padding: '' };

/** A value in one line, or in lines of JSON where the style is pretty. */
export function writeFlow(value: unknown, style: FlowStyle, model?: Model): string {
  const inner = deeper(style);
  if (Array.isArray(value)) {
    const items = value.map((item, i) => writeFlow(item, inner, itemModel(model, i, item)));
    return enclose('[', items, ']', padded(style, model));
  }
  if (!isRecord(value)) return writeFlowScalar(value as ScalarValue, style, model);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const pairs = fields.map(([key, field]) => writeFlowPair(key, field, inner, childModel(model, key), model));
  return enclose('{', pairs, '}', padded(style, model));
}

/** `key: value`. */
export function writeFlowPair(key: string, value: unknown, style: FlowStyle, model?: Model, parent?: Model): string {
  const written = style.json ? JSON.stringify(key) : (keySource(parent, key, true) ?? writeKey(key, true));
  return `${written}${style.colon}${writeFlow(value, style, model)}`;
}

function writeFlowScalar(value: ScalarValue, style: FlowStyle, model?: Model): string {
  if (style.json) return JSON.stringify(value);
  const wish: ScalarStyle | undefined = model?.node.kind === 'scalar' ? model.node.style : undefined;
  return scalarSource(model, value, true) ?? writeScalar(value, wish, true);
}

/** As the model pads its braces or brackets. */
function padded(style: FlowStyle, model: Model | undefined): FlowStyle {
  if (style.json || !model || model.node.kind === 'scalar' || model.node.kind === 'alias' || !model.node.flow)
    return style;
  return { ...style, padding: model.text.charAt(model.node.start + 1) === ' ' ? ' ' : '' };
}

function enclose(open: string, parts: string[], close: string, { comma, padding, pretty }: FlowStyle): string {
  if (parts.length === 0) return open + close;
  if (!pretty) return `${open}${padding}${parts.join(comma)}${padding}${close}`;
  const { lineBreak, unit } = pretty;
  return `${open}${lineBreak}${unit}${parts.join(`,${lineBreak}${unit}`)}${lineBreak}${close}`;
}

function deeper(style: FlowStyle): FlowStyle {
  if (!style.pretty) return style;
  const { lineBreak, unit } = style.pretty;
  return { ...style, pretty: { lineBreak: lineBreak + unit, unit } };
}
