import { isRecord } from '../kube/json.ts';
import { sameValue } from './same-value.ts';

/** One step from an old list to a new one, in the order of the text. */
export type ListStep =
  | { do: 'keep'; old: number; next: number }
  | { do: 'remove'; old: number }
  | { do: 'insert'; next: number };

/** What tells the items of Kubernetes' lists apart, the strongest first (patchMergeKey in `core/v1/types.go`). */
const IDENTITIES = ['mountPath', 'devicePath', 'containerPort', 'name', 'ip', 'key', 'topologyKey'];
/** Indices of an old item and of the new one that it became; ascending in both. */
type Match = readonly [number, number];

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
  const middle = matchMiddle(old.slice(head, old.length - tail), next.slice(head, next.length - tail));
  return toSteps(old, next, [
    ...range(head).map((i): Match => [i, i]),
    ...middle.map(([i, j]): Match => [i + head, j + head]),
    ...range(tail).map((i): Match => [old.length - tail + i, next.length - tail + i]),
  ]);
}

/** What only grew or only shrank is matched the same both ways; else equal items first, then changed ones between them. */
function matchMiddle(a: readonly unknown[], b: readonly unknown[]): Match[] {
  const grown = embed(a, b);
  if (grown) return grown;
  const shrunk = embed(b, a);
  if (shrunk) return shrunk.map(([j, i]) => [i, j]);
  return matchChanged(a, b, longestCommon(a, b));
}

/** Each of `parts` with the first item after the one before that holds all of it; undefined where one has none. */
function embed(parts: readonly unknown[], wholes: readonly unknown[]): Match[] | undefined {
  const matches: Match[] = [];
  let j = 0;
  for (const [i, part] of parts.entries()) {
    while (j < wholes.length && !holds(wholes[j], part)) j++;
    if (j === wholes.length) return undefined;
    matches.push([i, j++]);
  }
  return matches;
}

function longestCommon(a: readonly unknown[], b: readonly unknown[]): Match[] {
  if (a.length * b.length > LARGEST_TABLE) return [];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const best = Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
      lengths[i * width + j] = sameValue(a[i], b[j]) ? lengths[(i + 1) * width + j + 1]! + 1 : best;
    }
  }
  const pairs: Match[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (sameValue(a[i], b[j])) pairs.push([i++, j++]);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}

function toSteps(old: readonly unknown[], next: readonly unknown[], matches: Match[]): ListStep[] {
  const steps: ListStep[] = [];
  let i = 0;
  let j = 0;
  for (const [matchedOld, matchedNext] of [...matches, [old.length, next.length] as const]) {
    while (i < matchedOld) steps.push({ do: 'remove', old: i++ });
    while (j < matchedNext) steps.push({ do: 'insert', next: j++ });
    if (i < old.length && j < next.length) steps.push({ do: 'keep', old: i++, next: j++ });
  }
  return steps;
}

/** Adds to the matches of equal items those of changed ones between them. */
function matchChanged(old: readonly unknown[], next: readonly unknown[], equal: Match[]): Match[] {
  const matches: Match[] = [];
  let i = 0;
  let j = 0;
  for (const match of [...equal, [old.length, next.length] as const]) {
    matches.push(...changedPairs(old, next, [i, match[0]], [j, match[1]]), match);
    [i, j] = [match[0] + 1, match[1] + 1];
  }
  return matches.slice(0, -1);
}

function changedPairs(
  old: readonly unknown[],
  next: readonly unknown[],
  [oldStart, oldEnd]: [number, number],
  [newStart, newEnd]: [number, number],
): Match[] {
  const pairs: Match[] = [];
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

/** `aligned`: as many items on both sides, so what has no name may simply have been changed. */
function isChanged(old: unknown, next: unknown, aligned: boolean): boolean {
  const name = identityOf(old);
  if (name !== undefined || identityOf(next) !== undefined) return name === identityOf(next);
  if (holds(next, old) || holds(old, next)) return isCollection(old) && isCollection(next);
  return aligned && Array.isArray(old) === Array.isArray(next) && isCollection(old) === isCollection(next);
}

/** What an item is called: by its merge key, or an object of a `List` by kind and name; undefined for what has no name. */
function identityOf(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  const key = IDENTITIES.find((name) => isNamed(item[name]));
  if (key !== undefined) return `${key}=${item[key]}`;
  const { metadata, kind } = item;
  return isRecord(metadata) && isNamed(metadata.name)
    ? `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
    : undefined;
}

/** Everything in `part` is in `whole`, lists in their order; a null field may have been filled. */
function holds(whole: unknown, part: unknown): boolean {
  if (isRecord(part)) {
    if (!isRecord(whole)) return false;
    return Object.keys(part).every(
      (key) => holds(whole[key], part[key]) || (part[key] === null && isCollection(whole[key])),
    );
  }
  if (!Array.isArray(part)) return sameValue(whole, part);
  if (!Array.isArray(whole)) return false;
  let j = 0;
  return part.every((item) => {
    while (j < whole.length && !holds(whole[j], item)) j++;
    return j++ < whole.length;
  });
}

function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && !isCollection(value);
}

function isCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
