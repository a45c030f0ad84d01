/** A list's items and those of another that it does not have yet. */
export function mergeScalars(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return [...new Set([...original, ...patch])];
}

/**
 * The order of a merged list: what the patch names keeps the patch's order, the others the original's, and the two are interleaved by the
 * original's order as far as it says anything; what is new comes first (apimachinery `strategicpatch`, normalizeElementOrder).
 * @param named the patch's items, or what `$setElementOrder` lists
 */
export function orderBy(
  list: readonly unknown[],
  named: readonly unknown[],
  original: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const identity = (item: unknown): unknown => identify(item, mergeKey);
  const order = named.map(identity);
  const before = original.map(identity);
  const fromPatch = list.filter((item) => order.includes(identity(item)));
  const others = list.filter((item) => !order.includes(identity(item)));
  fromPatch.sort((a, b) => order.indexOf(identity(a)) - order.indexOf(identity(b)));
  return interleave(others, fromPatch, (item) => before.indexOf(identity(item)));
}

/** `position` is -1 for what the original does not have. */
function interleave(
  others: readonly unknown[],
  fromPatch: readonly unknown[],
  position: (item: unknown) => number,
): unknown[] {
  const result: unknown[] = [];
  let next = 0;
  for (const item of fromPatch) {
    const place = position(item);
    while (next < others.length && place >= 0 && isBefore(position(others[next]), place)) result.push(others[next++]);
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

const isBefore = (a: number, b: number): boolean => a >= 0 && a < b;

function identify(item: unknown, mergeKey: string | undefined): unknown {
  if (mergeKey === undefined || typeof item !== 'object' || item === null) return item;
  return (item as Record<string, unknown>)[mergeKey];
}
