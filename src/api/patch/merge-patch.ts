/** JSON merge patch (RFC 7386): null removes, objects merge, anything else replaces. Neither argument is altered. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result = new Map(isRecord(target) ? Object.entries(target) : []);
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) result.delete(field);
    else result.set(field, applyMergePatch(result.get(field), value));
  }
  // fromEntries, unlike assignment, gives a field called __proto__ no meaning.
  return Object.fromEntries(result);
}

/** The merge patch that makes `to` of `from`. A null inside `to` cannot be said by one. */
export function createMergePatch(from: unknown, to: unknown): unknown {
  if (!isRecord(from) || !isRecord(to)) return to;
  const removed = Object.keys(from).filter((field) => !Object.hasOwn(to, field));
  const changed = Object.entries(to).filter(([field, value]) => !isEqual(own(from, field), value));
  return Object.fromEntries([
    ...removed.map((field) => [field, null] as const),
    ...changed.map(([field, value]) => [field, createMergePatch(own(from, field), value)] as const),
  ]);
}

const own = (object: Record<string, unknown>, field: string): unknown =>
  Object.hasOwn(object, field) ? object[field] : undefined;

function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const fields = Object.keys(a);
  return (
    fields.length === Object.keys(b).length && fields.every((f) => Object.hasOwn(b, f) && isEqual(a[f], own(b, f)))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
