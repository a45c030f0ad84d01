import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const SECONDS = 100_003;
const NAMES = ['one', 'two', 'three'];
const pod = (name: string) =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [sleep, "${SECONDS}"]}]}}`;

/** The node may be killed at any moment; the next start takes up what runs. */
describe('a node that was killed', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(3);
    await node.start({ images: ['busybox'] });
    for (const name of NAMES) await node.create(pod(name));
    await node.k('wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s');
  });
  afterAll(() => node?.close());

  test('finds its Pods again: same containers, no restart, nothing twice', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const before = await facts();
    process.kill(await node.pid(), 'SIGKILL');
    await node.start({ images: [] });
    await eventually('all Pods are Ready', async () => (await ready()) === NAMES.length);
    expect(await facts()).toEqual(before);
    expect(sleepers()).toBe(NAMES.length);
  });

  test('notices what died meanwhile, and restarts it', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const before = await facts();
    process.kill(await node.pid(), 'SIGKILL');
    process.kill(sleeperPids()[0]!, 'SIGKILL');
    await node.start({ images: [] });
    await eventually(
      'one Pod has restarted',
      async () => Object.values(await facts()).filter((f) => f.restarts === 1).length === 1,
    );
    await eventually('all Pods are Ready', async () => (await ready()) === NAMES.length);
    const after = await facts();
    expect(NAMES.filter((name) => after[name]?.id === before[name]?.id)).toHaveLength(NAMES.length - 1);
  });

  test('ends a deletion that the kill cut short', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    await node.k('delete', 'po', 'one', '--wait=false');
    process.kill(await node.pid(), 'SIGKILL');
    await node.start({ images: [] });
    await eventually('the Pod is gone', async () => (await node.kubectl('get', 'po', 'one')).code !== 0);
    expect(sleepers()).toBe(NAMES.length - 1);
  });

  test('and its containerd killed too: the Pods run on', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const before = await facts();
    const { pid, containerd } = JSON.parse(await node.must('node', 'status', '-o', 'json'));
    process.kill(pid, 'SIGKILL');
    try {
      process.kill(containerd.pid, 'SIGKILL');
    } catch {
      // It may end with the node.
    }
    await node.start({ images: [] });
    await eventually('all Pods are Ready', async () => (await ready()) === NAMES.length - 1);
    expect(await facts()).toEqual(before);
  });

  async function facts(): Promise<Record<string, { id: string; restarts: number }>> {
    const { items } = JSON.parse(await node.k('get', 'po', '-o', 'json'));
    return Object.fromEntries(
      items.map((p: Pod) => [
        p.metadata.name,
        {
          id: p.status.containerStatuses?.[0]?.containerID ?? '',
          restarts: p.status.containerStatuses?.[0]?.restartCount ?? 0,
        },
      ]),
    );
  }

  async function ready(): Promise<number> {
    const { items } = JSON.parse(await node.k('get', 'po', '-o', 'json'));
    return items.filter((p: Pod) => p.status.containerStatuses?.[0]?.ready).length;
  }

  const sleepers = () => sleeperPids().length;
});

interface Pod {
  metadata: { name: string };
  status: { containerStatuses?: { containerID?: string; restartCount: number; ready: boolean }[] };
}

/** The containers' main processes, as the machine sees them: no other test sleeps this long. */
function sleeperPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8') === `sleep\0${SECONDS}\0`;
      } catch {
        return false;
      }
    })
    .map(Number);
}
