import { atMost, type Figure } from './figures.ts';
import type { BenchNode } from './node.ts';
import { timed } from './node.ts';

/** `outfit node start` as a whole process: from nothing at all, and the second start of the same state directory. */
export async function startTimes(node: BenchNode, runs: number): Promise<Figure[]> {
  const first: number[] = [];
  const second: number[] = [];
  for (let i = 0; i < runs; i++) {
    await node.outfit('node', 'reset', '--yes');
    first.push(await timed(() => node.start()));
    await node.outfit('node', 'stop');
    second.push(await timed(() => node.start()));
  }
  return [
    atMost('outfit node start, from nothing', 'ms', first, 800),
    atMost('outfit node start, second time', 'ms', second, 800),
  ];
}
