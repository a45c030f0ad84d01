import { writeFileSync } from 'node:fs';
import { apiTimes } from './api.ts';
import { attachTimes } from './attach.ts';
import { commandTimes } from './commands.ts';
import { cycles } from './cycles.ts';
import { type Figure, table } from './figures.ts';
import { idle } from './idle.ts';
import { manyPods } from './many.ts';
import { BenchNode } from './node.ts';
import { podTimes } from './pod.ts';
import { restartTimes } from './restart.ts';
import { startTimes } from './start.ts';

const [root, ...args] = process.argv.slice(2);
const quick = args.includes('--quick');
const json = args.includes('--json') ? args[args.indexOf('--json') + 1] : undefined;
const only = args.includes('--only') ? args[args.indexOf('--only') + 1]!.split(',') : undefined;
const runs = quick ? 3 : 7;

const figures: Figure[] = [];
const add = async (name: string, what: string, section: () => Promise<Figure[]>) => {
  if (only && !only.includes(name)) return;
  console.error(`bench: ${what} …`);
  figures.push(...(await section()));
};

await add('attach', 'attaching to manifests', () => attachTimes(root!, { runs, quick }));
if (!only || only.some((name) => name !== 'attach')) await withNode(new BenchNode(root!));
console.log(table(figures));
if (json) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
process.exit(figures.some((f) => f.target?.kept === false) ? 2 : 0);

/** The sections that need a node, and root with it. */
async function withNode(node: BenchNode): Promise<void> {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => void node.close().finally(() => process.exit(code)));
  try {
    await add('start', 'node start', () => startTimes(node, runs));
    if (only && !only.includes('start')) await node.start();
    await node.outfit('image', 'build', 'nginx');
    await node.outfit('image', 'build', 'busybox');
    await add('pod', 'one Pod', () => podTimes(node, runs));
    await add('restart', 'a container that ends', () => restartTimes(node, runs));
    await add('commands', 'commands', () => commandTimes(node, runs));
    await add('idle', 'an idle node', () => idle(node, quick ? 5 : 20));
    await add('many', 'many Pods at once', () => manyPods(node, { count: quick ? 20 : 100, seconds: quick ? 10 : 30 }));
    await add('cycles', 'Pods that come and go', () => cycles(node, quick ? 20 : 200));
    await add('api', 'the API', () =>
      apiTimes(node, quick ? { pods: 2000, watchers: 100 } : { pods: 10_000, watchers: 1000 }),
    );
  } finally {
    await node.close();
  }
}
