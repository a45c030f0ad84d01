import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { type PrivateContainerd, startContainerd } from './containerd/start.ts';
import { containerdRuntime } from './containerd-runtime.ts';
import { setUpHostNetwork } from './network/host-network.ts';
import { nodePlaces } from './places.ts';
import { reset } from './reset.ts';
import { runtimeContract } from './runtime.contract.ts';
import { startTestRegistry, type TestRegistry } from './testing-registry.ts';

const COMMANDS = {
  waits: ['sh', '-c', 'trap "exit 7" TERM; while true; do sleep 0.05; done'],
  deaf: ['sleep', '3600'],
  completes: ['true'],
  'fails-with-3': ['sh', '-c', 'exit 3'],
  'cannot-start': ['/bin/nothing'],
};
const log = pino({ level: process.env.LOG_LEVEL ?? 'error' });
const places = nodePlaces(realpathSync(mkdtempSync(join(tmpdir(), 'outfit-cri-'))));
const network = { bridge: 'outfitcri0', podCidr: '10.201.7.0/24' };
let registry: TestRegistry | undefined;
let containerd: PrivateContainerd | undefined;

afterAll(async () => {
  await containerd?.stop();
  registry?.close();
  await reset({ places, log });
  rmSync(places.home, { recursive: true, force: true });
});

runtimeContract('containerd', async () => {
  registry = await startTestRegistry();
  await setUpHostNetwork(network, { places, log });
  const runtime = containerdRuntime({ socket: places.containerd.socket, log });
  const registries = { local: registry.url, upstream: false };
  containerd = await startContainerd({
    places,
    runtime,
    network,
    registries,
    sandboxImage: 'outfit.local/pause:1',
    log,
  });
  await runtime.pullImage('busybox');
  return {
    runtime,
    image: 'busybox',
    fullImage: 'docker.io/library/busybox:latest',
    pullable: 'example.com/tools/busybox:2',
    missing: 'example.com/missing:1',
    command: (behaviour) => COMMANDS[behaviour],
    exec: { prints: ['echo', 'hello'], fails: ['sh', '-c', 'exit 4'], hangs: ['sleep', '30'] },
    logDirectory: join(places.home, 'logs'),
    cgroupParent: places.cgroup,
  };
});
