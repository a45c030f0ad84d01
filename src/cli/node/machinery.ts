import { join } from 'node:path';
import type { Logger } from 'pino';
import { PodCgroups } from '../../cri/cgroups.ts';
import { type PrivateContainerd, startContainerd } from '../../cri/containerd/start.ts';
import { containerdRuntime } from '../../cri/containerd-runtime.ts';
import { ensureBridge } from '../../cri/network/gateway.ts';
import { readRecord, setUpHostNetwork, tearDownHostNetwork } from '../../cri/network/host-network.ts';
import { roomForProcesses } from '../../cri/process-room.ts';
import { type Runtime, RuntimeError } from '../../cri/runtime.ts';
import { ImageLayout } from '../../image/layout.ts';
import { ensurePause, PAUSE_IMAGE } from '../../image/pause.ts';
import { startRegistry } from '../../image/registry.ts';
import { Failure } from '../command.ts';
import { allDone } from './all-done.ts';
import type { NodeRun } from './lock.ts';
import type { NodePaths } from './paths.ts';
import type { NodeSettings } from './settings.ts';
import type { Teardown } from './teardown.ts';

export interface MachineryOptions {
  settings: NodeSettings;
  paths: NodePaths;
  /** Folder of the installed package, for the recipe of the pause image. */
  root: string;
  log: Logger;
  teardown: Teardown;
  /** Whether the node stops on purpose: then everything goes. After a failed start, what an earlier node left running stays. */
  isStopping(): boolean;
}

export interface Machinery {
  runtime: Runtime;
  about: NonNullable<NodeRun['runtime']>;
}

/** What runs containers: a private containerd with its registry and network, or the runtime of the socket that the user named. */
export async function startMachinery(options: MachineryOptions): Promise<Machinery> {
  const { settings, paths, log, teardown, isStopping } = options;
  const socket = settings.cri ?? `unix://${paths.containerd.socket}`;
  const runtime = containerdRuntime({ socket, log });
  // Last of all: they are empty when nothing of the node runs any more.
  teardown.add('cgroups', () => (isStopping() ? new PodCgroups(paths.cgroup).removeAll() : undefined));
  teardown.add('runtime client', () => runtime.close());
  if (settings.cri === undefined) await startPrivate(options, runtime);
  limitProcesses(options);
  const version = await runtime.version().catch((error: unknown) => {
    if (!(error instanceof RuntimeError)) throw error;
    const says = error.code === 'Unimplemented' ? '' : `the container runtime at ${socket} does not answer: `;
    throw new Failure(`${says}${error.message}`, { cause: error });
  });
  if (settings.cri !== undefined) await refuseSystemdCgroups(runtime, socket);
  return { runtime, about: { name: version.runtimeName, version: version.runtimeVersion, socket } };
}

/** Pods' cgroups are folders that the node names and removes itself; systemd takes names of slices only, and every Pod would fail. */
async function refuseSystemdCgroups(runtime: Runtime, socket: string): Promise<void> {
  if ((await runtime.cgroupDriver()) !== 'systemd') return;
  throw new Failure(
    `the container runtime at ${socket} leaves cgroups to systemd (SystemdCgroup = true), and Outfit cannot use it so`,
    {
      hint: 'start without --cri: the node then has a containerd of its own, beside the other; or set SystemdCgroup = false in the other one',
    },
  );
}

async function startPrivate(options: MachineryOptions, runtime: Runtime): Promise<void> {
  const { log, paths } = options;
  const withoutLimits = new PodCgroups(paths.cgroup).delegate();
  if (withoutLimits.length > 0)
    log.warn({ controllers: withoutLimits }, 'limits of these kinds will not hold on this machine');
  await allDone([startNetwork(options), startRegistryAndContainerd(options, runtime)]);
}

/** A Pod that forks for ever must leave the machine, and this process, the processes they need. */
function limitProcesses({ paths, log }: MachineryOptions): void {
  const room = roomForProcesses();
  if (room === undefined || !new PodCgroups(paths.cgroup).limitAll(room))
    log.warn('the processes of all Pods together cannot be limited on this machine');
}

async function startNetwork({
  settings: { bridge, podCidr, apiForPods },
  paths,
  log,
  teardown,
  isStopping,
}: MachineryOptions): Promise<void> {
  const wasThere = readRecord(paths) !== undefined;
  teardown.add('network', async () => {
    if (isStopping() || !wasThere) await tearDownHostNetwork({ places: paths, log });
  });
  await setUpHostNetwork({ bridge, podCidr }, { places: paths, log });
  // The API listens at the bridge's address before there is a Pod.
  if (apiForPods) await ensureBridge({ bridge, podCidr });
}

async function startRegistryAndContainerd(options: MachineryOptions, runtime: Runtime): Promise<void> {
  const { settings, paths, root, log, teardown, isStopping } = options;
  const layout = await ImageLayout.open(paths.images);
  const registry = await startRegistry({ layout, log });
  teardown.add('registry', () => registry.close());
  let containerd: PrivateContainerd | undefined;
  teardown.add('containerd', () => (containerd?.adopted && !isStopping() ? containerd.release() : containerd?.stop()));
  const starting = startContainerd({
    places: paths,
    runtime,
    network: { bridge: settings.bridge, podCidr: settings.podCidr },
    registries: { local: registry.url, mirrors: mirrorsOf(settings) },
    sandboxImage: PAUSE_IMAGE,
    log,
  }).then((started) => {
    containerd = started;
  });
  await allDone([starting, ensurePause(layout, { recipes: join(root, 'images') })]);
}

function mirrorsOf({ registryMirrors }: NodeSettings): { registry: string; url: string }[] {
  return Object.entries(registryMirrors).flatMap(([registry, urls]) => urls.map((url) => ({ registry, url })));
}
