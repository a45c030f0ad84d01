import { mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { PodNetwork } from './containerd/cni.ts';
import { type PrivateContainerd, type StartOptions, startContainerd } from './containerd/start.ts';
import { containerdRuntime } from './containerd-runtime.ts';
import { leftovers } from './leftovers.ts';
import { setUpHostNetwork } from './network/host-network.ts';
import { nodePlaces } from './places.ts';
import { reset } from './reset.ts';
import { startTestRegistry } from './testing-registry.ts';

/**
 * For e2e tests: a containerd, a bridge and a registry of their own. `name` tells state dirs apart, `network` those that run at the same time.
 * What `close` could not take away it throws.
 */
export async function startTestContainerd(name: string, network: PodNetwork) {
  const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  const places = nodePlaces(realpathSync(mkdtempSync(join(tmpdir(), `outfit-${name}-`))));
  const registry = await startTestRegistry();
  const runtime = containerdRuntime({ socket: places.containerd.socket, log });
  const registries = { local: registry.url, upstream: false };
  const options: StartOptions = { places, runtime, network, registries, sandboxImage: 'outfit.local/pause:1', log };
  let containerd: PrivateContainerd | undefined;
  try {
    await setUpHostNetwork(network, { places, log });
    containerd = await startContainerd(options);
  } catch (error) {
    await close();
    throw error;
  }
  return { log, places, registry, runtime, close };

  async function close(): Promise<void> {
    await containerd?.stop();
    containerd = undefined;
    runtime.close();
    registry.close();
    await reset({ places, log });
    await rm(places.home, { recursive: true, force: true });
    const left = Object.entries(await leftovers(places)).filter(([, things]) => things.length > 0);
    if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(Object.fromEntries(left))}`);
  }
}

export type TestContainerd = Awaited<ReturnType<typeof startTestContainerd>>;
