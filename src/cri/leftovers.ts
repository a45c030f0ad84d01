import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PodCgroups } from './cgroups.ts';
import { commandRunner, type RunCommand } from './command.ts';
import { findContainerd } from './containerd/spawn.ts';
import { mountsBelow } from './mounts.ts';
import { cachedResults } from './network/cached-results.ts';
import { type NetworkRecord, ourRules, readRecord } from './network/host-network.ts';
import type { NodePlaces } from './places.ts';
import { findProcesses, type Process, processId } from './processes.ts';

/** What of one node is on this machine. Empty lists throughout: nothing. */
export interface Leftovers {
  processes: { pid: number; command: string }[];
  mounts: string[];
  networkNamespaces: string[];
  links: string[];
  rules: string[];
  cgroups: string[];
  /** Folders and files outside the home folder. */
  files: string[];
}

/** Lists what containerd, its Pods and the network have on this machine; the node's own process and its files at home are not looked at. */
export async function leftovers(places: NodePlaces, run: RunCommand = commandRunner()): Promise<Leftovers> {
  const containerd = findContainerd(places);
  const processes = [...(containerd ? [containerd] : []), ...findShims(places), ...findPodProcesses(places)];
  const mounts = ourMounts(places);
  const rules = await ourRules(places, run);
  return {
    processes: processes.map(({ pid, argv }) => ({ pid, command: argv.join(' ') })),
    mounts,
    networkNamespaces: mounts.filter((point) => point.includes('/netns/')),
    links: linksOf(readRecord(places)),
    rules: rules.map(({ table, text }) => `${table}: ${text}`),
    cgroups: new PodCgroups(places.cgroup).folders(),
    files: [...shimSockets(places), ...cachedResults(places), places.run].filter((path) => existsSync(path)),
  };
}

/** All below the three folders in which this node mounts something; elsewhere at home a mount is the user's. */
export function ourMounts({ run, pods, containerd }: NodePlaces): string[] {
  return [run, containerd.folder, pods].flatMap((folder) => mountsBelow(folder));
}

/** The shims that our containerd started: they name its socket. */
export function findShims({ containerd }: NodePlaces): Process[] {
  return findProcesses((argv) => {
    const address = argv.indexOf('-address');
    return /containerd-shim[^/]*$/.test(argv[0] ?? '') && address > 0 && argv[address + 1] === containerd.socket;
  });
}

/** The processes in our Pods' cgroups, whatever they are. */
export function findPodProcesses({ cgroup }: NodePlaces): Process[] {
  return new PodCgroups(cgroup).processes().flatMap((pid) => {
    const id = processId(pid);
    return id ? [{ ...id, argv: argvOf(pid) }] : [];
  });
}

/** Shims listen under /run/containerd/s whatever the state folder is; each notes where in its own folder. */
export function shimSockets({ containerd }: NodePlaces): string[] {
  const tasks = join(containerd.state, 'io.containerd.runtime.v2.task', 'k8s.io');
  const addresses = list(tasks)
    .map((id) => join(tasks, id, 'address'))
    .filter((path) => existsSync(path));
  const paths = addresses.map((path) =>
    readFileSync(path, 'utf8')
      .trim()
      .replace(/^unix:\/\//, ''),
  );
  return paths.filter((path) => path.startsWith(`${SHIM_SOCKETS}/`));
}

export const SHIM_SOCKETS = '/run/containerd/s';

function linksOf(record: NetworkRecord | undefined): string[] {
  const folder = `/sys/class/net/${record?.bridge}`;
  return record?.inUse && existsSync(folder) ? [record.bridge, ...list(`${folder}/brif`)] : [];
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function argvOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}
