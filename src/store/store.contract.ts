import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import type { StoreOptions } from './serial-store.ts';
import type { Collection, Key, Store, StoreEvent } from './store.ts';

const PODS = { group: '', resource: 'pods' };
const key = (name: string, namespace = 'default', of = PODS): Key => ({ ...of, namespace, name });
const pod = (name: string, more: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  ...more,
});
const versionOf = (object: KubeObject | undefined): number => Number(object?.metadata.resourceVersion);
const names = (items: KubeObject[]): string[] => items.map((o) => `${o.metadata.namespace}/${o.metadata.name}`);

/** What every Store must do. `open` makes an empty one. */
export function storeContract(open: (options?: StoreOptions) => Promise<Store>): void {
  let store: Store;
  let stop: AbortController;
  beforeEach(async () => {
    store = await open();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await store.close();
  });
  const watch = (collection: Collection = PODS, since?: number): AsyncIterator<StoreEvent> =>
    store.watch(collection, { ...(since !== undefined && { since }), signal: stop.signal })[Symbol.asyncIterator]();

  describe('objects', () => {
    test('a created object is read back, with the write as its resourceVersion and nothing else added', async () => {
      const before = store.revision;
      const created = await store.create(key('a'), pod('a', { spec: { nodeName: 'n' } }));
      expect(created).toEqual({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a', namespace: 'default', resourceVersion: String(before + 1) },
        spec: { nodeName: 'n' },
      });
      expect(store.get(key('a'))).toBe(created);
      expect(store.revision).toBe(before + 1);
    });

    test('a resourceVersion that is handed in is replaced', async () => {
      const object = pod('a');
      object.metadata.resourceVersion = '999';
      expect(versionOf(await store.create(key('a'), object))).toBe(store.revision);
    });

    test('an object that is handed in may be altered afterwards', async () => {
      const object = pod('a', { spec: { containers: [{ name: 'one' }] } });
      const created = store.create(key('a'), object);
      await created;
      (object.spec as { containers: unknown[] }).containers.push('two');
      expect(store.get(key('a'))?.spec).toEqual({ containers: [{ name: 'one' }] });
    });

    test('unknown fields, null, empty values and a field named __proto__ survive', async () => {
      const odd = JSON.parse('{"metadata":{"name":"a"},"x":{"__proto__":{"y":1},"n":null,"e":"","l":[],"o":{}}}');
      await store.create(key('a'), odd);
      await store.update(key('a'), (current) => ({ ...current, more: 1 }));
      const { metadata: _, more: __, ...rest } = store.get(key('a')) as KubeObject;
      expect(JSON.stringify(rest)).toBe('{"x":{"__proto__":{"y":1},"n":null,"e":"","l":[],"o":{}}}');
    });

    test.each([
      ['create', 'a taken name', () => store.create(key('a'), pod('a')), 'AlreadyExists', 'pods "a" already exists'],
      ['update', 'a missing one', () => store.update(key('b'), (o) => o), 'NotFound', 'pods "b" not found'],
      ['delete', 'a missing one', () => store.delete(key('b')), 'NotFound', 'pods "b" not found'],
    ])('%s of %s is rejected', async (_verb, _what, act, reason, message) => {
      await store.create(key('a'), pod('a'));
      const before = store.revision;
      await expect(act()).rejects.toMatchObject({ name: 'StatusError', reason, message });
      expect(store.revision).toBe(before);
    });

    test('an update that changes nothing writes nothing, whatever the order of fields or its resourceVersion', async () => {
      const created = await store.create(key('a'), pod('a', { spec: { x: 1, y: [{ z: 2 }] } }));
      const updated = await store.update(key('a'), () => ({
        spec: { y: [{ z: 2 }], x: 1 },
        kind: 'Pod',
        metadata: { resourceVersion: '1', namespace: 'default', name: 'a' },
        apiVersion: 'v1',
        left: undefined,
      }));
      expect(updated).toBe(created);
      expect(store.revision).toBe(versionOf(created));
    });

    test('what `change` and `check` throw is handed on and nothing is written', async () => {
      const created = await store.create(key('a'), pod('a'));
      const refuse = (): never => {
        throw new Error('no');
      };
      await expect(store.update(key('a'), refuse)).rejects.toThrow('no');
      await expect(store.delete(key('a'), refuse)).rejects.toThrow('no');
      expect(store.get(key('a'))).toBe(created);
      expect(store.revision).toBe(versionOf(created));
    });

    test('a deleted object is gone, and its last state is returned with the resourceVersion of the deletion', async () => {
      const created = await store.create(key('a'), pod('a', { spec: { x: 1 } }));
      const last = await store.delete(key('a'));
      expect(last).toEqual({ ...created, metadata: { ...created.metadata, resourceVersion: String(store.revision) } });
      expect(store.revision).toBe(versionOf(created) + 1);
      expect(store.get(key('a'))).toBeUndefined();
      expect(store.list(PODS).items).toEqual([]);
    });

    test('a key cannot reach into another collection', async () => {
      await expect(store.create(key('a\0b'), pod('a'))).rejects.toThrow(TypeError);
      expect(store.list(PODS).items).toEqual([]);
    });
  });

  describe('order', () => {
    test('writes are carried out one after the other, each on the latest state', async () => {
      await store.create(key('n'), pod('n', { count: 0 }));
      const add = (o: KubeObject): KubeObject => ({ ...o, count: (o.count as number) + 1 });
      const results = await Promise.all(Array.from({ length: 500 }, () => store.update(key('n'), add)));
      expect(results.map((o) => o.count)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
      expect(store.get(key('n'))?.count).toBe(500);
    });

    test('a write sees those that were asked for before it, also when nothing waited in between', async () => {
      const first = store.create(key('a'), pod('a'));
      const second = store.create(key('a'), pod('a'));
      const third = store.delete(key('a'));
      const fourth = store.create(key('a'), pod('a', { again: true }));
      await expect(second).rejects.toMatchObject({ reason: 'AlreadyExists' });
      const versions = [await first, await third, await fourth].map(versionOf);
      expect(versions).toEqual([store.revision - 2, store.revision - 1, store.revision]);
      expect(store.get(key('a'))?.again).toBe(true);
    });

    test('readers see a write only when its promise resolves', async () => {
      const write = store.create(key('a'), pod('a'));
      expect(store.get(key('a'))).toBeUndefined();
      await write;
      expect(store.get(key('a'))).toBeDefined();
    });
  });

  describe('lists', () => {
    beforeEach(async () => {
      for (const [namespace, name] of [
        ['b', 'x'],
        ['a-b', 'x'],
        ['a', 'z'],
        ['a', 'x-y'],
        ['a', 'x'],
      ] as const) {
        await store.create(key(name, namespace), { ...pod(name), metadata: { name, namespace } });
      }
      await store.create(key('x', 'a', { group: 'apps', resource: 'pods' }), pod('other'));
      await store.create(key('x', 'a', { group: '', resource: 'podsx' }), pod('other'));
      await store.create(key('n', '', { group: '', resource: 'nodes' }), { metadata: { name: 'n' } });
    });

    test.each<[string, Collection, string[]]>([
      ['all namespaces, ordered by namespace and name', PODS, ['a/x', 'a/x-y', 'a/z', 'a-b/x', 'b/x']],
      ['one namespace, not those that only begin like it', { ...PODS, namespace: 'a' }, ['a/x', 'a/x-y', 'a/z']],
      ['a namespace without objects', { ...PODS, namespace: 'c' }, []],
      ['cluster-scoped objects', { group: '', resource: 'nodes', namespace: '' }, ['undefined/n']],
      ['an unknown resource', { group: '', resource: 'pod' }, []],
    ])('%s', (_what, collection, expected) => {
      expect(names(store.list(collection).items)).toEqual(expected);
      expect(store.list(collection).revision).toBe(store.revision);
    });

    test('a list is not altered by later writes', async () => {
      const { items } = store.list({ ...PODS, namespace: 'b' });
      await store.delete(key('x', 'b'));
      expect(names(items)).toEqual(['b/x']);
    });
  });

  describe('watches', () => {
    test('every change comes once, in order, with the state before it', async () => {
      const events = watch();
      const created = await store.create(key('a'), pod('a'));
      const updated = await store.update(key('a'), (o) => ({ ...o, spec: { x: 1 } }));
      const deleted = await store.delete(key('a'));
      const next = async (): Promise<StoreEvent> => (await events.next()).value;
      expect(await next()).toEqual({ type: 'ADDED', object: created, revision: versionOf(created) });
      expect(await next()).toEqual({
        type: 'MODIFIED',
        object: updated,
        previous: created,
        revision: versionOf(updated),
      });
      expect(await next()).toEqual({
        type: 'DELETED',
        object: deleted,
        previous: updated,
        revision: versionOf(deleted),
      });
    });

    test('a watch from a revision replays what came after it, then goes on', async () => {
      await store.create(key('a'), pod('a'));
      const { revision } = store.list(PODS);
      await store.create(key('b'), pod('b'));
      const events = watch(PODS, revision);
      expect((await events.next()).value.object.metadata.name).toBe('b');
      const later = events.next();
      await store.create(key('c'), pod('c'));
      expect((await later).value.object.metadata.name).toBe('c');
    });

    test('a watch without a revision begins when it was asked for, not at its first pull', async () => {
      await store.create(key('a'), pod('a'));
      const events = watch();
      await store.create(key('b'), pod('b'));
      expect((await events.next()).value.object.metadata.name).toBe('b');
    });

    test('a watch from a revision to come is silent until then', async () => {
      const events = watch(PODS, store.revision + 1);
      await store.create(key('a'), pod('a'));
      await store.create(key('b'), pod('b'));
      expect((await events.next()).value.object.metadata.name).toBe('b');
    });

    test('a watch of a namespace sees that namespace only', async () => {
      const events = watch({ ...PODS, namespace: 'x' });
      await store.create(key('a'), pod('a'));
      await store.create(key('a', 'x', { group: 'apps', resource: 'pods' }), pod('a'));
      await store.create(key('b', 'x'), pod('b'));
      expect((await events.next()).value.object.metadata.name).toBe('b');
    });

    test('an abort ends a waiting and a busy watch without an error', async () => {
      const waiting = watch().next();
      const busy = watch();
      await store.create(key('a'), pod('a'));
      expect((await waiting).done).toBe(false);
      const next = watch().next();
      stop.abort();
      expect(await next).toEqual({ done: true, value: undefined });
      expect(await busy.next()).toEqual({ done: true, value: undefined });
    });

    test('a watch of an aborted signal ends at once', async () => {
      stop.abort();
      expect(await watch().next()).toEqual({ done: true, value: undefined });
    });

    test('closing the store ends its watches', async () => {
      const next = watch().next();
      await store.close();
      expect(await next).toEqual({ done: true, value: undefined });
    });
  });

  describe('history', () => {
    const fill = async (count: number, of = PODS): Promise<void> => {
      for (let i = 0; i < count; i++) await store.create(key(`f${i}`, 'default', of), pod(`f${i}`));
    };
    const pull = async (events: () => AsyncIterator<StoreEvent>): Promise<unknown> => (await events().next()).value;
    const reopen = async (options: StoreOptions): Promise<void> => {
      await store.close();
      store = await open(options);
    };

    test('a revision before the kept history is expired, the oldest one that works is named', async () => {
      await reopen({ historyLength: 10 });
      const start = store.revision;
      await fill(15);
      await expect(pull(() => watch(PODS, start + 4))).rejects.toMatchObject({
        name: 'StatusError',
        reason: 'Expired',
        code: 410,
        message: `too old resource version: ${start + 4} (${start + 5})`,
      });
      expect(await pull(() => watch(PODS, start + 5))).toMatchObject({ revision: start + 6 });
    });

    test('the history is bounded by its size too', async () => {
      await reopen({ historyBytes: 1_000 });
      const start = store.revision;
      await fill(100);
      await expect(pull(() => watch(PODS, start))).rejects.toMatchObject({ reason: 'Expired' });
      expect(await pull(() => watch(PODS, store.revision - 3))).toMatchObject({ revision: store.revision - 2 });
    });

    test('a consumer that falls behind the history is ended with Expired', async () => {
      await reopen({ historyLength: 10 });
      const events = watch();
      await fill(3);
      expect((await events.next()).done).toBe(false);
      await fill(12, { group: '', resource: 'others' });
      await expect(events.next()).rejects.toMatchObject({ reason: 'Expired' });
    });

    test('a waiting consumer is not expired by the changes of other collections', async () => {
      await reopen({ historyLength: 10 });
      const next = watch().next();
      await fill(50, { group: '', resource: 'others' });
      await store.create(key('a'), pod('a'));
      expect((await next).value.object.metadata.name).toBe('a');
    });
  });

  describe('laws', () => {
    const collection = fc.constantFrom(PODS, { group: 'apps', resource: 'deployments' });
    const command = fc.record({
      verb: fc.constantFrom('create', 'update', 'touch', 'delete' as const),
      of: collection,
      namespace: fc.constantFrom('a', 'a-b', 'b'),
      name: fc.constantFrom('x', 'x-y', 'x.y', 'y'),
      value: fc.jsonValue({ maxDepth: 3 }),
      wait: fc.boolean(),
    });

    test('any writes leave the same objects as a plain map, and a watch tells exactly what differs', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
          const fresh = await open();
          const model = new Map<string, unknown>();
          const since = fresh.revision;
          const running: Promise<unknown>[] = [];
          for (const { verb, of, namespace, name, value, wait } of commands) {
            const at = key(name, namespace, of);
            const id = `${of.resource} ${namespace} ${name}`;
            const had = model.has(id);
            if (verb === 'create') running.push(fresh.create(at, { metadata: { name, namespace }, value }));
            if (verb === 'update') running.push(fresh.update(at, (o) => ({ ...o, value })));
            if (verb === 'touch') running.push(fresh.update(at, (o) => o));
            if (verb === 'delete') running.push(fresh.delete(at));
            if (verb === 'delete') model.delete(id);
            if ((verb === 'create' && !had) || (verb === 'update' && had))
              model.set(id, JSON.parse(JSON.stringify(value)));
            if (wait) await Promise.allSettled(running);
          }
          await Promise.allSettled(running);
          for (const of of [PODS, { group: 'apps', resource: 'deployments' }]) {
            const { items, revision } = fresh.list(of);
            const expected = [...model].filter(([id]) => id.startsWith(`${of.resource} `));
            expect(items.map((o) => [`${of.resource} ${o.metadata.namespace} ${o.metadata.name}`, o.value])).toEqual(
              expected.sort(([a], [b]) => (byParts(a) < byParts(b) ? -1 : 1)),
            );
            expect(await replay(fresh, of, since, revision)).toEqual(items);
          }
          await fresh.close();
        }),
        { numRuns: 60 },
      );
    });

    const byParts = (id: string): string => id.replaceAll(' ', '\0');

    /** What a client that knew nothing at `since` holds after following until `revision`. */
    async function replay(of: Store, collection: Collection, since: number, revision: number): Promise<KubeObject[]> {
      const end = new AbortController();
      const held = new Map<string, KubeObject>();
      let last = since;
      const events = of.watch(collection, { since, signal: end.signal })[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([
          events.next(),
          new Promise<undefined>((r) => setImmediate(() => r(undefined))),
        ]);
        if (!next || next.done) break;
        const { type, object, previous, revision: at } = next.value;
        const id = `${object.metadata.namespace}\0${object.metadata.name}`;
        expect(at).toBeGreaterThan(last);
        expect(previous).toBe(held.get(id));
        last = at;
        if (type === 'DELETED') held.delete(id);
        else held.set(id, object);
      }
      end.abort();
      expect(last).toBeLessThanOrEqual(revision);
      return [...held].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    }
  });

  describe('the end', () => {
    test('closing waits for running writes; later calls fail; closing again is fine', async () => {
      const write = store.create(key('a'), pod('a'));
      await Promise.all([store.close(), write]);
      await store.close();
      const closed = { name: 'StoreError', code: 'Closed' };
      await expect(store.create(key('b'), pod('b'))).rejects.toMatchObject(closed);
      for (const call of [() => store.get(key('a')), () => store.list(PODS), () => watch()]) {
        expect(call).toThrow(expect.objectContaining(closed));
      }
    });
  });
}
