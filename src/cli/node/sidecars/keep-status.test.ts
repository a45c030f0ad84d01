import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { startApi } from '../../../api/rest/fixture.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { hello, webApp } from '../../../sidecar/fixtures/hello.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import type { Store } from '../../../store/store.ts';
import { StoreError } from '../../../store/store-error.ts';
import { sidecarAdmission } from './admission.ts';
import { keepSidecarStatus } from './keep-status.ts';
import { KnownSidecars } from './known-sidecars.ts';
import { sidecarKinds } from './sidecar-kinds.ts';

const log = pino({ level: 'silent' });
const SIDECARS = '/apis/outfit.dev/v1alpha1/namespaces/default/sidecars';
const PODS = '/api/v1/namespaces/default/pods';
const HELLO = { group: 'outfit.dev', resource: 'sidecars', namespace: 'default', name: 'hello' };

/** A node's API and keeper in memory. `settle` runs what waits, as if time had passed. */
async function start(over: (store: Store) => Store = (store) => store) {
  const inner = memoryStore();
  const known = new KnownSidecars(inner, log);
  const api = await startApi({ store: inner, admit: sidecarAdmission(inner, known), customKinds: sidecarKinds() });
  const waiting: { run: () => void; ms: number }[] = [];
  const said: string[] = [];
  const abort = new AbortController();
  keepSidecarStatus({
    store: over(inner),
    known,
    events: {
      event: (object, type, reason, message) => void said.push(`${object.metadata?.name} ${type} ${reason} ${message}`),
    },
    log,
    signal: abort.signal,
    later: (run, ms) => {
      const one = { run, ms };
      waiting.push(one);
      return () => void waiting.splice(waiting.indexOf(one), 1);
    },
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    ...api,
    said,
    waiting,
    stop: () => abort.abort(),
    async settle() {
      for (let round = 0; round < 20; round++) {
        await turn();
        waiting.shift()?.run();
      }
    },
    joined: () => (inner.get(HELLO)?.status as { joined?: number } | undefined)?.joined,
    revision: () => inner.revision,
  };
}

describe('the keeper of statuses', () => {
  test('counts Pods as they come and go, and says in an event what was attached', async () => {
    const { post, remove, settle, joined, said } = await start();
    await post(SIDECARS, hello());
    await settle();
    expect(joined()).toBe(0);
    await post(PODS, webApp());
    await settle();
    expect(joined()).toBe(1);
    expect(said).toEqual(['web-app Normal SidecarAttached Attached sidecar hello: container sidecar-container']);
    await remove(`${PODS}/web-app`);
    await settle();
    expect(joined()).toBe(0);
  });

  test('is at rest when all is as it was', async () => {
    const { post, settle, waiting, revision, merge } = await start();
    await post(SIDECARS, hello());
    await post(PODS, webApp());
    await settle();
    const before = revision();
    await settle();
    expect({ waiting, revision: revision() }).toEqual({ waiting: [], revision: before });
    await merge(`${PODS}/web-app`, { metadata: { labels: { a: 'b' } } });
    await settle();
    expect(revision()).toBe(before + 1);
    await merge(`${PODS}/web-app/status`, { status: { message: 'busy' } });
    expect(waiting).toEqual([]);
  });

  test('follows the definition', async () => {
    const { post, merge, settle, object } = await start();
    await post(SIDECARS, hello());
    await settle();
    await merge(`${SIDECARS}/hello`, { spec: { joins: 'OnRequest' } });
    await settle();
    expect(await object(`${SIDECARS}/hello`)).toMatchObject({
      metadata: { generation: 2 },
      status: { observedGeneration: 2, conditions: [{ observedGeneration: 2 }] },
    });
  });

  test('puts right what somebody else wrote', async () => {
    const { post, merge, settle, joined } = await start();
    await post(SIDECARS, hello());
    await settle();
    await merge(`${SIDECARS}/hello/status`, { status: { joined: 7 } });
    await settle();
    expect(joined()).toBe(0);
  });

  test('tries again later when the disk is full', async () => {
    let isFull = true;
    const { post, settle, joined, waiting } = await start((store) => ({
      ...forwarding(store),
      update: (key, change) =>
        isFull ? Promise.reject(new StoreError('DiskFull', 'no room')) : store.update(key, change),
    }));
    await post(SIDECARS, hello());
    waiting.shift()?.run();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(joined()).toBeUndefined();
    expect(waiting.map(({ ms }) => ms)).toContain(5_000);
    isFull = false;
    await settle();
    expect(joined()).toBe(0);
  });

  test('ends with the node', async () => {
    const { post, stop, settle, joined, waiting } = await start();
    stop();
    await post(SIDECARS, hello());
    await settle();
    expect({ joined: joined(), waiting }).toEqual({ joined: undefined, waiting: [] });
  });
});

function forwarding(store: Store): Store {
  return {
    get revision() {
      return store.revision;
    },
    get: (key): KubeObject | undefined => store.get(key),
    list: (collection) => store.list(collection),
    create: (key, object) => store.create(key, object),
    update: (key, change) => store.update(key, change),
    delete: (key, check) => store.delete(key, check),
    watch: (collection, options) => store.watch(collection, options),
    close: () => store.close(),
  };
}
