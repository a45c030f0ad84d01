import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { tooDeep } from './cursor.ts';
import { TextFault } from './errors.ts';
import { explainFault, explainForeign } from './explain-fault.ts';
import { keyText, resolvePlain } from './resolve-scalar.ts';
import type {
  AliasNode,
  MapNode,
  Node,
  Pair,
  ReadLimits,
  ScalarNode,
  ScalarStyle,
  ScalarValue,
  SeqNode,
} from './tree.ts';

const TAG = 'tag:yaml.org,2002:';
const STYLES: Record<string, ScalarStyle> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};

const OPTIONS = {
  schema: 'failsafe',
  version: '1.2',
  uniqueKeys: false,
  keepSourceTokens: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/**
 * Reads one document with the `yaml` library: all of YAML. Plain scalars and tags mean what they mean to kubectl, not what YAML 1.2 says.
 * @param text the document with its markers and directives
 * @param base where `text` stands in the file: what nodes and faults count from
 * @throws TextFault
 */
export function readWithLibrary(text: string, base: number, limits: ReadLimits): { root: Node; anchored: boolean }[] {
  refuseTooManyValues(text, base, limits.values);
  refuseAbsurdDepth(text, base, limits.depth);
  try {
    const documents = parseAllDocuments(text.endsWith('\n') ? text : `${text}\n`, OPTIONS);
    if (!Array.isArray(documents)) return [];
    return documents.flatMap((document) => {
      const root = new Converter(text, base).convertDocument(document as Document);
      return root ? [root] : [];
    });
  } catch (error) {
    // The stack is full: the library recurses.
    if (error instanceof RangeError) throw tooDeep(limits.depth, base);
    throw error;
  }
}

/** Characters that begin a value where it is not text: more than there are values, and quickly counted. */
const MARK = /[[{*&]|[-:,?](?=\s)/g;
/** The library takes up to 1500 bytes for a value, and a few microseconds. */
const LIBRARY_WEIGHT = 4;

function refuseTooManyValues(text: string, base: number, limit: number): void {
  MARK.lastIndex = 0;
  for (let marks = 0; MARK.test(text); ) {
    if (++marks > limit / LIBRARY_WEIGHT) {
      const reason = `what is not plain YAML in this document would take too long: it holds more than ${limit / LIBRARY_WEIGHT} values`;
      throw new TextFault('TooLarge', base + MARK.lastIndex, reason);
    }
  }
}

/** Far beyond the limit the library would take very long to fail. Counts brackets and indentation roughly. */
function refuseAbsurdDepth(text: string, base: number, limit: number): void {
  const indents: number[] = [];
  let brackets = 0;
  for (const line of text.matchAll(/^( *)((?:[-?] +)*)(.*)$/gm)) {
    const [all, spaces = '', dashes = '', rest = ''] = line;
    if (rest === '' || rest.startsWith('#')) continue;
    while (indents.length > 0 && indents.at(-1)! >= spaces.length) indents.pop();
    indents.push(spaces.length);
    const inLine = dashes.replaceAll(' ', '').length;
    for (const char of rest) {
      if (char === '[' || char === '{') brackets++;
      else if ((char === ']' || char === '}') && brackets > 0) brackets--;
    }
    if (brackets > limit * 20 || indents.length + inLine > limit * 4)
      throw tooDeep(limit, base + line.index + all.length);
  }
}

class Converter {
  private readonly text: string;
  private readonly base: number;
  private readonly anchors = new Map<string, Node>();
  private anchored = false;

  constructor(text: string, base: number) {
    this.text = text;
    this.base = base;
  }

  convertDocument(document: Document): { root: Node; anchored: boolean } | undefined {
    const [error] = document.errors;
    if (error) throw explainFault(this.text, this.base, error);
    if (document.contents === null) return undefined;
    const root = this.convert(document.contents, 0);
    if (root.kind === 'scalar' && root.style === 'empty' && !root.anchor) return undefined;
    return { root, anchored: this.anchored };
  }

  private convert(node: unknown, emptyAt: number): Node {
    if (isAlias(node)) return this.convertAlias(node);
    if (isScalar(node)) return this.remember(node, this.convertScalar(node, emptyAt));
    if (isMap(node)) return this.convertMap(node);
    if (isSeq(node)) return this.convertSeq(node);
    return { kind: 'scalar', style: 'empty', start: emptyAt, end: emptyAt, value: null };
  }

  private remember<T extends Node>(source: { anchor?: string }, node: T): T {
    if (source.anchor !== undefined) {
      node.anchor = source.anchor;
      this.anchors.set(source.anchor, node);
      this.anchored = true;
    }
    return node;
  }

  private convertAlias(alias: Alias): AliasNode {
    const [start, end] = this.rangeOf(alias);
    const target = this.anchors.get(alias.source);
    if (!target) throw new TextFault('UnknownAlias', start, `no anchor &${alias.source} stands before this alias`);
    this.anchored = true;
    return { kind: 'alias', start, end, target };
  }

  private convertScalar(scalar: Scalar, emptyAt: number): ScalarNode {
    const [start, end] = this.rangeOf(scalar);
    const style = STYLES[scalar.type ?? 'PLAIN'] ?? 'plain';
    const value = this.scalarValue(scalar, style, start);
    if (style === 'plain' && start === end) {
      const at = scalar.anchor === undefined && scalar.tag === undefined ? emptyAt : start;
      return { kind: 'scalar', style: 'empty', start: at, end: at, value };
    }
    const block = style === 'literal' || style === 'folded';
    return { kind: 'scalar', style, start, end: block ? this.blockEnd(start, end) : end, value };
  }

  private scalarValue(scalar: Scalar, style: ScalarStyle, start: number): ScalarValue {
    const source = scalar.source ?? '';
    const { tag } = scalar;
    if (tag === undefined) return style === 'plain' ? resolvePlain(source) : source;
    if (tag === `${TAG}str` || tag === '!') return source;
    const value = resolvePlain(source);
    const fits: Record<string, boolean> = {
      [`${TAG}int`]: Number.isInteger(value),
      [`${TAG}float`]: typeof value === 'number',
      [`${TAG}bool`]: typeof value === 'boolean',
      [`${TAG}null`]: value === null,
    };
    if (fits[tag]) return value;
    const shown = tag.startsWith(TAG) ? `!!${tag.slice(TAG.length)}` : tag;
    throw new TextFault('UnsupportedTag', start, `tag ${shown} has no meaning for ${JSON.stringify(source)}`);
  }

  /** Without the last line break; with the blank lines only where `+` keeps them. */
  private blockEnd(start: number, end: number): number {
    const local = this.text.slice(start - this.base, end - this.base);
    const keep = /^[|>]\d?\+/.test(local);
    const trimmed = keep ? local.replace(/\r?\n$/, '') : local.replace(/(\r?\n[ \t]*)+$/, '');
    return start + trimmed.length;
  }

  private convertMap(map: YAMLMap): MapNode {
    const [start, rangeEnd] = this.rangeOf(map);
    if (map.tag && map.tag !== `${TAG}map`)
      throw new TextFault('UnsupportedTag', start, `tag ${map.tag} is not supported`);
    const node: MapNode = { kind: 'map', flow: map.flow === true, start, end: rangeEnd, pairs: [] };
    this.remember(map, node);
    for (const item of map.items) if (isPair(item)) node.pairs.push(this.convertPair(item as never));
    if (!node.flow) node.end = Math.max(start, node.pairs.at(-1)?.value.end ?? rangeEnd);
    return node;
  }

  private convertPair(pair: {
    key: unknown;
    value: unknown;
    srcToken?: { sep?: { type: string; offset: number }[] };
  }): Pair {
    const colon = pair.srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
    const keyNode = this.convert(pair.key, colon ? this.base + colon.offset : 0);
    if (keyNode.kind !== 'scalar') {
      const foreign = explainForeign(this.text, keyNode.start - this.base);
      if (foreign) throw new TextFault('InvalidYaml', this.base + foreign.offset, foreign.reason);
      throw new TextFault('UnsupportedValue', keyNode.start, 'a key must be a scalar');
    }
    const key = keyText(keyNode.value);
    if (key === undefined) throw new TextFault('UnsupportedValue', keyNode.start, 'a key must not be null');
    const colonEnd = colon ? this.base + colon.offset + 1 : keyNode.end;
    const merge = key === '<<' && keyNode.style === 'plain';
    if (merge) this.anchored = true;
    return {
      key,
      start: keyNode.start,
      keyEnd: keyNode.end,
      colonEnd,
      value: this.convert(pair.value, colonEnd),
      merge,
    };
  }

  private convertSeq(seq: YAMLSeq): SeqNode {
    const [start, rangeEnd] = this.rangeOf(seq);
    if (seq.tag && seq.tag !== `${TAG}seq`)
      throw new TextFault('UnsupportedTag', start, `tag ${seq.tag} is not supported`);
    const node: SeqNode = { kind: 'seq', flow: seq.flow === true, start, end: rangeEnd, items: [], starts: [] };
    this.remember(seq, node);
    const token = seq.srcToken as { items?: { start: { type: string; offset: number }[] }[] } | undefined;
    for (const [index, item] of seq.items.entries()) {
      const before = token?.items?.[index]?.start;
      const dash = before?.find(({ type }) => type === 'seq-item-ind');
      const property = before?.find(({ type }) => type === 'anchor' || type === 'tag');
      const converted = this.convertItem(item, dash ? this.base + dash.offset + 1 : start);
      node.items.push(converted);
      const first = dash ?? property;
      node.starts.push(first ? this.base + first.offset : converted.start);
    }
    if (!node.flow) node.end = node.items.at(-1)?.end ?? rangeEnd;
    return node;
  }

  /** `[a: 1]` holds a pair where a map is meant. */
  private convertItem(item: unknown, emptyAt: number): Node {
    if (!isPair(item)) return this.convert(item, emptyAt);
    const pair = this.convertPair(item as never);
    return { kind: 'map', flow: true, start: pair.start, end: pair.value.end, pairs: [pair] };
  }

  private rangeOf(node: { range?: [number, number, number] | null }): [number, number] {
    const [start, end] = node.range ?? [0, 0];
    return [this.base + start, this.base + end];
  }
}
