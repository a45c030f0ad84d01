import { tooDeep } from './cursor.ts';
import { TextFault } from './errors.ts';
import type { AliasNode, MapNode, Node, Pair, ReadLimits, ScalarNode } from './tree.ts';

/**
 * The plain object of a tree: aliases and merge keys resolved, each use a copy of its own.
 * @throws TextFault DuplicateKey, AliasExplosion, TooDeep, UnknownAlias, UnsupportedValue
 */
export function toObject(root: Node, limits: ReadLimits): unknown {
  return new Builder(limits).build(root, 0);
}

class Builder {
  private readonly limits: ReadLimits;
  /** Nodes that only aliases brought. */
  private aliased = 0;
  private readonly open = new Set<Node>();

  constructor(limits: ReadLimits) {
    this.limits = limits;
  }

  build(node: Node, depth: number): unknown {
    if (depth > this.limits.depth) throw tooDeep(this.limits.depth, node.start);
    if (this.open.size > 0 && ++this.aliased > this.limits.aliasNodes) {
      throw new TextFault(
        'AliasExplosion',
        node.start,
        `aliases make this document larger than ${this.limits.aliasNodes} values`,
      );
    }
    switch (node.kind) {
      case 'scalar':
        return this.buildScalar(node);
      case 'seq':
        return node.items.map((item) => this.build(item, depth + 1));
      case 'map':
        return this.buildMap(node, depth);
      case 'alias':
        return this.buildAlias(node, depth);
    }
  }

  private buildScalar({ value, start }: ScalarNode): unknown {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new TextFault(
        'UnsupportedValue',
        start,
        'infinity and not-a-number cannot be written in JSON; quote it if text is meant',
      );
    }
    return value;
  }

  private buildAlias(alias: AliasNode, depth: number): unknown {
    const { target, start } = alias;
    const around = target.start <= start && start < target.end;
    if (around || this.open.has(target))
      throw new TextFault('UnknownAlias', start, `alias *${target.anchor} stands inside its own anchor`);
    this.open.add(target);
    const value = this.build(target, depth);
    this.open.delete(target);
    return value;
  }

  private buildMap({ pairs }: MapNode, depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    const merged = new Set<string>();
    for (const pair of pairs) {
      if (pair.merge) {
        for (const key of this.merge(object, pair.value, depth + 1)) merged.add(key);
        continue;
      }
      if (Object.hasOwn(object, pair.key) && !merged.delete(pair.key)) throw duplicateKey(pair);
      setKey(object, pair.key, this.build(pair.value, depth + 1));
    }
    return object;
  }

  /** As kubectl's reader: what stands later wins, also a merge over a key before it; of a list of maps the first wins. */
  private merge(object: Record<string, unknown>, source: Node, depth: number): string[] {
    const target = source.kind === 'alias' ? source.target : source;
    if (target.kind === 'seq') return target.items.toReversed().flatMap((item) => this.merge(object, item, depth));
    const value = this.build(source, depth);
    if (target.kind !== 'map') {
      throw new TextFault('InvalidYaml', source.start, 'a merge key (<<) takes a map or a list of maps');
    }
    for (const [key, field] of Object.entries(value as object)) setKey(object, key, field);
    return Object.keys(value as object);
  }
}

function duplicateKey({ key, start }: Pair): TextFault {
  return new TextFault('DuplicateKey', start, `key ${JSON.stringify(key)} is already set in this map`);
}

function setKey(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
