import { matchesAny } from './glob.ts';

/** A sidecar's containers in one list, to be placed as a block. */
export interface Block {
  sidecar: string;
  names: readonly string[];
  before: readonly string[];
  after: readonly string[];
  /** Where it goes when nothing else is said: before the Pod's own, or after them. */
  side: 'First' | 'Last';
}

export type Arrangement = { names: string[]; sidecars: string[] } | { cycle: string[] };

interface Item {
  id: string;
  /** What it is called in `before` and `after`. */
  name: string;
  names: readonly string[];
  rank: readonly [number, number];
}

/**
 * The order of containers in a list: the Pod's own stay in their order; each sidecar's stand together, before or after what it names. `own`
 * are the names of the Pod's own; `star` says whether `*` means them, too. Always the same, whatever order the blocks come in.
 */
export function arrange(own: readonly string[], blocks: readonly Block[], star: boolean): Arrangement {
  if (blocks.every(({ before, after }) => before.length === 0 && after.length === 0)) return bySide(own, blocks);
  const sorted = [...blocks].sort((a, b) => (a.sidecar < b.sidecar ? -1 : 1));
  const items: Item[] = [
    ...own.map((name, i): Item => ({ id: `container ${name}`, name, names: [name], rank: [1, i] })),
    ...sorted.map(
      (block, i): Item => ({
        id: `sidecar ${block.sidecar}`,
        name: block.sidecar,
        names: block.names,
        rank: [block.side === 'First' ? 0 : 2, i],
      }),
    ),
  ];
  const edges = [...chain(items.slice(0, own.length)), ...sorted.flatMap((block) => edgesOf(block, items, star))];
  return sort(items, edges);
}

/** `sidecar "a" before container "b" before sidecar "a"`. */
export function describeCycle(cycle: readonly string[]): string {
  return cycle.map((id) => id.replace(/^(\w+) (.*)$/, '$1 "$2"')).join(' before ');
}

/** Nothing is demanded. */
function bySide(own: readonly string[], blocks: readonly Block[]): Arrangement {
  const sorted = [...blocks].sort((a, b) => (a.sidecar < b.sidecar ? -1 : 1));
  const of = (side: Block['side']): Block[] => sorted.filter((block) => block.side === side);
  return {
    names: [...of('First').flatMap(({ names }) => names), ...own, ...of('Last').flatMap(({ names }) => names)],
    sidecars: [...of('First'), ...of('Last')].map(({ sidecar }) => sidecar),
  };
}

/** Whether a list of names keeps to what the sidecars demand; what they leave open may be anyhow. */
export function keepsOrder(
  names: readonly string[],
  own: readonly string[],
  blocks: readonly Block[],
  star: boolean,
): boolean {
  const at = (name: string): number => names.indexOf(name);
  const items: Item[] = [
    ...own.map((name): Item => ({ id: `container ${name}`, name, names: [name], rank: [0, 0] })),
    ...blocks.map(
      (block): Item => ({ id: `sidecar ${block.sidecar}`, name: block.sidecar, names: block.names, rank: [0, 0] }),
    ),
  ];
  const byId = new Map(items.map((item) => [item.id, item]));
  const inside = blocks.every((block) =>
    block.names.every((name, i) => i === 0 || at(block.names[i - 1] ?? '') < at(name)),
  );
  return (
    inside &&
    blocks
      .flatMap((block) => edgesOf(block, items, star))
      .every(([from, to]) =>
        (byId.get(from)?.names ?? []).every((a) => (byId.get(to)?.names ?? []).every((b) => at(a) < at(b))),
      )
  );
}

type Edge = readonly [from: string, to: string];

function chain(items: readonly Item[]): Edge[] {
  return items.slice(1).map((item, i): Edge => [items[i]?.id ?? '', item.id]);
}

function edgesOf({ sidecar, before, after }: Block, items: readonly Item[], star: boolean): Edge[] {
  const id = `sidecar ${sidecar}`;
  const isOwn = (item: Item): boolean => item.id.startsWith('container ');
  const named = (globs: readonly string[], item: Item): boolean =>
    matchesAny(isOwn(item) && !star ? globs.filter((glob) => !/^\*+$/.test(glob)) : globs, item.name);
  const others = items.filter((item) => item.id !== id);
  return [
    ...others.filter((item) => named(before, item)).map((item): Edge => [id, item.id]),
    ...others.filter((item) => named(after, item)).map((item): Edge => [item.id, id]),
  ];
}

/** Takes what nothing stands before any more, by rank. */
function sort(items: readonly Item[], edges: readonly Edge[]): Arrangement {
  const waiting = new Map(items.map((item) => [item.id, new Set<string>()]));
  for (const [from, to] of edges) waiting.get(to)?.add(from);
  const rest = [...items].sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1]);
  const result: Item[] = [];
  while (rest.length > 0) {
    const index = rest.findIndex((item) => waiting.get(item.id)?.size === 0);
    const [item] = index < 0 ? [] : rest.splice(index, 1);
    if (item === undefined) return { cycle: cycleIn(rest, waiting) };
    result.push(item);
    for (const before of waiting.values()) before.delete(item.id);
  }
  return {
    names: result.flatMap(({ names }) => names),
    sidecars: result.filter(({ id }) => id.startsWith('sidecar ')).map(({ name }) => name),
  };
}

/** Follows what stands before until it comes round. */
function cycleIn(rest: readonly Item[], waiting: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const seen: string[] = [];
  let at = rest[0]?.id ?? '';
  while (!seen.includes(at)) {
    seen.push(at);
    const before: string[] = [...(waiting.get(at) ?? [])];
    at = before.find((id) => rest.some((item) => item.id === id)) ?? at;
  }
  const round = [...seen.slice(seen.indexOf(at)), at];
  return round.reverse();
}
