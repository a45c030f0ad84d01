import { expect, test } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { memoryPersistence } from './memory-store.ts';
import { SerialStore } from './serial-store.ts';
import { StoreError } from './store-error.ts';

const PODS = { group: '', resource: 'pods', namespace: 'default' };
const keyOf = (name: string) => ({ ...PODS, name });
const pod = (name: string, value = 0): KubeObject => ({ metadata: { name }, value });

/** A store on a disk that can be filled. `half` is a disk that did write what it said it could not. */
async function storeOnDisk(half = false) {
  const disk = { full: false, records: new Map<string, string>() };
  const check = (): void => {
    if (disk.full) throw new StoreError('DiskFull', 'no room');
  };
  const memory = memoryPersistence(check, disk.records);
  const stubborn = {
    ...memory,
    append: async (changes: Parameters<typeof memory.append>[0]) => {
      await memoryPersistence(() => {}, disk.records).append(changes);
      check();
    },
  };
  const open = () => SerialStore.open(half ? stubborn : memory, { freeze: true });
  return { disk, open, store: await open() };
}

test('a write that does not fit is rejected, nobody sees it, and later writes work when there is room', async () => {
  const { disk, store, open } = await storeOnDisk();
  const first = await store.create(keyOf('a'), pod('a'));
  const events = store.watch(PODS, { signal: new AbortController().signal })[Symbol.asyncIterator]();
  disk.full = true;
  const full = { name: 'StoreError', code: 'DiskFull' };
  await expect(store.create(keyOf('b'), pod('b'))).rejects.toMatchObject(full);
  await expect(store.update(keyOf('a'), () => pod('a', 1))).rejects.toMatchObject(full);
  await expect(store.delete(keyOf('a'))).rejects.toMatchObject(full);
  expect(store.list(PODS)).toEqual({ items: [first], revision: store.revision });
  expect(store.get(keyOf('a'))).toBe(first);
  disk.full = false;
  const third = await store.create(keyOf('c'), pod('c'));
  expect(third.metadata.resourceVersion).toBe(String(Number(first.metadata.resourceVersion) + 1));
  expect((await events.next()).value.object).toBe(third);
  expect((await open()).list(PODS)).toEqual(store.list(PODS));
});

test('writes of one batch fail together, what they made of each other included; those that wrote nothing are answered', async () => {
  const { disk, store } = await storeOnDisk();
  const first = await store.create(keyOf('a'), pod('a'));
  disk.full = true;
  const outcomes = await Promise.allSettled([
    store.create(keyOf('b'), pod('b')),
    store.create(keyOf('b'), pod('b')),
    store.create(keyOf('a'), pod('a')),
    store.update(keyOf('a'), (o) => o),
    store.delete(keyOf('x')),
  ]);
  expect(outcomes).toMatchObject([
    { reason: { code: 'DiskFull' } },
    { reason: { code: 'DiskFull' } },
    { reason: { reason: 'AlreadyExists' } },
    { value: first },
    { reason: { reason: 'NotFound' } },
  ]);
});

test('what a failed write left on disk all the same is taken back by the next one', async () => {
  const { disk, store, open } = await storeOnDisk(true);
  await store.create(keyOf('a'), pod('a'));
  await store.create(keyOf('d'), pod('d'));
  disk.full = true;
  const failing = [
    store.create(keyOf('b'), pod('b')),
    store.update(keyOf('a'), () => pod('a', 1)),
    store.delete(keyOf('d')),
  ];
  for (const { status } of await Promise.allSettled(failing)) expect(status).toBe('rejected');
  expect((await open()).list(PODS).items.map((o) => o.metadata.name)).toEqual(['a', 'b']);
  disk.full = false;
  await store.create(keyOf('c'), pod('c'));
  const after = (await open()).list(PODS);
  expect(after).toEqual(store.list(PODS));
  expect(after.items.map((o) => [o.metadata.name, o.value])).toEqual([
    ['a', 0],
    ['c', 0],
    ['d', 0],
  ]);
});

test('an error that is no StoreError becomes one', async () => {
  const broken = memoryPersistence(() => {
    throw new RangeError('odd');
  });
  const store = await SerialStore.open(broken);
  await expect(store.create(keyOf('a'), pod('a'))).rejects.toMatchObject({
    code: 'Failed',
    cause: expect.any(RangeError),
  });
});

test('many writers share flushes', async () => {
  let flushes = 0;
  const store = await SerialStore.open(memoryPersistence(() => void flushes++));
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.create(keyOf(`p${i}`), pod(`p${i}`))));
  expect(flushes).toBe(1);
});
