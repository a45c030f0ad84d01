import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { containerdRuntime } from '../src/cri/containerd-runtime.ts';
import type { Runtime } from '../src/cri/runtime.ts';
import { NAMESPACES, testContainer, testSandbox } from '../src/cri/testing-config.ts';
import { atMost, type Figure } from './figures.ts';
import type { BenchNode } from './node.ts';

const PODS = '/api/v1/namespaces/default/pods';
/** Writes its process id, which with hostPID is this machine's, into a new file. (`$$` would be `$` in a Pod.) */
const COMMAND = [
  'sh',
  '-c',
  'read pid rest < /proc/self/stat; echo $pid > /bench/$(cat /proc/sys/kernel/random/uuid); exec sleep 100000',
];

/**
 * From the end of a container's process to the first instruction of the next: the first restart has no back-off, and the end is none by SIGKILL, of which the
 * node waits 15 ms to hear whether it was for memory. Beside it, what the runtime alone takes
 * to make and start such a container; the rest is the node's reaction.
 */
export async function restartTimes(node: BenchNode, runs: number): Promise<Figure[]> {
  const { containerd } = await node.status();
  const runtime = containerdRuntime({ socket: containerd.socket, log: pino({ level: 'silent' }) });
  const bare: number[] = [];
  const restart: number[] = [];
  try {
    for (let i = 0; i < runs; i++) {
      bare.push(await started(node, runtime));
      restart.push(await restarted(node));
    }
  } finally {
    runtime.close();
  }
  return [
    atMost('a container made and started by bare CRI calls', 'ms', bare),
    atMost('a container that ends, to the next one', 'ms', restart),
    atMost(
      'reaction of the node (the difference)',
      'ms',
      restart.map((ms, i) => ms - bare[i]!),
      50,
    ),
  ];
}

async function restarted(node: BenchNode): Promise<number> {
  const folder = newFolder(node);
  const first = nextFile(folder);
  await node.api('POST', PODS, {
    metadata: { name: 'restarts' },
    spec: {
      hostPID: true,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'c',
          image: 'busybox',
          imagePullPolicy: 'IfNotPresent',
          command: COMMAND,
          volumeMounts: [{ name: 'bench', mountPath: '/bench' }],
        },
      ],
      volumes: [{ name: 'bench', hostPath: { path: folder } }],
    },
  });
  const { pid } = await first;
  const second = nextFile(folder);
  const killed = performance.now();
  process.kill(pid, 'SIGTERM');
  const { at } = await second;
  await node.api('DELETE', `${PODS}/restarts`);
  await node.gone('restarts');
  return at - killed;
}

async function started(node: BenchNode, runtime: Runtime): Promise<number> {
  const folder = newFolder(node);
  const uid = randomUUID();
  const sandbox = testSandbox({
    metadata: { name: 'bare', uid, namespace: 'bench', attempt: 0 },
    logDirectory: join(folder, 'logs'),
    linux: { cgroupParent: '', namespaces: NAMESPACES },
  });
  mkdirSync(sandbox.logDirectory);
  const id = await runtime.runPodSandbox(sandbox);
  const written = nextFile(folder);
  const begun = performance.now();
  const container = await runtime.createContainer(
    id,
    testContainer({
      command: COMMAND,
      mounts: [{ containerPath: '/bench', hostPath: folder, readonly: false, propagation: 'PRIVATE' }],
    }),
    sandbox,
  );
  await runtime.startContainer(container);
  const { at } = await written;
  await runtime.stopPodSandbox(id);
  await runtime.removePodSandbox(id);
  return at - begun;
}

function newFolder(node: BenchNode): string {
  const folder = join(node.home, 'bench', randomUUID());
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The process id that the next new file holds, and when it came. */
function nextFile(folder: string): Promise<{ pid: number; at: number }> {
  const before = new Set(readdirSync(folder));
  return new Promise((resolve) => {
    const watcher = watch(folder, (_, name) => {
      const at = performance.now();
      if (name === null || name === 'logs' || before.has(name)) return;
      const text = readFileSync(join(folder, name), 'utf8');
      if (text === '') return;
      watcher.close();
      resolve({ pid: Number(text), at });
    });
  });
}
