import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PodCgroups } from './cgroups.ts';
import { commandRunner, type RunCommand } from './command.ts';
import { findContainerd } from './containerd/spawn.ts';
import { findPodProcesses, findShims, ourMounts, SHIM_SOCKETS, shimSockets } from './leftovers.ts';
import { CNI_CACHE, cachedResults } from './network/cached-results.ts';
import { forgetHostNetwork, readRecord, removeBridge, tearDownHostNetwork } from './network/host-network.ts';
import type { NodePlaces } from './places.ts';
import { endProcesses, haveEnded, type ProcessId, signalProcess } from './processes.ts';
import { SetupError } from './setup-error.ts';

export interface ResetOptions {
  places: NodePlaces;
  log: Logger;
  run?: RunCommand;
}

/**
 * Removes all that containerd, Pods and network of this node are or have left, however they ended: processes, mounts, network
 * namespaces, links, rules, cgroups, and the folders `containerd` and `cni` at home and the run folder. For a node that is
 * stopped; touches nothing that is not this node's; safe to repeat. Afterwards nothing of ours is mounted at home any more, so that
 * the caller may delete the rest of it.
 * @throws SetupError Failed, after it has done all it could, with everything that resisted
 */
export async function reset({ places, log, run = commandRunner() }: ResetOptions): Promise<void> {
  const problems: string[] = [];
  for (const [what, step] of steps(places, log, run)) {
    try {
      await step();
    } catch (error) {
      log.warn({ err: error, what }, 'reset: a step failed');
      problems.push(`${what}: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new SetupError('Failed', `not everything could be removed: ${problems.join('; ')}`);
}

/** The order matters: nobody may start what the next step ends, and sockets and records are found in folders that go last. */
function steps(places: NodePlaces, log: Logger, run: RunCommand): [string, () => void | Promise<void>][] {
  return [
    [
      'containerd',
      () =>
        endProcesses(
          [findContainerd(places)].filter((found) => found !== undefined),
          STOP_MS,
        ),
    ],
    ['Pod processes', () => killPodProcesses(places)],
    ['shim sockets', () => shimSockets(places).forEach((path) => void rmSync(path, { force: true }))],
    ['mounts', () => unmountAll(places, run)],
    ['network', () => tearDownHostNetwork({ places, log, run })],
    ['bridge', () => removeIdleBridge(places, run)],
    ['forwarding', () => forgetHostNetwork(places, log)],
    ['cgroups', () => new PodCgroups(places.cgroup).removeAll()],
    ['CNI cache', () => cachedResults(places).forEach((path) => void rmSync(path, { force: true }))],
    ['folders', () => removeFolders(places)],
  ];
}

const STOP_MS = 5_000;

/** Shims first, so that they start nothing more; then what they had started, until no process is left. */
async function killPodProcesses(places: NodePlaces): Promise<void> {
  const deadline = Date.now() + STOP_MS;
  for (;;) {
    const found: ProcessId[] = [...findShims(places), ...findPodProcesses(places)];
    if (found.length === 0) return;
    if (Date.now() > deadline) throw new Error(`still running: ${found.map(({ pid }) => pid).join(', ')}`);
    for (const id of found) signalProcess(id, 'SIGKILL');
    await haveEnded(found, 200);
    await sleep(1);
  }
}

/** After a reboot, or when the run folder was deleted, no record says that the bridge is ours; one without Pods is nobody's loss. */
async function removeIdleBridge(places: NodePlaces, run: RunCommand): Promise<void> {
  if (readRecord(places) || !existsSync(places.cni.configuration)) return;
  for (const name of readdirSync(places.cni.configuration)) {
    const conflist = JSON.parse(readFileSync(join(places.cni.configuration, name), 'utf8')) as {
      plugins: { bridge?: string }[];
    };
    const bridge = conflist.plugins.find((plugin) => plugin.bridge)?.bridge;
    const ports = `/sys/class/net/${bridge}/brif`;
    if (bridge && existsSync(ports) && readdirSync(ports).length === 0) await removeBridge(bridge, run);
  }
}

/** Last made first; what is still in use is detached, and goes when its last user does. */
async function unmountAll(places: NodePlaces, run: RunCommand): Promise<void> {
  for (const options of [[], ['-l']]) {
    const points = ourMounts(places).reverse();
    // It fails when one of them does, after it has tried them all.
    if (points.length > 0) await run('umount', [...options, ...points]).catch(() => {});
  }
}

function removeFolders(places: NodePlaces): void {
  const { run, containerd, cni } = places;
  const mounted = ourMounts(places);
  // Deleting through a mount would delete what is mounted.
  if (mounted.length > 0) throw new Error(`still mounted: ${mounted.join(', ')}`);
  for (const folder of [containerd.folder, dirname(cni.configuration), run]) remove(folder);
  for (const folder of [dirname(run), SHIM_SOCKETS, dirname(SHIM_SOCKETS), CNI_CACHE, dirname(CNI_CACHE)])
    removeIfEmpty(folder);
}

function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    // The user's own disk is mounted there: it is empty now, and stays.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EBUSY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
