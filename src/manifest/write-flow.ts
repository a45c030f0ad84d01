import { isRecord } from '../kube/json.ts';
import { childModel, itemModel, keySource, type Model } from './style-source.ts';
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
  if (Array.isArray(value)) {
    const inner = deeper(style);
    return enclose(
      '[',
      value.map((item, i) => writeFlow(item, inner, itemModel(model, i, item))),
      ']',
      style,
    );
  }
  if (isRecord(value)) {
    const inner = deeper(style);
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return enclose(
      '{',
      fields.map(([key, field]) => writeFlowPair(key, field, inner, childModel(model, key), model)),
      '}',
      style,
    );
  }
  return writeFlowScalar(value as ScalarValue, style, model);
}

/** `key: value`. */
export function writeFlowPair(key: string, value: unknown, style: FlowStyle, model?: Model, parent?: Model): string {
  const written = style.json ? JSON.stringify(key) : (keySource(parent, key) ?? writeKey(key, true));
  return `${written}${style.colon}${writeFlow(value, style, model)}`;
}

function writeFlowScalar(value: ScalarValue, style: FlowStyle, model?: Model): string {
  if (style.json) return JSON.stringify(value);
  const wish: ScalarStyle | undefined = model?.node.kind === 'scalar' ? model.node.style : undefined;
  return writeScalar(value, wish, true);
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
