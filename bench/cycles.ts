import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Figure } from './figures.ts';
import { type BenchNode, openFiles, residentMegabytes, until } from './node.ts';

const WARM_UP = 50;

/** What stays after many Pods have come and gone: memory, open files, mounts, links, rules, files. */
export async function cycles(node: BenchNode, count: number): Promise<Figure[]> {
  const { pid } = await node.status();
  for (let i = 0; i < WARM_UP; i++) await cycle(node, i);
  await quiet(node);
  const before = { ...machine(node), memory: residentMegabytes(pid), files: openFiles(pid) };
  for (let i = 0; i < count; i++) await cycle(node, WARM_UP + i);
  await quiet(node);
  const after = { ...machine(node), memory: residentMegabytes(pid), files: openFiles(pid) };
  return [
    atMost(`memory that ${count} Pods leave in the node process`, 'MB', [after.memory - before.memory], 12),
    atMost('open files that they leave', '', [after.files - before.files], 2),
    atMost('mounts that they leave', '', [after.mounts - before.mounts], 0),
    atMost('links that they leave', '', [after.links - before.links], 0),
    atMost('iptables rules that they leave', '', [after.rules - before.rules], 0),
    atMost('Pod directories that they leave', '', [after.directories - before.directories], 0),
  ];
}

/** A Pod's directory and sandbox go a moment after its object. */
async function quiet(node: BenchNode): Promise<void> {
  await until(async () => readdirSync(join(node.home, 'pods')).length === 0, 50);
  await sleep(1000);
}

async function cycle(node: BenchNode, i: number): Promise<void> {
  const name = `cycle-${i}`;
  await node.api('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: 'd', emptyDir: {} }],
      containers: [
        {
          name: 'c',
          image: 'busybox',
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', '1000'],
          volumeMounts: [{ name: 'd', mountPath: '/d' }],
        },
      ],
    },
  });
  const path = `/api/v1/namespaces/default/pods/${name}`;
  await until(async () => (await node.api('GET', path)).body.status?.phase === 'Running', 10);
  await node.api('DELETE', path, { gracePeriodSeconds: 1 });
  await until(async () => (await node.api('GET', path)).code === 404, 10);
}

function machine(node: BenchNode) {
  const lines = (program: string, ...args: string[]) =>
    execFileSync(program, args, { encoding: 'utf8' }).split('\n').length;
  return {
    mounts: readFileSync('/proc/mounts', 'utf8').split('\n').length,
    links: lines('ip', '-o', 'link'),
    rules: lines('iptables-save'),
    directories: readdirSync(join(node.home, 'pods')).length,
  };
}
