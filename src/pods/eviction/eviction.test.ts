import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Container, Pod, Volume } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { memoryStore } from '../../store/memory-store.ts';
import { podPaths } from '../paths.ts';
import { diskUsage } from './disk-usage.ts';
import { evictGreedyPods } from './keep-within-limits.ts';
import { overuse } from './storage-limits.ts';

const Ki = 1024;
const Mi = Ki * Ki;
const limited = (name: string, limit: string): Container => ({
  name,
  resources: { limits: { 'ephemeral-storage': limit } },
});
const podOf = (volumes: Volume[], containers: Container[] = [{ name: 'a' }], more: Partial<Pod> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'u-1' },
  spec: { containers, volumes, nodeName: 'node1' },
  ...more,
});
const emptyDir = (name: string, sizeLimit?: string, medium?: string): Volume => ({
  name,
  emptyDir: { ...(sizeLimit && { sizeLimit }), ...(medium && { medium }) },
});

describe('a Pod must go when', () => {
  test.each<[string, Pod, Record<string, number>, Record<string, number>, string | undefined]>([
    ['not: no limit', podOf([emptyDir('v')]), { v: Mi }, { a: Mi }, undefined],
    ['not: the limit is just reached', podOf([emptyDir('v', '1Mi')]), { v: Mi }, {}, undefined],
    [
      'a volume is over its limit',
      podOf([emptyDir('ok', '1Mi'), emptyDir('v', '1024Ki')]),
      { ok: 1, v: Mi + 1 },
      {},
      'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ',
    ],
    ['not: a limit of nothing is none', podOf([emptyDir('v', '0')]), { v: Mi }, {}, undefined],
    [
      'not: the kernel keeps a volume in memory small',
      podOf([emptyDir('v', '1Ki', 'Memory')]),
      { v: Mi },
      {},
      undefined,
    ],
    [
      'containers, logs and volumes together are over the sum of the limits',
      podOf([emptyDir('v')], [limited('a', '1Mi'), limited('b', '1Mi'), { name: 'c' }]),
      { v: Mi },
      { a: Mi / 2, b: Mi / 4, c: Mi / 2 },
      'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ',
    ],
    [
      'a container is over its limit',
      podOf([], [limited('a', '1Mi'), limited('b', '4Mi')]),
      {},
      { a: Mi + 1, b: Mi },
      'Container a exceeded its local ephemeral storage limit "1Mi". ',
    ],
  ])('%s', (_, pod, volumes, containers, expected) => {
    const use = { volumes: new Map(Object.entries(volumes)), containers: new Map(Object.entries(containers)) };
    expect(overuse(pod, use)).toBe(expected);
  });
});

describe('on disk', () => {
  let base: string;
  let home: string;
  let count = 0;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'outfit-eviction-'));
  });
  beforeEach(async () => {
    home = join(base, String(count++));
    await mkdir(join(home, 'dir/sub'), { recursive: true });
  });
  afterAll(() => rm(base, { recursive: true }));

  test('every file counts once, by the room it takes, and links do not lead out', async () => {
    const empty = await diskUsage(join(home, 'dir'));
    await writeFile(join(home, 'dir/sub/file'), Buffer.alloc(64 * Ki));
    await link(join(home, 'dir/sub/file'), join(home, 'dir/again'));
    await writeFile(join(home, 'outside'), Buffer.alloc(Mi));
    await symlink(join(home, 'outside'), join(home, 'dir/link'));
    const used = (await diskUsage(join(home, 'dir'))) - empty;
    expect(used).toBeGreaterThanOrEqual(64 * Ki);
    expect(used).toBeLessThan(128 * Ki);
    expect(await diskUsage(join(home, 'missing'))).toBe(0);
  });

  test('a sum that is enough ends the walk', async () => {
    for (let i = 0; i < 20; i++) await writeFile(join(home, `dir/${i}`), Buffer.alloc(8 * Ki));
    const used = await diskUsage(join(home, 'dir'), 16 * Ki);
    expect(used).toBeGreaterThan(16 * Ki);
    expect(used).toBeLessThan(64 * Ki);
  });

  async function look(pods: Pod[], layers: { uid: string; container: string; bytes: number }[] = []) {
    const store = memoryStore();
    for (const pod of pods) {
      const { name = '', namespace = '' } = pod.metadata ?? {};
      await store.create({ group: '', resource: 'pods', namespace, name }, pod as KubeObject);
    }
    const evicted: string[] = [];
    let asked = 0;
    const listContainerStats = async () => {
      asked += 1;
      return layers.map(({ uid, container, bytes: writableLayerBytes }) => ({
        containerId: `${uid}/${container}`,
        labels: { 'io.kubernetes.pod.uid': uid, 'io.kubernetes.container.name': container },
        writableLayerBytes,
      }));
    };
    await evictGreedyPods({
      store,
      runtime: { listContainerStats },
      paths: podPaths(home),
      nodeName: 'node1',
      log: pino({ level: 'silent' }),
      evict: (uid, message) => void evicted.push(`${uid} ${message}`),
    });
    return { evicted, asked };
  }
  async function fill(volume: string, bytes: number) {
    const directory = join(home, 'pods/u-1/volumes/kubernetes.io~empty-dir', volume);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'file'), Buffer.alloc(bytes));
  }

  test('Pods of this node that live and have limits are looked at', async () => {
    await fill('v', 2 * Mi);
    const volumes = [emptyDir('v', '1Mi')];
    const why = 'u-1 Usage of EmptyDir volume "v" exceeds the limit "1Mi". ';
    expect(await look([podOf(volumes)])).toEqual({ evicted: [why], asked: 0 });
    expect(await look([podOf([emptyDir('v', '4Mi')])])).toEqual({ evicted: [], asked: 0 });
    expect(await look([podOf(volumes, [], { status: { phase: 'Failed' } })])).toMatchObject({ evicted: [] });
    expect(await look([podOf(volumes, [], { spec: { containers: [], volumes, nodeName: 'other' } })])).toMatchObject({
      evicted: [],
    });
  });

  test('what containers have written counts, and their logs', async () => {
    const pod = podOf([], [limited('a', '1Mi'), limited('b', '8Mi')]);
    const layer = { uid: 'u-1', container: 'a', bytes: Mi - 512 * Ki };
    expect((await look([pod], [layer])).evicted).toEqual([]);
    await mkdir(join(home, 'logs/shop_p_u-1/a'), { recursive: true });
    await writeFile(join(home, 'logs/shop_p_u-1/a/0.log'), Buffer.alloc(768 * Ki));
    expect((await look([pod], [layer])).evicted).toEqual([
      'u-1 Container a exceeded its local ephemeral storage limit "1Mi". ',
    ]);
  });
});
