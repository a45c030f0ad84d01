import { isRecord } from '../../kube/json.ts';
import { type ListSchema, tolerantElement } from './list-items.ts';
import { below, type Schema } from './schema.ts';

/** The live value with what a configuration says put over it. Neither is altered. */
export function merge(schema: Schema, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null) return config;
  if (schema.form === 'list' && Array.isArray(live)) {
    if (config === null) return live.length === 0 ? config : live;
    return Array.isArray(config) && live.length > 0 ? mergeItems(schema, live, config) : config;
  }
  if (schema.form === 'fields' && isRecord(live)) {
    if (config === null) return Object.keys(live).length === 0 ? config : live;
    return isRecord(config) ? mergeFields(schema, live, config) : config;
  }
  return config;
}

function mergeFields(schema: Schema, live: Record<string, unknown>, config: Record<string, unknown>): object {
  const result = new Map(Object.entries(live));
  for (const [name, value] of Object.entries(config))
    result.set(name, merge(below(schema, `f:${name}`), result.get(name), value));
  return Object.fromEntries(result);
}

/**
 * What the configuration lists keeps the configuration's order; each live item that it does not list stays behind the one that it followed
 * (structured-merge-diff v4, mergeList).
 */
function mergeItems(schema: ListSchema, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const left = live.map((item) => tolerantElement(schema, item));
  const right = config.map((item) => tolerantElement(schema, item));
  const wanted = new Set(right);
  const present = onlyOnes(left, live);
  const shared = right.filter((element) => present.has(element));
  const result: unknown[] = [];
  for (let l = 0, r = 0, next = 0; l < left.length || r < right.length; ) {
    const [mine, theirs] = [left[l], right[r]];
    const takesTheirs = mine === undefined || (theirs !== undefined && (mine === theirs || mine === shared[next]));
    if (mine !== undefined && !wanted.has(mine)) result.push(live[l++]);
    else if (takesTheirs) {
      result.push(merge(schema.item, present.get(theirs!), config[r++]));
      if (mine === theirs) l++;
      if (theirs === shared[next]) next++;
    } else l++;
  }
  return result;
}

/** Items by their elements; where several have one element, a configured one replaces them all. */
function onlyOnes(elements: readonly string[], items: readonly unknown[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [i, element] of elements.entries()) found.set(element, found.has(element) ? undefined : items[i]);
  return found;
}
