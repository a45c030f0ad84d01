import { isRecord } from '../kube/json.ts';
import { valueAt } from './field-path.ts';
import type { ManifestDocument, ReadDocument } from './parse.ts';
import { sameValue } from './same-value.ts';
import type { MapNode, Node, Pair } from './tree.ts';

/** A node whose quoting and flow style an added value takes on, with the text and the value it has. */
export interface Model {
  node: Node;
  text: string;
  value: unknown;
}

/**
 * Where the style of added values comes from: the documents that they were written in. A value is recognised by the key it stands under and by
 * what it says: the very same, else the one that shares its name or most of its fields.
 */
export class StyleSource {
  /** Values that stand under a key, and items of lists that do. */
  private readonly values = new Map<string, Model[]>();
  private readonly items = new Map<string, Model[]>();

  /** @param documents JSON documents have no style that suits YAML and are passed over */
  constructor(documents: readonly ManifestDocument[] = []) {
    for (const document of documents as readonly ReadDocument[]) {
      if (!document.json) this.collect({ node: document.tree.root, text: document.text, value: document.object });
    }
  }

  forValue(key: string, value: unknown): Model | undefined {
    return closest(this.values.get(key), value);
  }

  forItem(key: string, value: unknown): Model | undefined {
    return closest(this.items.get(key), value);
  }

  private collect(model: Model): void {
    const { node, text, value } = model;
    if (node.kind === 'map') {
      for (const pair of node.pairs) {
        const child = pairModel(model, pair);
        if (!child) continue;
        push(this.values, pair.key, child);
        if (child.node.kind === 'seq') {
          for (const [index, item] of child.node.items.entries()) {
            push(this.items, pair.key, { node: item, text, value: valueAt(child.value, [index]) });
          }
        }
        this.collect(child);
      }
    }
    if (node.kind === 'seq') {
      for (const [index, item] of node.items.entries())
        this.collect({ node: item, text, value: valueAt(value, [index]) });
    }
  }
}

/** The model of a field of a model. */
export function childModel(model: Model | undefined, key: string): Model | undefined {
  const pair = pairOf(model, key);
  return pair && pairModel(model!, pair);
}

/** The model of an item: the same one, else that at its index. */
export function itemModel(model: Model | undefined, index: number, value: unknown): Model | undefined {
  if (model?.node.kind !== 'seq') return undefined;
  const models = model.node.items.map((node, i) => ({ node, text: model.text, value: valueAt(model.value, [i]) }));
  return closest(models, value) ?? models[index];
}

/** A key as the model writes it, where that can stand in a flow collection too if need be. */
export function keySource(model: Model | undefined, key: string, inFlow: boolean): string | undefined {
  const pair = pairOf(model, key);
  return pair && reusable(model!.text.slice(pair.start, pair.keyEnd), inFlow);
}

/** A scalar as the model writes it, where it says the same in one line. */
export function scalarSource(model: Model | undefined, value: unknown, inFlow: boolean): string | undefined {
  if (model?.node.kind !== 'scalar' || model.value !== value) return undefined;
  const { style, start, end } = model.node;
  if (style === 'literal' || style === 'folded' || style === 'empty') return undefined;
  return reusable(model.text.slice(start, end), inFlow);
}

function reusable(source: string, inFlow: boolean): string | undefined {
  const quoted = /^["']/.test(source);
  return source.includes('\n') || (inFlow && !quoted && /[,[\]{}]/.test(source)) ? undefined : source;
}

function pairOf(model: Model | undefined, key: string): Pair | undefined {
  if (model?.node.kind !== 'map') return undefined;
  return (model.node as MapNode).pairs.find((pair) => pair.key === key && !pair.merge);
}

function pairModel({ text, value }: Model, { key, value: node, merge }: Pair): Model | undefined {
  return merge ? undefined : { node, text, value: valueAt(value, [key]) };
}

/** The first that is the same, else the one most alike that is alike at all. */
function closest(models: readonly Model[] | undefined, value: unknown): Model | undefined {
  if (!models) return undefined;
  let best: Model | undefined;
  let bestScore = 0;
  for (const model of models) {
    const score = sameValue(model.value, value) ? Number.POSITIVE_INFINITY : likeness(model.value, value);
    if (score > bestScore) [best, bestScore] = [model, score];
  }
  return best;
}

/** Fields or items in common; a name counts for more than anything else. 0: nothing. */
function likeness(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) return b.filter((item) => a.some((other) => alike(other, item))).length;
  if (!isRecord(a) || !isRecord(b)) return 0;
  const common = Object.keys(b).filter((key) => Object.hasOwn(a, key) && sameValue(a[key], b[key])).length;
  return common + (b.name !== undefined && a.name === b.name ? 1000 : 0);
}

function alike(a: unknown, b: unknown): boolean {
  return sameValue(a, b) || likeness(a, b) > 0;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
