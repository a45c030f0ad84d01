import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Fixture, MAPS, startApi } from '../../src/api/rest/fixture.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { type Followed, follow, told, versions } from './follow.ts';

const names = ['a', 'b', 'c'];
const change = fc.record({ name: fc.constantFrom(...names), verb: fc.constantFrom('create', 'label', 'delete') });
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** One write; what is not possible just now is none. */
async function carryOut(f: Fixture, { name, verb }: Change, count: number): Promise<void> {
  if (verb === 'create') await f.post(MAPS, { metadata: { name } });
  else if (verb === 'label') await f.merge(`${MAPS}/${name}`, { metadata: { labels: { count: String(count) } } });
  else await f.remove(`${MAPS}/${name}`);
}

/** Resolves when a watch has been told everything that is there to tell. */
const settled = (f: Fixture, watch: Followed): Promise<void> => {
  let seen = -1;
  return vi.waitFor(() => {
    const before = seen;
    seen = watch.lines.length;
    expect([before, f.store.revision]).toEqual([seen, f.store.revision]);
  }, 30_000);
};

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
  vi.useRealTimers();
});

describe('a watch that is taken up again', () => {
  test('misses nothing and tells nothing twice, wherever it was broken off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 6 }), async (rounds) => {
        const f = await startApi();
        const start = (await f.object(MAPS)).metadata.resourceVersion!;
        const whole = await follow(f.api, `${MAPS}?watch=true&resourceVersion=${start}`);
        const parts: Followed['lines'] = [];
        let from = start;
        let count = 0;
        for (const round of rounds) {
          const part = await follow(f.api, `${MAPS}?watch=true&resourceVersion=${from}`);
          for (const one of round) await carryOut(f, one, count++);
          await settled(f, part);
          part.stop();
          await part.ended;
          parts.push(...part.lines);
          from = part.lines.at(-1)?.object.metadata.resourceVersion ?? from;
        }
        await settled(f, whole);
        whole.stop();
        expect(parts).toEqual(whole.lines);
        expect(new Set(versions(parts)).size).toBe(parts.length);
      }),
      { numRuns: 15 },
    );
  });

  test('from any version of the past tells exactly what came after it', async () => {
    const f = await startApi();
    const all = await follow(f.api, `${MAPS}?watch=true&resourceVersion=${f.store.revision}`);
    endings.push(all.stop);
    for (let i = 0; i < 30; i++) await carryOut(f, { name: names[i % 3]!, verb: i % 5 ? 'label' : 'create' }, i);
    await settled(f, all);
    for (const { object } of all.lines) {
      const since = Number(object.metadata.resourceVersion);
      const part = await follow(f.api, `${MAPS}?watch=true&resourceVersion=${since}`);
      await settled(f, part);
      part.stop();
      expect(part.lines).toEqual(all.lines.filter((line) => versions([line])[0]! > since));
    }
  });

  /** What a reflector does: watch from the list's version, and list again when it is told that this is too old. */
  test('or told that it is too late knows the truth after a new list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 12 }), { maxLength: 5 }), async (rounds) => {
        const f = await startApi({ store: memoryStore({ historyLength: 4 }) });
        const known = new Map<string, string>();
        let from: string | undefined;
        let count = 0;
        for (const round of [...rounds, []]) {
          for (const one of round) await carryOut(f, one, count++);
          if (from !== undefined && !(await catchUp(f, from, known))) from = undefined;
          from = from === undefined ? await relist(f, known) : String(f.store.revision);
        }
        const truth = await relist(f, new Map()).then(async () => {
          const map = new Map<string, string>();
          await relist(f, map);
          return map;
        });
        expect(known).toEqual(truth);
      }),
      { numRuns: 15 },
    );
  });
});

async function relist(f: Fixture, known: Map<string, string>): Promise<string> {
  const list = (await f.get(MAPS)).json as { metadata: { resourceVersion: string }; items: { metadata: object }[] };
  known.clear();
  for (const { metadata } of list.items) {
    const { name, resourceVersion } = metadata as { name: string; resourceVersion: string };
    known.set(name, resourceVersion);
  }
  return list.metadata.resourceVersion;
}

/** @returns false when the server has forgotten what came after `from` */
async function catchUp(f: Fixture, from: string, known: Map<string, string>): Promise<boolean> {
  const watch = await follow(f.api, `${MAPS}?watch=true&resourceVersion=${from}`);
  await settled(f, watch);
  watch.stop();
  await watch.ended;
  for (const { type, object } of watch.lines) {
    if (type === 'ERROR') {
      expect(object).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' });
      return false;
    }
    const { name = '', resourceVersion = '' } = object.metadata;
    if (type === 'DELETED') known.delete(name);
    else known.set(name, resourceVersion);
  }
  return true;
}

describe('a version of the future', () => {
  const status = {
    kind: 'Status',
    code: 504,
    reason: 'Timeout',
    message: expect.stringMatching(/^Timeout: Too large resource version: 1000, current: \d+$/),
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  };
  test.each([
    ['a list', `${MAPS}?resourceVersion=1000`],
    ['a list that may not be older', `${MAPS}?resourceVersion=1000&resourceVersionMatch=NotOlderThan`],
    ['a get', `${MAPS}/kube-root-ca.crt?resourceVersion=1000`],
    [
      'a watch with initial events',
      `${MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=1000`,
    ],
  ])('%s is told to come again', async (_, url) => {
    const f = await startApi();
    await f.post(MAPS, { metadata: { name: 'kube-root-ca.crt' } });
    expect(await f.get(url)).toMatchObject({ status: 504, json: status });
  });
});

describe('bookmarks', () => {
  test('come every minute with the latest version of anything, and a watch from one misses nothing', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const f = await startApi();
    const url = `${MAPS}?watch=true&allowWatchBookmarks=true`;
    const first = await follow(f.api, `${url}&resourceVersion=${f.store.revision}`);
    await f.post('/api/v1/namespaces/default/secrets', { metadata: { name: 'elsewhere' } });
    const revision = f.store.revision;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(first.lines).toEqual([
      {
        type: 'BOOKMARK',
        object: {
          kind: 'ConfigMap',
          apiVersion: 'v1',
          metadata: { resourceVersion: String(revision), creationTimestamp: null },
        },
      },
    ]);
    first.stop();
    await f.post(MAPS, { metadata: { name: 'a' } });
    const second = await follow(f.api, `${url}&resourceVersion=${revision}`);
    await settled(f, second);
    second.stop();
    expect(told(second.lines)).toEqual(['ADDED a']);
  });

  test('do not come to those who did not ask', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const f = await startApi();
    const watch = await follow(f.api, `${MAPS}?watch=true&resourceVersion=${f.store.revision}`);
    await vi.advanceTimersByTimeAsync(180_000);
    watch.stop();
    expect(watch.lines).toEqual([]);
  });

  test('never run ahead of an event that has not been taken yet', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const f = await startApi();
    let release = (): void => {};
    const taken = new Promise<void>((resolve) => {
      release = resolve;
    });
    const url = `${MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion=${f.store.revision}`;
    const watch = await follow(f.api, url, { onLine: ({ type }) => (type === 'ADDED' ? taken : undefined) });
    await f.post(MAPS, { metadata: { name: 'a' } });
    await f.post(MAPS, { metadata: { name: 'b' } });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(told(watch.lines)).toEqual(['ADDED a']);
    release();
    await settled(f, watch);
    watch.stop();
    expect(told(watch.lines)).toEqual(['ADDED a', 'ADDED b']);
  });
});

test('initial events are a list at the version of their bookmark, also while others write', async () => {
  const f = await startApi();
  for (let i = 0; i < 20; i++) await f.post(MAPS, { metadata: { name: `m${i}` } });
  const query = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  const writes: Promise<unknown>[] = [];
  const watch = await follow(f.api, `${MAPS}?${query}`, {
    onLine: async ({ type, object: { metadata } }) => {
      if (type !== 'ADDED' || writes.length >= 20) return;
      writes.push(f.merge(`${MAPS}/m${writes.length}`, { data: { seen: metadata.name } }));
      await writes.at(-1);
    },
  });
  await settled(f, watch);
  await Promise.all(writes);
  await settled(f, watch);
  watch.stop();
  const end = watch.lines.findIndex(({ type }) => type === 'BOOKMARK');
  const [initial, later] = [watch.lines.slice(0, end), watch.lines.slice(end + 1)];
  const at = versions([watch.lines[end]!])[0]!;
  expect(initial.every(({ type }) => type === 'ADDED')).toBe(true);
  expect(initial.filter(({ object }) => object.metadata.name!.startsWith('m'))).toHaveLength(20);
  expect(versions(initial).every((version) => version <= at)).toBe(true);
  expect(later.map(({ type }) => type)).toEqual(Array(20).fill('MODIFIED'));
  expect(versions(later).every((version) => version > at)).toBe(true);
});
