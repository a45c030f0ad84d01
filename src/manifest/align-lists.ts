import { isRecord } from '../kube/json.ts';
import { sameValue } from './same-value.ts';

/** One step from an old list to a new one, in the order of the text. */
export type ListStep =
  | { do: 'keep'; old: number; next: number }
  | { do: 'remove'; old: number }
  | { do: 'insert'; next: number };

/** What tells the items of Kubernetes' lists apart, the strongest first (patchMergeKey in `core/v1/types.go`). */
const IDENTITIES = ['mountPath', 'devicePath', 'containerPort', 'name', 'ip', 'key', 'topologyKey'];
const LARGEST_TABLE = 250_000;

/**
 * How a list became another with the least rewriting: equal items stay, an item that was changed is recognised by its name (or mountPath …) or
 * because one of the two holds all of the other. What only adds is found the same way back.
 */
export function alignLists(old: readonly unknown[], next: readonly unknown[]): ListStep[] {
  const shorter = Math.min(old.length, next.length);
  let head = 0;
  while (head < shorter && sameValue(old[head], next[head])) head++;
  let tail = 0;
  while (tail < shorter - head && sameValue(old[old.length - 1 - tail], next[next.length - 1 - tail])) tail++;
  const equal = [
    ...range(head).map((i) => [i, i] as const),
    ...equalPairs(old, next, head, tail),
    ...range(tail).map((i) => [old.length - tail + i, next.length - tail + i] as const),
  ];
  return fillGaps(old, next, equal);
}

/** Pairs of equal items of the middle, ascending in both. */
function equalPairs(
  old: readonly unknown[],
  next: readonly unknown[],
  head: number,
  tail: number,
): (readonly [number, number])[] {
  const a = old.slice(head, old.length - tail);
  const b = next.slice(head, next.length - tail);
  if (a.length === 0 || b.length === 0) return [];
  const pairs = subsequence(a, b) ?? subsequence(b, a)?.map(([i, j]) => [j, i] as const) ?? longestCommon(a, b);
  return pairs.map(([i, j]) => [i + head, j + head] as const);
}

/** All of `a` in `b`, each as early as can be; undefined where `b` does not hold all in order. */
function subsequence(a: readonly unknown[], b: readonly unknown[]): (readonly [number, number])[] | undefined {
  const pairs: (readonly [number, number])[] = [];
  let j = 0;
  for (const [i, item] of a.entries()) {
    while (j < b.length && !sameValue(item, b[j])) j++;
    if (j === b.length) return undefined;
    pairs.push([i, j++]);
  }
  return pairs;
}

function longestCommon(a: readonly unknown[], b: readonly unknown[]): (readonly [number, number])[] {
  if (a.length * b.length > LARGEST_TABLE) return [];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const best = Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
      lengths[i * width + j] = sameValue(a[i], b[j]) ? lengths[(i + 1) * width + j + 1]! + 1 : best;
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (sameValue(a[i], b[j])) pairs.push([i++, j++]);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}

/** Between equal items: changed ones are kept, others go and come. */
function fillGaps(old: readonly unknown[], next: readonly unknown[], equal: (readonly [number, number])[]): ListStep[] {
  const steps: ListStep[] = [];
  let i = 0;
  let j = 0;
  for (const [nextOld, nextNew] of [...equal, [old.length, next.length] as const]) {
    for (const [changedOld, changedNew] of [
      ...changedPairs(old, next, [i, nextOld], [j, nextNew]),
      [nextOld, nextNew] as const,
    ]) {
      while (i < changedOld) steps.push({ do: 'remove', old: i++ });
      while (j < changedNew) steps.push({ do: 'insert', next: j++ });
      if (i < old.length && j < next.length) steps.push({ do: 'keep', old: i++, next: j++ });
    }
  }
  return steps;
}

function changedPairs(
  old: readonly unknown[],
  next: readonly unknown[],
  [oldStart, oldEnd]: [number, number],
  [newStart, newEnd]: [number, number],
): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  const alone = oldEnd - oldStart === newEnd - newStart;
  let from = newStart;
  for (let i = oldStart; i < oldEnd; i++) {
    let j = from;
    while (j < newEnd && !isChanged(old[i], next[j], alone)) j++;
    if (j < newEnd) {
      pairs.push([i, j]);
      from = j + 1;
    }
  }
  return pairs;
}

/** `aligned`: as many items on both sides, so a scalar may simply have been replaced. */
function isChanged(old: unknown, next: unknown, aligned: boolean): boolean {
  if (isRecord(old) && isRecord(next)) {
    const key = IDENTITIES.find((name) => old[name] !== undefined || next[name] !== undefined);
    return key === undefined ? holds(next, old) || holds(old, next) : sameValue(old[key], next[key]);
  }
  if (Array.isArray(old) && Array.isArray(next)) return holds(next, old) || holds(old, next);
  return aligned && !isCollection(old) && !isCollection(next);
}

/** Everything in `part` is in `whole`, lists in their order. */
function holds(whole: unknown, part: unknown): boolean {
  if (isRecord(part)) return isRecord(whole) && Object.keys(part).every((key) => holds(whole[key], part[key]));
  if (!Array.isArray(part)) return sameValue(whole, part);
  if (!Array.isArray(whole)) return false;
  let j = 0;
  return part.every((item) => {
    while (j < whole.length && !holds(whole[j], item)) j++;
    return j++ < whole.length;
  });
}

function isCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
