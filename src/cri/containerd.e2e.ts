import { join } from 'node:path';
import { afterAll } from 'vitest';
import { runtimeContract } from './runtime.contract.ts';
import { startTestContainerd, type TestContainerd } from './testing-containerd.ts';

const COMMANDS = {
  waits: ['sh', '-c', 'trap "exit 7" TERM; while true; do sleep 0.05; done'],
  deaf: ['sleep', '3600'],
  completes: ['true'],
  'fails-with-3': ['sh', '-c', 'exit 3'],
  'cannot-start': ['/bin/nothing'],
};
const network = { bridge: 'outfitcri0', podCidr: '10.201.7.0/24' };
let containerd: TestContainerd | undefined;

afterAll(() => containerd?.close());

runtimeContract('containerd', async () => {
  containerd = await startTestContainerd('cri', network);
  const { runtime, places } = containerd;
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
