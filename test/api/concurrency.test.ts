import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Fixture, MAPS, startApi } from '../../src/api/rest/fixture.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Followed, follow, told, versions } from './follow.ts';

type ConfigMap = KubeObject & { data?: Record<string, string> };

const WRITERS = 50;
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function watched(f: Fixture, query = '', accept?: string): Promise<Followed> {
  const watch = await follow(f.api, `${MAPS}?watch=true${query}`, accept === undefined ? {} : { accept });
  undo.push(watch.stop);
  return watch;
}

async function onDisk(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'outfit-writers-'));
  const store = await openStore(folder, {});
  undo.push(
    () => rm(folder, { recursive: true }),
    () => store.close(),
  );
  return store;
}

describe.each([
  ['in memory', async () => memoryStore()],
  ['on disk', onDisk],
])(`${WRITERS} writers of one object %s`, (_, open) => {
  /** Each writer does its work this many times. */
  const ROUNDS = 4;
  const url = `${MAPS}/shared`;

  async function shared(): Promise<Fixture> {
    const f = await startApi({ store: await open() });
    await f.post(MAPS, { metadata: { name: 'shared' }, data: { count: '0' } });
    return f;
  }
  const everybody = (write: (writer: number) => Promise<void>): Promise<unknown> =>
    Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  const repeated = async (write: (round: number) => Promise<void>): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) await write(round);
  };

  test('lose no update when each PUT names the version it has read', async () => {
    const f = await shared();
    const { lines } = await watched(f, `&resourceVersion=${f.store.revision}`);
    let conflicts = 0;
    const increment = async (writer: number): Promise<void> => {
      for (;;) {
        const read = (await f.object(url)) as ConfigMap;
        const data = { ...read.data, count: String(Number(read.data!.count) + 1), [`w${writer}`]: 'x' };
        const { status, json } = await f.ask('PUT', url, { body: { ...read, data } });
        if (status === 200) return;
        expect([status, json]).toEqual([409, expect.objectContaining({ reason: 'Conflict' })]);
        conflicts++;
      }
    };
    await everybody((writer) => repeated(() => increment(writer)));
    const { data } = (await f.object(url)) as ConfigMap;
    expect(Object.keys(data!)).toHaveLength(WRITERS + 1);
    expect(data!.count).toBe(String(WRITERS * ROUNDS));
    expect(conflicts).toBeGreaterThan(0);
    await expect.poll(() => lines.length).toBe(WRITERS * ROUNDS);
    expect(lines.map(({ object }) => Number(object.data!.count))).toEqual(lines.map((_, i) => i + 1));
    expect(new Set(versions(lines)).size).toBe(lines.length);
  });

  test.each([
    ['merge', 'application/merge-patch+json'],
    ['strategic merge', 'application/strategic-merge-patch+json'],
  ])('lose no update with %s patches of fields of their own', async (_name, type) => {
    const f = await shared();
    await everybody((writer) =>
      repeated(async (round) => {
        const body = { data: { [`w${writer}-${round}`]: 'x' } };
        expect((await f.ask('PATCH', url, { body, headers: { 'Content-Type': type } })).status).toBe(200);
      }),
    );
    expect(Object.keys(((await f.object(url)) as ConfigMap).data!)).toHaveLength(WRITERS * ROUNDS + 1);
  });

  test('one of all wins when each JSON patch tests what it has read', async () => {
    const f = await shared();
    const headers = { 'Content-Type': 'application/json-patch+json' };
    const statuses: number[] = [];
    await everybody(async (writer) => {
      const body = [
        { op: 'test', path: '/data/count', value: '0' },
        { op: 'replace', path: '/data/count', value: String(writer + 1) },
      ];
      statuses.push((await f.ask('PATCH', url, { body, headers })).status);
    });
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 422)).toHaveLength(WRITERS - 1);
  });

  test('one of all wins to create it, and one to delete it', async () => {
    const f = await startApi({ store: await open() });
    const [made, gone]: number[][] = [[], []];
    await everybody(async () => {
      made!.push((await f.post(MAPS, { metadata: { name: 'one' } })).status);
    });
    await everybody(async () => {
      gone!.push((await f.remove(`${MAPS}/one`)).status);
    });
    const count = (statuses: number[], wanted: number): number => statuses.filter((s) => s === wanted).length;
    expect([count(made!, 201), count(made!, 409)]).toEqual([1, WRITERS - 1]);
    expect([count(gone!, 200), count(gone!, 404)]).toEqual([1, WRITERS - 1]);
  });
});

test('1,000 watches in every form see the same changes of 20 writers in the same order', async () => {
  const f = await startApi();
  const forms = [undefined, TABLE, METADATA];
  const watches = await Promise.all(Array.from({ length: 1_000 }, (_, i) => watched(f, '', forms[i % forms.length])));
  const reference = watches[0]!;
  await Promise.all(
    Array.from({ length: 20 }, async (_, writer) => {
      await f.post(MAPS, { metadata: { name: `m${writer}` } });
      await f.merge(`${MAPS}/m${writer}`, { data: { a: 'b' } });
      if (writer % 2 === 0) await f.remove(`${MAPS}/m${writer}`);
    }),
  );
  await expect.poll(() => watches.every(({ lines }) => lines.length === 50)).toBe(true);
  const revisions = versions(reference.lines);
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  for (let form = 0; form < forms.length; form++) {
    const alike = watches.filter((_, i) => i % forms.length === form);
    expect(new Set(alike.map(({ lines }) => JSON.stringify(lines))).size).toBe(1);
    expect(versions(alike[0]!.lines)).toEqual(revisions);
    expect(alike[0]!.lines.map(({ type }) => type)).toEqual(reference.lines.map(({ type }) => type));
  }
  expect(told(reference.lines).filter((line) => line.endsWith(' m0'))).toEqual([
    'ADDED m0',
    'MODIFIED m0',
    'DELETED m0',
  ]);
});
