import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Image, Runtime } from '../cri/runtime.ts';
import { startTestContainerd, type TestContainerd } from '../cri/testing-containerd.ts';
import type { Container, Pod, PodSpec } from '../kube/generated/objects.ts';
import { memoryStore } from '../store/memory-store.ts';
import { readLog } from './logs/read-log.ts';
import { readMachine } from './machine.ts';
import { type PodPaths, podPaths } from './paths.ts';
import { podParts } from './pod-parts.ts';
import type { PodParts } from './ports.ts';
import { findContainer, findSandbox } from './streams.ts';

/** The settings, volumes, files and logs of Pods with a real containerd; the loop is not here. */
const network = { bridge: 'outfitpod1', podCidr: '10.201.9.0/24' };

let containerd: TestContainerd;
let runtime: Runtime;
let paths: PodPaths;
let image: Image;
let parts: PodParts;

beforeAll(async () => {
  containerd = await startTestContainerd('pods', network);
  runtime = containerd.runtime;
  const { places } = containerd;
  paths = podPaths(places.home);
  await runtime.pullImage('busybox');
  image = (await runtime.imageStatus('busybox')) as Image;
  parts = podParts({
    paths,
    store: memoryStore(),
    events: { event: () => {} },
    nodeName: 'node1',
    machine: await readMachine(places.home),
    cgroupRoot: places.cgroup,
  });
});

afterAll(async () => {
  await containerd?.close();
});

function podOf(uid: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Pod {
  const main = { name: 'c', image: 'busybox', terminationMessagePath: '/dev/termination-log', ...container };
  return { metadata: { name: uid, namespace: 'shop', uid }, spec: { containers: [main], ...spec } };
}

async function run(pod: Pod): Promise<string> {
  const volumes = await parts.prepareVolumes(pod);
  const sandbox = await parts.sandboxConfig(pod, 0);
  const sandboxId = await runtime.runPodSandbox(sandbox);
  const { ip } = await runtime.podSandboxStatus(sandboxId);
  const container = pod.spec?.containers[0] as Container;
  const podIPs = ip === '' ? [] : [ip];
  const config = await parts.containerConfig({ pod, container, attempt: 0, image, volumes, podIPs });
  const id = await runtime.createContainer(sandboxId, config, sandbox);
  await runtime.startContainer(id);
  return id;
}

async function end(pod: Pod, id: string): Promise<void> {
  const sandboxId = await findSandbox({ runtime, pod });
  await runtime.stopContainer(id, 0);
  await runtime.removeContainer(id);
  await runtime.stopPodSandbox(sandboxId);
  await runtime.removePodSandbox(sandboxId);
  await parts.removePod(pod.metadata?.uid ?? '');
}

const hasEnded = (id: string) => async () => (await runtime.containerStatus(id)).state === 'EXITED';
const logOf = (pod: Pod, id: string) =>
  text(readLog(paths.containerLog(pod, 'c', 0), { follow: true }, { ended: hasEnded(id), pollMs: 50 }));

test('a container finds what its pod says', async () => {
  const script = `
    echo "env $GREETING $IP_OF_POD"
    id -u; id -g; id -G
    hostname
    grep "$(hostname)" /etc/hosts | cut -f2
    grep nameserver /etc/resolv.conf
    stat -c '%a' /disk; stat -f -c '%T %b' /memory
    ls /part; touch /part/new && echo part is writable
    touch /read-only/x 2>/dev/null || echo read only
    touch /x 2>/dev/null || echo root is read only
    echo done > /dev/termination-log && echo message written
    grep NoNewPrivs /proc/self/status
    ls /sys/firmware | wc -l
    echo to stderr >&2
  `;
  const pod = podOf(
    'whole',
    {
      command: ['/bin/sh', '-c', script],
      env: [
        { name: 'WHO', value: 'world' },
        { name: 'GREETING', value: 'hello-$(WHO)' },
        { name: 'IP_OF_POD', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      ],
      securityContext: {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      },
      volumeMounts: [
        { name: 'disk', mountPath: '/disk' },
        { name: 'memory', mountPath: '/memory' },
        { name: 'disk', mountPath: '/part', subPath: 'a/b' },
        { name: 'disk', mountPath: '/read-only', readOnly: true },
      ],
    },
    {
      hostname: 'given',
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.53'] },
      securityContext: { runAsUser: 1000, runAsGroup: 1001, fsGroup: 2000, supplementalGroups: [3000] },
      volumes: [
        { name: 'disk', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
    },
  );
  await parts.prepareVolumes(pod);
  const volume = paths.volume('whole', 'kubernetes.io~empty-dir', 'disk');
  await mkdir(join(volume, 'a/b'), { recursive: true, mode: 0o777 });
  await writeFile(join(volume, 'a/b/found'), '');
  await chmod(join(volume, 'a/b'), 0o777);
  const id = await run(pod);
  const lines = (await logOf(pod, id)).trimEnd().split('\n');
  expect([...new Set(lines)]).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^env hello-world 10\.201\.9\.\d+$/),
      '1000',
      '1001',
      '1001 2000 3000',
      'given',
      'nameserver 192.0.2.53',
      '2777',
      'tmpfs 256',
      'found',
      'part is writable',
      'read only',
      'root is read only',
      'message written',
      'NoNewPrivs:\t1',
      '0',
      'to stderr',
    ]),
  );
  expect(new Set(lines).size).toBe(16);
  expect(await readFile(paths.terminationLog('whole', 'c', 0), 'utf8')).toBe('done\n');
  await end(pod, id);
});

test("a pod on the host's network with the machine's processes", async () => {
  const pod = podOf(
    'host',
    { command: ['/bin/sh', '-c', 'head -1 /etc/hosts; cat /proc/1/comm; readlink /proc/self/ns/net'] },
    { hostNetwork: true, hostPID: true },
  );
  const id = await run(pod);
  const [hosts, first, namespace] = (await logOf(pod, id)).split('\n');
  expect(hosts).toBe('# Kubernetes-managed hosts file (host network).');
  expect(first).not.toBe('sh');
  expect(namespace).toBe(await readlink('/proc/self/ns/net'));
  await end(pod, id);
});

test('a log is followed while it is written, and its container is found while it runs', async () => {
  const pod = podOf('follow', {
    command: ['/bin/sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.2; done; printf end'],
  });
  const id = await run(pod);
  expect(await findContainer({ runtime, pod, container: 'c' })).toBe(id);
  expect(await logOf(pod, id)).toBe('line 1\nline 2\nline 3\nend');
  await expect(findContainer({ runtime, pod, container: 'c' })).rejects.toThrow('container not found ("c")');
  await end(pod, id);
});

test('afterwards nothing is left', async () => {
  expect(await parts.listPods()).toEqual([]);
  expect(await readdir(paths.podsDirectory)).toEqual([]);
  expect(await readdir(paths.logsDirectory)).toEqual([]);
});
