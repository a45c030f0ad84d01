import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import { memoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { type ApiServer, apiServer } from '../api-server.ts';
import type { StreamResponse } from '../http/exchange.ts';
import { ask, inMemoryRequest } from '../in-memory.ts';
import { visible } from './watch.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
let store: Store;
let api: ApiServer;
let ends: AbortController;

beforeEach(async () => {
  await start();
});
afterEach(() => ends.abort());

async function start(historyLength?: number): Promise<void> {
  ends = new AbortController();
  setMaxListeners(0, ends.signal);
  store = memoryStore(historyLength === undefined ? {} : { historyLength });
  api = await apiServer({ store, functions: {} as never, log: pino({ level: 'silent' }) });
}

interface Line {
  type: string;
  object: KubeObject & { code?: number; message?: string; rows?: { cells: unknown[] }[]; columnDefinitions?: unknown };
}

/** Follows a watch in the background; the lines are as the client sees them up to now. */
async function follow(query: string, accept?: string): Promise<{ lines: Line[]; ended: Promise<void> }> {
  const options = { signal: ends.signal, ...(accept && { headers: { Accept: accept } }) };
  const response = (await api.handle(inMemoryRequest('GET', `${MAPS}?watch=true${query}`, options))) as StreamResponse;
  if (response.kind !== 'stream') throw new Error(JSON.stringify(response));
  const lines: Line[] = [];
  const ended = response.run(async (chunk) => {
    lines.push(JSON.parse(chunk) as Line);
  }, ends.signal);
  return { lines, ended };
}

const create = async (name: string, labels?: Record<string, string>): Promise<KubeObject> =>
  (await ask(api, 'POST', MAPS, { body: { metadata: { name, labels } } })).json as KubeObject;
const label = (name: string, labels: Record<string, string | null>) =>
  ask(api, 'PATCH', `${MAPS}/${name}`, {
    body: { metadata: { labels } },
    headers: { 'Content-Type': 'application/merge-patch+json' },
  });
const remove = (name: string) => ask(api, 'DELETE', `${MAPS}/${name}`);
const told = (lines: Line[]): string[] =>
  lines.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());

describe('a watch tells', () => {
  test('what is there, and then every change in order', async () => {
    await create('a');
    const { lines } = await follow('');
    await create('b');
    await label('b', { x: '1' });
    await remove('a');
    await expect.poll(() => told(lines)).toEqual(['ADDED a', 'ADDED b', 'MODIFIED b', 'DELETED a']);
    expect(lines[2]?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { labels: { x: '1' } } });
    const revisions = lines.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  });

  test('only what comes after a resourceVersion', async () => {
    await create('a');
    const { lines } = await follow(`&resourceVersion=${store.revision}`);
    await create('b');
    await expect.poll(() => told(lines)).toEqual(['ADDED b']);
  });

  test('of changes since an older resourceVersion too', async () => {
    const { metadata } = await create('a');
    await create('b');
    const { lines } = await follow(`&resourceVersion=${metadata.resourceVersion}`);
    await expect.poll(() => told(lines)).toEqual(['ADDED b']);
  });

  test('who comes into a selection as ADDED, and who leaves it as DELETED with the old labels and the new version', async () => {
    const { lines } = await follow('&labelSelector=app%3Dweb');
    await create('a', { app: 'db' });
    await label('a', { app: 'web' });
    await label('a', { more: '1' });
    await label('a', { app: 'db' });
    await label('a', { app: 'web' });
    await remove('a');
    await expect.poll(() => told(lines)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a']);
    const [, changed, left, back] = lines.map(({ object }) => object.metadata);
    expect(left?.labels).toEqual({ app: 'web', more: '1' });
    expect(Number(left?.resourceVersion)).toBeGreaterThan(Number(changed?.resourceVersion));
    expect(Number(left?.resourceVersion)).toBeLessThan(Number(back?.resourceVersion));
  });

  test('of one object, by field selector or by its URL', async () => {
    const { lines } = await follow('&fieldSelector=metadata.name%3Db');
    const response = (await api.handle(
      inMemoryRequest('GET', `${MAPS}/b?watch=1`, { signal: ends.signal }),
    )) as StreamResponse;
    const byUrl: Line[] = [];
    void response.run(async (chunk) => void byUrl.push(JSON.parse(chunk) as Line), ends.signal);
    await create('a');
    await create('b');
    await expect.poll(() => [told(lines), told(byUrl)]).toEqual([['ADDED b'], ['ADDED b']]);
  });

  test('when the initial events are complete', async () => {
    await create('a');
    const list = '&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const { lines } = await follow(list);
    await create('b');
    await expect.poll(() => told(lines)).toEqual(['ADDED a', 'BOOKMARK', 'ADDED b']);
    expect(lines[1]?.object).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { resourceVersion: expect.any(String), annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
  });

  test('the same without being asked, when there is no resourceVersion and bookmarks are welcome', async () => {
    expect(told((await followUntilIdle('&allowWatchBookmarks=true')).lines)).toEqual(['BOOKMARK']);
    expect(told((await followUntilIdle('&allowWatchBookmarks=true&resourceVersion=0')).lines)).toEqual([]);
  });

  test('rows to those who want tables, with columns in the first only', async () => {
    await create('a');
    const { lines } = await follow('', 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json');
    await create('b');
    await expect
      .poll(() =>
        lines.map(({ object }) => [object.kind, object.rows?.[0]?.cells[0], object.columnDefinitions === null]),
      )
      .toEqual([
        ['Table', 'a', false],
        ['Table', 'b', true],
      ]);
  });

  test('metadata to those who want no more', async () => {
    const { lines } = await follow('', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io');
    await create('a');
    await expect
      .poll(() => lines.map(({ object }) => Object.keys(object)))
      .toEqual([['kind', 'apiVersion', 'metadata']]);
  });

  async function followUntilIdle(query: string) {
    const watch = await follow(query);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return watch;
  }
});

describe('a watch ends', () => {
  test('with an ERROR when its resourceVersion is too old', async () => {
    await start(5);
    for (let i = 0; i < 10; i++) await create(`m${i}`);
    const { lines, ended } = await follow('&resourceVersion=1');
    await ended;
    expect(lines).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
    expect(lines[0]?.object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
  });

  test('with an ERROR when the client is too slow, and nobody else waits for it', async () => {
    await start(20);
    const response = (await api.handle(
      inMemoryRequest('GET', `${MAPS}?watch=true`, { signal: ends.signal }),
    )) as StreamResponse;
    let release = (): void => {};
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    const lines: Line[] = [];
    const ended = response.run(async (chunk) => {
      lines.push(JSON.parse(chunk) as Line);
      await stuck;
    }, ends.signal);
    const { lines: quick } = await follow('');
    for (let i = 0; i < 60; i++) await create(`m${i}`);
    await expect.poll(() => quick.length).toBe(60);
    release();
    await ended;
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  test('at its timeout, and when the client goes', async () => {
    const { ended } = await follow('&timeoutSeconds=1');
    await ended;
    const other = await follow('');
    ends.abort();
    await other.ended;
  });

  test('not because its resourceVersion is of the future: it waits', async () => {
    const { lines } = await follow(`&resourceVersion=${store.revision + 1}`);
    await create('a');
    await create('b');
    await expect.poll(() => told(lines)).toEqual(['ADDED b']);
  });
});

test.each([
  [
    'initial events without a match',
    '&sendInitialEvents=true',
    422,
    /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/,
  ],
  [
    'a match without initial events',
    '&resourceVersionMatch=NotOlderThan',
    422,
    /resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided/,
  ],
  ['a selector that cannot be read', '&labelSelector=a%20b', 400, /unable to parse requirement/],
  ['a version that is none', '&resourceVersion=x', 400, /resourceVersion: Invalid value/],
])('refuses %s before it begins', async (_, query, code, message) => {
  const { status, json } = await ask(api, 'GET', `${MAPS}?watch=true${query}`);
  expect(status).toBe(code);
  expect((json as { message: string }).message).toMatch(message);
});

test('tables have no initial events', async () => {
  const url = `${MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;
  expect(
    (await ask(api, 'GET', url, { headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })).status,
  ).toBe(406);
});

test('a thousand watches see the same events in the same order', async () => {
  const watches = await Promise.all(Array.from({ length: 1_000 }, () => follow('')));
  for (let i = 0; i < 5; i++) await create(`m${i}`);
  await expect.poll(() => watches.every(({ lines }) => lines.length === 5)).toBe(true);
  expect(new Set(watches.map(({ lines }) => told(lines).join()))).toEqual(
    new Set(['ADDED m0,ADDED m1,ADDED m2,ADDED m3,ADDED m4']),
  );
});

describe('visible', () => {
  const object = (seen: boolean): KubeObject => ({
    metadata: { name: 'x', resourceVersion: '1', labels: { seen: String(seen) } },
  });
  const matches = ({ metadata }: KubeObject): boolean => metadata.labels?.seen === 'true';
  const [seen, unseen] = [object(true), object(false)];
  test.each([
    ['ADDED', undefined, seen, 'ADDED'],
    ['ADDED', undefined, unseen, undefined],
    ['MODIFIED', seen, seen, 'MODIFIED'],
    ['MODIFIED', unseen, seen, 'ADDED'],
    ['MODIFIED', seen, unseen, 'DELETED'],
    ['MODIFIED', unseen, unseen, undefined],
    ['DELETED', seen, seen, 'DELETED'],
    ['DELETED', unseen, unseen, undefined],
  ] as const)('%s', (type, previous, now, expected) => {
    const event = { type, object: now, revision: 2, ...(previous && { previous }) };
    expect(visible(event, { matches })?.type).toBe(expected);
  });
});
