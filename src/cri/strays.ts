import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PodCgroups } from './cgroups.ts';
import { commandRunner, type RunCommand } from './command.ts';
import { findShims, SHIM_SOCKETS } from './leftovers.ts';
import { mountsBelow } from './mounts.ts';
import { removeHostPorts } from './network/host-network.ts';
import type { NodePlaces } from './places.ts';
import { findProcesses, haveEnded, isAlive, type ProcessId, processId, signalProcess } from './processes.ts';
import type { Runtime } from './runtime.ts';

/** What there is on this machine of sandboxes and containers, whether the runtime knows of it or not. */
export interface Traces {
  /** Ids of sandboxes and containers that a shim, a bundle or a cgroup bears. */
  ids: Set<string>;
  /** Paths of network namespaces. */
  namespaces: string[];
  /** Files that hold addresses, with the sandbox each is for. */
  addresses: { file: string; sandboxId: string }[];
}

/**
 * To be called while nothing is being made: before containerd starts, or before anybody asks it for anything. Then whatever there is was begun for one who
 * is dead. Waits for the last helpers to end.
 */
export async function tracesOf(places: NodePlaces): Promise<Traces> {
  const deadline = Date.now() + HELPERS_MS;
  while (helpers(places).some(isAlive) && Date.now() < deadline) await sleep(20);
  return {
    ids: new Set([...findShims(places).map(({ argv }) => idOf(argv)), ...list(tasks(places)), ...cgroupIds(places)]),
    namespaces: list(namespaces(places)).map((name) => join(namespaces(places), name)),
    addresses: addressesOf(places),
  };
}

/**
 * Removes those traces of which the runtime, which has taken up all that it could, knows nothing or says that nothing lives there. A containerd that is
 * killed while it makes a sandbox or container, or whose caller is, leaves shims, processes, network namespaces, addresses and host ports behind that nobody
 * looks for any more.
 */
export async function removeStrays(
  traces: Traces,
  { places, runtime, log, run = commandRunner() }: StrayOptions,
): Promise<void> {
  if (traces.ids.size === 0 && traces.namespaces.length === 0 && traces.addresses.length === 0) return;
  const known = await knownTo(runtime);
  const ids = [...traces.ids].filter((id) => !known.alive.has(id));
  const namespaces = traces.namespaces.filter((path) => !known.namespaces.has(path));
  const addresses = traces.addresses.filter(({ sandboxId }) => !known.ids.has(sandboxId));
  if (ids.length === 0 && namespaces.length === 0 && addresses.length === 0) return;
  log.warn({ ids, namespaces, addresses: addresses.length }, 'removing what was left behind');
  await endAll(places, ids);
  for (const id of ids) await removeFiles(places, id, known.ids.has(id), run);
  for (const path of namespaces) await removeMounted(path, run);
  for (const { file } of addresses) rmSync(file, { force: true });
  const gone = new Set(addresses.map(({ sandboxId }) => sandboxId));
  if (gone.size > 0) await removeHostPorts(places, (sandboxId) => gone.has(sandboxId), run);
}

export interface StrayOptions {
  places: NodePlaces;
  runtime: Pick<Runtime, 'listPodSandboxes' | 'listContainers' | 'podSandboxStatus'>;
  log: Logger;
  run?: RunCommand;
}

const HELPERS_MS = 2_000;
const END_MS = 5_000;
/** Ids of sandboxes and containers are 64 hexadecimal digits. */
const ID = /^[0-9a-f]{64}$/;
const CRI = 'io.containerd.grpc.v1.cri';

/** Short-lived children of containerd that go on when it is killed: `runc`, `containerd-shim … start`, CNI plugins. */
function helpers({ containerd, runcRoot }: NodePlaces): ProcessId[] {
  return findProcesses(
    (argv) =>
      (argv.includes('--root') && argv.some((word) => word.startsWith(runcRoot))) ||
      (argv.at(-1) === 'start' && argv.includes(containerd.socket)),
  );
}

interface Known {
  ids: Set<string>;
  /** Of them, ready sandboxes and running containers with their sandboxes. */
  alive: Set<string>;
  namespaces: Set<string>;
}

async function knownTo(runtime: StrayOptions['runtime']): Promise<Known> {
  const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(), runtime.listContainers()]);
  const statuses = await Promise.all(sandboxes.map(({ id }) => runtime.podSandboxStatus(id)));
  const ready = sandboxes.filter(({ state }) => state === 'READY').map(({ id }) => id);
  const running = containers.filter(({ state }) => state === 'RUNNING' || state === 'UNKNOWN');
  return {
    ids: new Set([...sandboxes, ...containers].map(({ id }) => id)),
    alive: new Set([...ready, ...running.flatMap(({ id, podSandboxId }) => [id, podSandboxId])]),
    namespaces: new Set(statuses.flatMap(({ networkNamespace }) => networkNamespace ?? [])),
  };
}

/** Shims first, so that they start nothing more. */
async function endAll(places: NodePlaces, ids: string[]): Promise<void> {
  const strange = new Set(ids);
  const shims = findShims(places).filter(({ argv }) => strange.has(idOf(argv)));
  await killed(shims);
  for (const { argv } of shims) rmSync(shimSocket(places, idOf(argv)), { force: true });
  const folders = new PodCgroups(places.cgroup).folders().filter((folder) => strange.has(basename(folder)));
  const pids = folders.flatMap((folder) => read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean).map(Number));
  await killed([...new Set(pids)].flatMap((pid) => processId(pid) ?? []));
  for (const folder of folders) await removeCgroup(folder);
}

/** containerd's own naming (`SocketAddress` in runtime/v2/shim); the containers of a sandbox share its shim. */
function shimSocket({ containerd }: NodePlaces, sandboxId: string): string {
  const name = createHash('sha256')
    .update(join(containerd.socket, 'k8s.io', sandboxId))
    .digest('hex');
  return join(SHIM_SOCKETS, name);
}

async function killed(processes: ProcessId[]): Promise<void> {
  for (const one of processes) signalProcess(one, 'SIGKILL');
  await haveEnded(processes, END_MS);
}

/** A process leaves its cgroup a moment after its end. */
async function removeCgroup(folder: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      await sleep(10);
    }
  }
}

/** Of what the runtime knows by name it removes its own folders itself. */
async function removeFiles(places: NodePlaces, id: string, isKnown: boolean, run: RunCommand): Promise<void> {
  const { containerd, runcRoot } = places;
  const work = join(containerd.root, 'io.containerd.runtime.v2.task', 'k8s.io', id);
  const ofCri = [containerd.state, containerd.root].flatMap((root) =>
    ['sandboxes', 'containers'].map((kind) => join(root, CRI, kind, id)),
  );
  for (const folder of [join(tasks(places), id), work, join(runcRoot, 'k8s.io', id), ...(isKnown ? [] : ofCri)])
    await removeMounted(folder, run);
}

/** A file or folder with all that is mounted on or in it. */
async function removeMounted(path: string, run: RunCommand): Promise<void> {
  const points = mountsBelow(join(path, '..')).filter((point) => point === path || point.startsWith(`${path}/`));
  if (points.length > 0) await run('umount', ['-l', ...points.reverse()]).catch(() => {});
  // What is still mounted must not be deleted through the mount.
  const isMounted = mountsBelow(join(path, '..')).some((point) => point === path || point.startsWith(`${path}/`));
  if (!isMounted) rmSync(path, { recursive: true, force: true });
}

function idOf(argv: string[]): string {
  return argv[argv.indexOf('-id') + 1] ?? '';
}

function cgroupIds({ cgroup }: NodePlaces): string[] {
  return new PodCgroups(cgroup)
    .folders()
    .map((folder) => basename(folder))
    .filter((name) => ID.test(name));
}

function addressesOf({ cni }: NodePlaces): Traces['addresses'] {
  const folder = join(cni.addresses, cni.network);
  const files = list(folder).filter((name) => /^[\d.]+$/.test(name));
  return files.map((name) => {
    const file = join(folder, name);
    return { file, sandboxId: read(file).split(/\s/)[0] ?? '' };
  });
}

function tasks({ containerd }: NodePlaces): string {
  return join(containerd.state, 'io.containerd.runtime.v2.task', 'k8s.io');
}

function namespaces({ containerd }: NodePlaces): string {
  return join(containerd.state, CRI, 'netns');
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
