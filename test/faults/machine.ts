import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PodCgroups } from '../../src/cri/cgroups.ts';
import { findShims, ourMounts } from '../../src/cri/leftovers.ts';
import { ourRules, readRecord } from '../../src/cri/network/host-network.ts';
import type { NodePlaces } from '../../src/cri/places.ts';
import type { Container, PodSandbox, Runtime } from '../../src/cri/runtime.ts';

/** What is on this machine of one node's Pods, as the kernel, the disk and the runtime tell it. */
export interface Sight {
  sandboxes: PodSandbox[];
  containers: Container[];
  /** Ids of sandboxes and containers with processes. */
  alive: Set<string>;
  /** Uids of Pods with cgroups. */
  cgroups: string[];
  /** Uids of Pods with a folder of volumes and files. */
  folders: string[];
  /** Uids of Pods with a folder of logs. */
  logs: string[];
  /** Mount points that belong to Pods' volumes. */
  volumeMounts: string[];
  shims: number;
  networkNamespaces: number;
  cables: number;
  addresses: number;
  hostPorts: number;
}

export async function look(places: NodePlaces, runtime: Runtime): Promise<Sight> {
  const [sandboxes, containers, rules] = await Promise.all([
    runtime.listPodSandboxes(),
    runtime.listContainers(),
    ourRules(places),
  ]);
  const cgroups = new PodCgroups(places.cgroup);
  const mounts = ourMounts(places);
  return {
    sandboxes,
    containers,
    alive: alive(cgroups),
    cgroups: cgroups.pods(),
    folders: list(places.pods),
    logs: list(join(places.home, 'logs')).map((name) => name.split('_')[2] ?? name),
    volumeMounts: mounts.filter((point) => point.startsWith(`${places.pods}/`)),
    shims: findShims(places).length,
    networkNamespaces: mounts.filter((point) => point.includes('/netns/')).length,
    cables: list(`/sys/class/net/${readRecord(places)?.bridge}/brif`).length,
    addresses: list(join(places.cni.addresses, places.cni.network)).filter((name) => /^[\d.]+$/.test(name)).length,
    hostPorts: rules.filter(({ text }) => text.startsWith('-A CNI-HOSTPORT-DNAT ')).length,
  };
}

/** The first processes of containers and sandboxes, by id. */
export function firstProcesses({ containerd }: NodePlaces): Map<string, number> {
  const tasks = join(containerd.state, 'io.containerd.runtime.v2.task', 'k8s.io');
  const pids = list(tasks).map((id): [string, number] => [id, Number(read(join(tasks, id, 'init.pid')))]);
  return new Map(pids.filter(([, pid]) => pid > 1 && existsSync(`/proc/${pid}`)));
}

function alive(cgroups: PodCgroups): Set<string> {
  const folders = cgroups.folders().filter((folder) => read(join(folder, 'cgroup.procs')).trim() !== '');
  return new Set(folders.map((folder) => basename(folder)));
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
