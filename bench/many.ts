import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Figure, percentile } from './figures.ts';
import { type BenchNode, cpuSeconds, residentMegabytes, timed, until } from './node.ts';

const PODS = '/api/v1/namespaces/default/pods';
const PERIOD = 1000;

/** Many Pods at once: until all are Ready, what they cost while they do nothing, and whether their probes keep time. */
export async function manyPods(
  node: BenchNode,
  { count, seconds }: { count: number; seconds: number },
): Promise<Figure[]> {
  const alone = await timed(() => ready(node, 1));
  await removed(node);
  const all = await timed(() => ready(node, count));
  const cost = await costOf(node, seconds);
  await removed(node);
  const late = await probeErrors(node, count, seconds);
  const what = `${count} Pods`;
  return [
    atMost('one Pod to Ready', 'ms', [alone]),
    atMost(`${what} at once to Ready`, 'ms', [all]),
    atMost(`${what} at once, each / one Pod`, 'times', [all / count / alone], 1),
    atMost(`node process, ${what}: memory`, 'MB', [cost.megabytes], 180),
    atMost(`node process, ${what}: CPU when idle`, '% of a core', [cost.cpu], 2),
    atMost(`probes of ${what}, every second: 99 of 100 are off by`, 'ms', [percentile(late, 0.99)], 50),
    atMost(`probes of ${what}, every second: the worst is off by`, 'ms', [percentile(late, 1)]),
  ];
}

interface Probe {
  httpGet: { host: string; port: number; path: string };
  periodSeconds: number;
  failureThreshold: number;
}

async function ready(node: BenchNode, count: number, probe?: (name: string) => Probe): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `many-${i}`);
  const created = names.map((name) => node.api('POST', PODS, podOf(name, probe?.(name))));
  for (const { code } of await Promise.all(created)) if (code !== 201) throw new Error(`create answered ${code}`);
  await until(
    async () => {
      const { body } = await node.api('GET', PODS);
      return body.items?.filter(({ status }) => isReady(status)).length === count;
    },
    20,
    300,
  );
}

const isReady = (status: { conditions?: { type: string; status: string }[] } = {}): boolean =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

function podOf(name: string, livenessProbe?: Probe) {
  const container = { name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100000'] };
  return {
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ ...container, ...(livenessProbe && { livenessProbe }) }] },
  };
}

async function removed(node: BenchNode): Promise<void> {
  await node.api('DELETE', PODS);
  await until(async () => (await node.api('GET', PODS)).body.items?.length === 0, 50, 300);
}

/** Over `seconds`, when all has come to rest. */
async function costOf(node: BenchNode, seconds: number): Promise<{ megabytes: number; cpu: number }> {
  const { pid } = await node.status();
  await sleep(5000);
  const before = cpuSeconds(pid);
  await sleep(seconds * 1000);
  return { megabytes: residentMegabytes(pid), cpu: ((cpuSeconds(pid) - before) / seconds) * 100 };
}

/** How far each time between two probes of one Pod is from the period, in milliseconds; seen by a server in this process. */
async function probeErrors(node: BenchNode, count: number, seconds: number): Promise<number[]> {
  const seen = new Map<string, number[]>();
  const server = createServer((asked, answer) => {
    const times = seen.get(asked.url ?? '') ?? [];
    seen.set(asked.url ?? '', [...times, performance.now()]);
    answer.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await ready(node, count, (name) => ({
      httpGet: { host: '127.0.0.1', port, path: `/${name}` },
      periodSeconds: PERIOD / 1000,
      failureThreshold: 1000,
    }));
    await sleep(3000);
    seen.clear();
    await sleep(seconds * 1000);
    await removed(node);
  } finally {
    server.close();
  }
  return [...seen.values()].flatMap((times) => times.slice(1).map((time, i) => Math.abs(time - times[i]! - PERIOD)));
}
