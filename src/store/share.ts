/**
 * Makes `next` reuse every part that `previous` has in the same place, and returns `previous` itself when nothing differs. The versions of an
 * object that the history keeps then cost only what changed between them.
 *
 * Both must be plain JSON; the order of an object's keys does not count. `next` must belong to the caller: it is altered.
 */
export function shareUnchanged<T>(previous: T, next: T): T {
  return share(previous, next) as T;
}

function share(previous: unknown, next: unknown): unknown {
  if (previous === next) return previous;
  if (Array.isArray(previous) && Array.isArray(next)) return shareItems(previous, next);
  if (isRecord(previous) && isRecord(next)) return shareFields(previous, next);
  return next;
}

function shareItems(previous: unknown[], next: unknown[]): unknown[] {
  let same = previous.length === next.length;
  for (let i = 0; i < next.length && i < previous.length; i++) {
    next[i] = share(previous[i], next[i]);
    same &&= next[i] === previous[i];
  }
  return same ? previous : next;
}

function shareFields(previous: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  const fields = Object.keys(next);
  let same = fields.length === Object.keys(previous).length;
  for (const field of fields) {
    if (Object.hasOwn(previous, field)) next[field] = share(previous[field], next[field]);
    same &&= Object.hasOwn(previous, field) && next[field] === previous[field];
  }
  return same ? previous : next;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
