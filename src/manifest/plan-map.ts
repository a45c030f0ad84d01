import { isRecord } from '../kube/json.ts';
import type { EditContext } from './edit-context.ts';
import { sameValue } from './same-value.ts';
import { toObject } from './to-object.ts';
import { DEFAULT_LIMITS, type MapNode, type Node, type Pair } from './tree.ts';

/** What is to be done with the pairs of a map. */
export interface MapPlan {
  removed: Set<Pair>;
  /** Pairs that stay, each with what its own text says; without those that a later merge overrides as wanted. */
  kept: Map<Pair, unknown>;
  /** Keys to write, in the order of the new object. */
  added: string[];
}

/** A field that a merge key brings, and where that stands. */
interface Brought {
  value: unknown;
  at: number;
}

/**
 * Compares a map's own pairs, and what its merge keys (`<<`) bring, with the fields that are wanted. Merge keys stay where they still say what is
 * wanted; a field can be said over them, but none taken from them: then they go, and what they brought is written out.
 */
export function planMap(
  context: EditContext,
  node: MapNode,
  old: Record<string, unknown>,
  wanted: Record<string, unknown>,
): MapPlan {
  if (!context.anchors) return planPlainMap(node, old, wanted);
  const merged = mergedFields(context, node);
  const fits = merged !== undefined && fitsWanted(node, merged, wanted);
  const brought = fits ? merged : new Map<string, Brought>();
  const plan: MapPlan = { removed: new Set(), kept: new Map(), added: [] };
  for (const pair of node.pairs) {
    const field = brought.get(pair.key);
    const own = pair.merge ? undefined : toObject(pair.value, DEFAULT_LIMITS);
    if (pair.merge ? !fits : wanted[pair.key] === undefined || isOverTheTop(own, field, wanted[pair.key])) {
      plan.removed.add(pair);
    } else if (!pair.merge && !(field && field.at > pair.start)) plan.kept.set(pair, own);
  }
  const own = new Set(node.pairs.filter((pair) => !pair.merge && !plan.removed.has(pair)).map(({ key }) => key));
  plan.added = Object.keys(wanted).filter((key) => {
    const field = brought.get(key);
    return wanted[key] !== undefined && !own.has(key) && !(field && sameValue(field.value, wanted[key]));
  });
  return plan;
}

function planPlainMap(node: MapNode, old: Record<string, unknown>, wanted: Record<string, unknown>): MapPlan {
  const plan: MapPlan = { removed: new Set(), kept: new Map(), added: [] };
  for (const pair of node.pairs) {
    if (wanted[pair.key] === undefined) plan.removed.add(pair);
    else plan.kept.set(pair, old[pair.key]);
  }
  plan.added = Object.keys(wanted).filter((key) => wanted[key] !== undefined && !Object.hasOwn(old, key));
  return plan;
}

/** A field that was said over a merge and now is what the merge brings anyway. */
function isOverTheTop(own: unknown, field: Brought | undefined, wanted: unknown): boolean {
  return field !== undefined && sameValue(field.value, wanted) && !sameValue(own, wanted);
}

/** Nothing is brought that is not wanted, unless the map's own pair says it later. */
function fitsWanted({ pairs }: MapNode, merged: Map<string, Brought>, wanted: Record<string, unknown>): boolean {
  return [...merged].every(([key, { value, at }]) => {
    if (wanted[key] === undefined) return false;
    return sameValue(value, wanted[key]) || !pairs.some((pair) => pair.key === key && !pair.merge && pair.start < at);
  });
}

/** What the merge keys of a map will bring; undefined where one takes from what will not be there. */
function mergedFields(context: EditContext, node: MapNode): Map<string, Brought> | undefined {
  const fields = new Map<string, Brought>();
  for (const { merge, value, start } of node.pairs) {
    if (!merge) continue;
    for (const source of sourcesOf(value)) {
      const object = context.anchors?.valueOf(source.kind === 'alias' ? source.target : source);
      if (!isRecord(object)) return undefined;
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
