import { join } from 'node:path';
import { atMost, type Figure } from './figures.ts';
import { type BenchNode, processTime } from './node.ts';

/** Whole processes of the command line, beside kubectl's where there is one. */
export async function commandTimes(node: BenchNode, runs: number): Promise<Figure[]> {
  const bin = join(process.argv[2]!, 'bin/outfit');
  const outfit: number[] = [];
  const kubectl: number[] = [];
  for (let i = 0; i < runs + 2; i++) {
    outfit.push(await processTime(node.env, process.execPath, bin, 'get', 'po'));
    kubectl.push(await processTime(node.env, 'kubectl', 'get', 'po').catch(() => Number.NaN));
  }
  const figures = [atMost('outfit get po', 'ms', outfit.slice(2), 200)];
  return kubectl.some(Number.isNaN) ? figures : [...figures, atMost('kubectl get po', 'ms', kubectl.slice(2))];
}
