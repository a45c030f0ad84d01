import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Figure } from './figures.ts';
import { type BenchNode, cpuSeconds, residentMegabytes, until } from './node.ts';

/** Memory and CPU of a node with one Pod that does nothing, over `seconds`. */
export async function idle(node: BenchNode, seconds: number): Promise<Figure[]> {
  await node.api('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name: 'idle' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100000'] }],
    },
  });
  await until(
    async () => (await node.api('GET', '/api/v1/namespaces/default/pods/idle')).body.status?.phase === 'Running',
    50,
  );
  await sleep(3000);
  const { pid, containerd } = await node.status();
  const before = [cpuSeconds(pid), cpuSeconds(containerd.pid)];
  await sleep(seconds * 1000);
  const used = [cpuSeconds(pid), cpuSeconds(containerd.pid)].map((after, i) => ((after - before[i]!) / seconds) * 100);
  const figures = [
    atMost('node process, one Pod: memory', 'MB', [residentMegabytes(pid)], 110),
    atMost('containerd, one Pod: memory', 'MB', [residentMegabytes(containerd.pid)]),
    atMost('node process, one Pod: CPU when idle', '% of a core', [used[0]!], 0.5),
    atMost('containerd, one Pod: CPU when idle', '% of a core', [used[1]!]),
  ];
  await node.api('DELETE', '/api/v1/namespaces/default/pods/idle');
  await node.gone('idle');
  return figures;
}
