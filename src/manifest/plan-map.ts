import { isRecord } from '../kube/json.ts';
import type { EditContext } from './edit-context.ts';
import type { FieldPath } from './field-path.ts';
import { sameValue } from './same-value.ts';
import type { MapNode, Node, Pair } from './tree.ts';

/** What is to be done with the pairs of a map. */
export interface MapPlan {
  removed: Set<Pair>;
  /** Said by a merge that stands later, as wanted. */
  untouched: Set<Pair>;
  /** Keys to write, in the order of the new object. */
  added: string[];
}

/**
 * Compares a map's own pairs, and what its merge keys bring, with the fields that are wanted.
 * @throws EditError MergeKey where a field can be neither taken from a merge nor said over it
 */
export function planMap(
  context: EditContext,
  node: MapNode,
  old: Record<string, unknown>,
  wanted: Record<string, unknown>,
  path: FieldPath,
): MapPlan {
  const own = new Set(node.pairs.flatMap(({ key, merge }) => (merge ? [] : [key])));
  const merged = mergedFields(context, node, path);
  const plan: MapPlan = { removed: new Set(), untouched: new Set(), added: [] };
  for (const pair of node.pairs) {
    if (pair.merge) continue;
    const over = merged.get(pair.key);
    if (wanted[pair.key] === undefined) plan.removed.add(pair);
    else if (over && over.at > pair.start) {
      if (!sameValue(over.value, wanted[pair.key])) refuse(context, [...path, pair.key]);
      plan.untouched.add(pair);
    } else if (over && sameValue(over.value, wanted[pair.key]) && !sameValue(old[pair.key], wanted[pair.key])) {
      // Said over the merge, and not needed any more.
      plan.removed.add(pair);
    }
  }
  for (const key of merged.keys()) if (wanted[key] === undefined) refuse(context, [...path, key]);
  for (const key of Object.keys(wanted)) {
    if (wanted[key] === undefined || own.has(key)) continue;
    const brought = merged.get(key);
    if (!brought || !sameValue(brought.value, wanted[key])) plan.added.push(key);
  }
  return plan;
}

function refuse(context: EditContext, path: FieldPath): never {
  return context.refuseMerge(path, 'a merge key (<<) brings this field; write the field out, then it can be edited');
}

/** What the merge keys of a map will bring, each with the place of its merge key. */
function mergedFields(
  context: EditContext,
  node: MapNode,
  path: FieldPath,
): Map<string, { value: unknown; at: number }> {
  const fields = new Map<string, { value: unknown; at: number }>();
  for (const { merge, value, start } of node.pairs) {
    if (!merge) continue;
    for (const source of sourcesOf(value)) {
      const object = context.anchors?.valueOf(source.kind === 'alias' ? source.target : source);
      if (!isRecord(object)) return context.refuseMerge(path, 'a merge key (<<) takes its fields from what is removed');
      for (const [key, field] of Object.entries(object)) fields.set(key, { value: field, at: start });
    }
  }
  return fields;
}

/** Of a list the last first: the first wins. */
function sourcesOf(value: Node): Node[] {
  const target = value.kind === 'alias' ? value.target : value;
  return target.kind === 'seq' ? target.items.toReversed() : [value];
}
