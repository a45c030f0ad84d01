/**
 * A set of places in an object: a tree of path elements in the words of FieldsV1 (`f:spec`, `k:{"name":"c"}`, `v:"x"`). It is never altered, and
 * has no branch that leads to nothing.
 */
export interface FieldSet {
  /** Whether this place itself belongs to the set. */
  readonly self: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const NOTHING: FieldSet = { self: false, children: new Map() };
export const ITSELF: FieldSet = { self: true, children: new Map() };

/** A set of these branches; those that are empty are left out. */
export function fieldSet(self: boolean, branches: Iterable<readonly [string, FieldSet]>): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, branch] of branches) if (!isEmpty(branch)) children.set(element, branch);
  if (children.size === 0) return self ? ITSELF : NOTHING;
  return { self, children };
}

export function isEmpty({ self, children }: FieldSet): boolean {
  return !self && children.size === 0;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  const children = new Map(a.children);
  for (const [element, branch] of b.children) {
    const other = children.get(element);
    children.set(element, other ? union(other, branch) : branch);
  }
  return { self: a.self || b.self, children };
}

/** Places of `a` that are not places of `b`; what lies below a place of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a;
  return fieldSet(
    a.self && !b.self,
    [...a.children].map(([element, branch]) => [element, difference(branch, b.children.get(element) ?? NOTHING)]),
  );
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return fieldSet(
    a.self && b.self,
    [...a.children].map(([element, branch]) => {
      const other = b.children.get(element);
      return [element, other ? intersection(branch, other) : NOTHING];
    }),
  );
}

export function isEqual(a: FieldSet, b: FieldSet): boolean {
  if (a.self !== b.self || a.children.size !== b.children.size) return false;
  return [...a.children].every(([element, branch]) => {
    const other = b.children.get(element);
    return other !== undefined && isEqual(branch, other);
  });
}

/** The places of a set, each as its path elements, in the order of the tree. */
export function placesOf(set: FieldSet, above: readonly string[] = []): string[][] {
  const below = [...set.children].flatMap(([element, branch]) => placesOf(branch, [...above, element]));
  return set.self ? [[...above], ...below] : below;
}
