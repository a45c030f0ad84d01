import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { PodCgroups } from '../../src/cri/cgroups.ts';
import { commandRunner } from '../../src/cri/command.ts';
import { findContainerd } from '../../src/cri/containerd/spawn.ts';
import { findPodProcesses, findShims, ourMounts } from '../../src/cri/leftovers.ts';
import { tearDownHostNetwork } from '../../src/cri/network/host-network.ts';
import type { NodePlaces } from '../../src/cri/places.ts';
import { haveEnded, isAlive, type ProcessId, processId, signalProcess } from '../../src/cri/processes.ts';
import { firstProcesses } from './machine.ts';
import type { Random } from './random.ts';

/** Whom a fault meets. All of it belongs to one node under test. */
export interface Target {
  places: NodePlaces;
  random: Random;
  /** Starts the node unless it runs. */
  startNode(): Promise<void>;
  /** Stops the node in order: its Pods end by their grace periods. */
  stopNode(): Promise<void>;
}

export interface Fault {
  name: string;
  weight: number;
  /** Containers may end by it: restarts are to be expected. */
  harms: boolean;
  strike(target: Target): Promise<void>;
}

/** What happens to the node. After each the node runs again, or is started again by the suite. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'the node is killed',
    weight: 4,
    harms: false,
    strike: async ({ places }) => kill(nodeProcess(places)),
  },
  {
    name: 'the node is killed while it starts',
    weight: 3,
    harms: false,
    async strike({ places, startNode, random }) {
      await kill(nodeProcess(places));
      const starting = startNode().catch(() => {});
      await sleep(random.between(150, 900));
      await kill(nodeProcess(places));
      await starting;
    },
  },
  {
    name: 'containerd is killed',
    weight: 4,
    harms: false,
    strike: async ({ places }) => kill(findContainerd(places)),
  },
  {
    name: 'node and containerd are killed',
    weight: 3,
    harms: false,
    strike: async ({ places }) => kill(nodeProcess(places), findContainerd(places)),
  },
  {
    name: 'containerd hangs for a while',
    weight: 2,
    harms: false,
    strike: ({ places, random }) => pause(findContainerd(places), random.between(200, 2500)),
  },
  {
    name: 'the node hangs for a while',
    weight: 1,
    harms: false,
    strike: ({ places, random }) => pause(nodeProcess(places), random.between(200, 2500)),
  },
  {
    name: 'a shim is killed',
    weight: 3,
    harms: true,
    strike: async ({ places, random }) => kill(some(findShims(places), random)),
  },
  {
    name: 'all shims are killed',
    weight: 1,
    harms: true,
    strike: async ({ places }) => kill(...findShims(places)),
  },
  {
    name: 'the first process of a container or sandbox is killed',
    weight: 4,
    harms: true,
    strike: async ({ places, random }) => kill(some(containerProcesses(places), random)),
  },
  {
    name: 'every container and sandbox is killed',
    weight: 1,
    harms: true,
    strike: async ({ places }) => kill(...containerProcesses(places)),
  },
  {
    name: 'containers are killed while the node hangs',
    weight: 2,
    harms: true,
    async strike({ places, random }) {
      const hanging = pause(nodeProcess(places), random.between(500, 2000));
      await kill(...someOf(containerProcesses(places), random));
      await hanging;
    },
  },
  {
    name: 'containers are killed while the node is away',
    weight: 3,
    harms: true,
    async strike({ places, random }) {
      await kill(nodeProcess(places));
      await kill(...someOf(containerProcesses(places), random));
      await sleep(random.between(0, 500));
    },
  },
  {
    name: 'containers and shims are killed while node and containerd are away',
    weight: 2,
    harms: true,
    async strike({ places, random }) {
      await kill(nodeProcess(places), findContainerd(places));
      await kill(...someOf(findShims(places), random), ...someOf(containerProcesses(places), random));
      await sleep(random.between(0, 500));
    },
  },
  {
    name: 'everything is killed at once',
    weight: 2,
    harms: true,
    strike: ({ places }) => killEverything(places),
  },
  {
    name: 'the machine reboots',
    weight: 2,
    harms: true,
    strike: ({ places }) => reboot(places),
  },
  {
    name: 'the node is stopped in order',
    weight: 1,
    harms: true,
    strike: ({ stopNode }) => stopNode(),
  },
];

/** The node's own process, by its lock file. */
export function nodeProcess({ home }: NodePlaces): ProcessId | undefined {
  try {
    const run = JSON.parse(readFileSync(`${home}/lock`, 'utf8')) as ProcessId;
    return isAlive(run) ? { pid: run.pid, startTime: run.startTime } : undefined;
  } catch {
    return undefined;
  }
}

function containerProcesses(places: NodePlaces): ProcessId[] {
  return [...firstProcesses(places).values()].flatMap((pid) => processId(pid) ?? []);
}

async function kill(...ids: (ProcessId | undefined)[]): Promise<void> {
  const there = ids.filter((id) => id !== undefined);
  for (const id of there) signalProcess(id, 'SIGKILL');
  await haveEnded(there, 10_000);
}

async function pause(id: ProcessId | undefined, ms: number): Promise<void> {
  if (!id) return;
  signalProcess(id, 'SIGSTOP');
  await sleep(ms);
  signalProcess(id, 'SIGCONT');
}

function some<T>(list: T[], random: Random): T | undefined {
  return list.length > 0 ? random.pick(list) : undefined;
}

function someOf<T>(list: T[], random: Random): T[] {
  return list.filter(() => random.next() < 0.5);
}

async function killEverything(places: NodePlaces): Promise<void> {
  await kill(nodeProcess(places), findContainerd(places));
  for (;;) {
    const left = [...findShims(places), ...findPodProcesses(places)];
    if (left.length === 0) return;
    await kill(...left);
  }
}

/** All processes are gone, and all that lives in the kernel and in /run; what is on the disk stays. */
async function reboot(places: NodePlaces): Promise<void> {
  await killEverything(places);
  const run = commandRunner();
  for (let points = ourMounts(places); points.length > 0; points = ourMounts(places))
    await run('umount', ['-l', ...points.reverse()]);
  await tearDownHostNetwork({ places, log: pino({ level: 'silent' }) });
  await new PodCgroups(places.cgroup).removeAll();
  rmSync(places.run, { recursive: true, force: true });
}
