import type { FieldPath } from './field-path.ts';
import type { LineIndex } from './line-index.ts';
import type { MapNode, Node, Pair } from './tree.ts';

/** The offset of a field: of its value where that begins in the line of its key, else of its key; of what is around a missing one. */
export function locate(root: Node, path: FieldPath, lines: LineIndex): number {
  let node = root;
  let offset = root.start;
  for (const step of path) {
    const target = follow(node);
    if (target.kind === 'seq') {
      const index = Number(step);
      const item = target.items[index];
      if (!item) return offset;
      offset = lines.sameLine(target.starts[index]!, item.start) ? item.start : target.starts[index]!;
      node = item;
      continue;
    }
    const pair = target.kind === 'map' ? findPair(target, String(step)) : undefined;
    if (!pair) return offset;
    const { value, start } = pair;
    offset = value.start !== value.end && lines.sameLine(start, value.start) ? value.start : start;
    node = value;
  }
  return offset;
}

/** The node that an alias stands for. */
function follow(node: Node): Node {
  return node.kind === 'alias' ? node.target : node;
}

/** The pair that says a key, in the map itself or in what it merges. */
function findPair(map: MapNode, key: string): Pair | undefined {
  const own = map.pairs.find((pair) => pair.key === key && !pair.merge);
  if (own) return own;
  for (const { merge, value } of map.pairs) {
    const source = merge ? follow(value) : undefined;
    const maps = source?.kind === 'seq' ? source.items.map(follow) : [source];
    for (const merged of maps) {
      const found = merged?.kind === 'map' ? findPair(merged, key) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}
