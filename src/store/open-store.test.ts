import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { openStore } from './open-store.ts';
import { witnessFile } from './witness.ts';

const PODS = { group: '', resource: 'pods' };
const keyOf = (name: string) => ({ ...PODS, namespace: 'default', name });
const pod = (name: string): KubeObject => ({ metadata: { name, namespace: 'default' }, filler: 'x'.repeat(2_000) });

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'outfit-store-')), 'store');
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

/** A store with three Pods, one of them deleted again, written by two runs. */
async function written(): Promise<{ revision: number; items: KubeObject[] }> {
  let store = await openStore(path);
  await store.create(keyOf('a'), pod('a'));
  await store.create(keyOf('b'), pod('b'));
  await store.close();
  store = await openStore(path);
  await store.create(keyOf('c'), pod('c'));
  await store.delete(keyOf('b'));
  const { items, revision } = store.list(PODS);
  await store.close();
  return { items, revision };
}

const files = async (pattern: RegExp): Promise<string[]> =>
  (await readdir(path)).filter((name) => pattern.test(name)).map((name) => join(path, name));

describe('the next start', () => {
  test('has every object and the same revision; also a deletion that came last counts', async () => {
    const before = await written();
    const store = await openStore(path);
    expect(store.list(PODS)).toEqual(before);
    expect((await store.create(keyOf('d'), pod('d'))).metadata.resourceVersion).toBe(String(before.revision + 1));
    await store.close();
  });

  test('keeps no history: what came before is expired, from here on it goes on', async () => {
    const { revision } = await written();
    const store = await openStore(path);
    const { signal } = new AbortController();
    expect(() => store.watch(PODS, { since: revision - 1, signal })).toThrow(
      expect.objectContaining({
        reason: 'Expired',
        message: `too old resource version: ${revision - 1} (${revision})`,
      }),
    );
    const next = store.watch(PODS, { since: revision, signal })[Symbol.asyncIterator]().next();
    await store.create(keyOf('d'), pod('d'));
    expect((await next).value.object.metadata.name).toBe('d');
    await store.close();
  });

  test('only the owner may look into the directory', async () => {
    await written();
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });
});

describe('a store that cannot be used', () => {
  test('is in use', async () => {
    const store = await openStore(path);
    await expect(openStore(path)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'InUse',
      message: `the store ${path} is in use by another process; stop that one, or use another state directory`,
    });
    await store.create(keyOf('a'), pod('a'));
    await store.close();
  });

  test('is in use by another process', async () => {
    const store = await openStore(path);
    const script = `new (require('classic-level').ClassicLevel)(${JSON.stringify(path)}).open().catch(e => console.log(e.cause.code))`;
    expect(spawnSync(process.execPath, ['-e', script], { cwd: resolve('.') }).stdout.toString()).toBe('LEVEL_LOCKED\n');
    await store.close();
  });

  test.each([
    ['a file is in its place', ''],
    ['a file is where its parent should be', '/below'],
  ])('is not writable: %s', async (_what, below) => {
    await writeFile(path, '');
    await expect(openStore(path + below)).rejects.toMatchObject({ code: 'NotWritable' });
  });

  test('was made by a newer version, whatever else that one wrote', async () => {
    await written();
    await tamper((db) => db.put('state', '{"format":2,"shards":[]}'));
    await expect(openStore(path)).rejects.toMatchObject({
      code: 'NewerVersion',
      message:
        'the store was written by a newer Outfit (format 2, this one reads up to 1); use that Outfit, or another state directory',
    });
  });
});

const A_KEY = ['', 'pods', 'default', 'a'].join('\0');

async function tamper(change: (db: ClassicLevel) => Promise<void>): Promise<void> {
  const db = new ClassicLevel(path);
  await db.open();
  await change(db);
  await db.close();
}

describe('a damaged store', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['an object is missing', () => tamper((db) => db.del(A_KEY))],
    ['an object is altered', () => tamper((db) => db.put(A_KEY, '{"metadata":{}}'))],
    ['an object is not JSON', () => tamper((db) => db.put(A_KEY, '{'))],
    ['a key is none', () => tamper((db) => db.put('zzz', '{}'))],
    ['the state is missing', () => tamper((db) => db.del('state'))],
    ['the state is garbage', () => tamper((db) => db.put('state', 'null'))],
    ['the state is incomplete', () => tamper((db) => db.put('state', '{"format":1}'))],
    ['a table is cut', async () => truncate((await files(/\.ldb$/))[0]!, 100)],
    ['a table is overwritten', async () => writeFile((await files(/\.ldb$/))[0]!, 'x'.repeat(3_000))],
    ['the tables are gone', async () => Promise.all((await files(/\.ldb$/)).map((file) => rm(file)))],
  ])('is refused, with what to do, and left as it is: %s', async (_what, damage) => {
    await written();
    await damage();
    await cp(path, `${path}.saved`, { recursive: true });
    await expect(openStore(path)).rejects.toMatchObject({
      code: 'Corrupt',
      message: expect.stringContaining(`or move it away (mv ${path} ${path}.damaged) and start again`),
    });
    expect(await readdir(join(path, '..'))).toEqual(['store', 'store.saved']);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['CURRENT is gone', async () => rm(join(path, 'CURRENT'))],
    ['CURRENT is garbage', async () => writeFile(join(path, 'CURRENT'), 'x')],
    ['the manifest is gone', async () => rm((await files(/^MANIFEST/))[0]!)],
    ['the manifest is cut', async () => truncate((await files(/^MANIFEST/))[0]!, 10)],
  ])('is mended when nothing was lost: %s', async (_what, damage) => {
    const before = await written();
    await damage();
    const store = await openStore(path);
    expect(store.list(PODS)).toEqual(before);
    await store.create(keyOf('d'), pod('d'));
    await store.close();
    expect(await readdir(join(path, '..'))).toEqual(['store']);
  });

  test('half a record at the end of the log is a write that was never answered', async () => {
    const before = await written();
    const witness = await readFile(witnessFile(path));
    const store = await openStore(path);
    await store.create(keyOf('d'), pod('d'));
    await store.close();
    const [log] = await files(/\.log$/);
    await truncate(log!, (await stat(log!)).size - 5);
    await writeFile(witnessFile(path), witness);
    const again = await openStore(path);
    expect(again.list(PODS)).toEqual(before);
    await again.close();
  });

  test.each<[string, (log: string) => Promise<unknown>]>([
    ['was cut', async (log) => truncate(log, (await stat(log)).size - 5)],
    ['is empty', (log) => truncate(log, 0)],
    ['is gone', (log) => rm(log)],
    ['has a record that cannot be read', async (log) => writeFile(log, (await readFile(log)).fill(0x55, 20, 60))],
  ])(
    'a log that %s has lost writes that were answered: refused, with what to do; who accepts it goes on with the rest',
    async (_what, damage) => {
      await written();
      await damage((await files(/\.log$/))[0]!);
      await expect(openStore(path)).rejects.toMatchObject({
        code: 'Corrupt',
        message: expect.stringMatching(
          /its latest changes are lost \(revision 5 was written, .* remove .*\/revision\).* Restore .* from a backup/,
        ),
      });
      await rm(witnessFile(path));
      const store = await openStore(path);
      await store.create(keyOf('new'), pod('new'));
      await store.close();
      await (await openStore(path)).close();
    },
  );

  test('a log record that cannot be read takes those behind it along: where nobody knows what was written last the store opens as of before, and says so', async () => {
    await written();
    const [log] = await files(/\.log$/);
    const content = await readFile(log!);
    await writeFile(log!, content.fill(0x55, 20, 60));
    await rm(witnessFile(path));
    const { log: logger, lines } = logLines();
    const store = await openStore(path, { log: logger });
    expect(store.list(PODS).items.map((o) => o.metadata.name)).toEqual(['a', 'b']);
    expect(lines()).toContainEqual(
      expect.objectContaining({
        level: 40,
        path,
        msg: expect.stringMatching(/^store: the log was damaged, .*dropping \d+ bytes/),
      }),
    );
    await store.close();
  });
});

function logLines(): { log: Logger; lines: () => unknown[] } {
  const written: string[] = [];
  return {
    log: pino({}, { write: (line: string) => void written.push(line) }),
    lines: () => written.map((line) => JSON.parse(line)),
  };
}
