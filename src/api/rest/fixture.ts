import { pino } from 'pino';
import type { KubeObject } from '../../kube/object.ts';
import { memoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { type ApiServer, type ApiServerOptions, apiServer } from '../api-server.ts';
import { ask, type InMemoryAnswer, type InMemoryOptions } from '../in-memory.ts';

export type Json = Record<string, unknown>;

export const NOW = new Date('2026-01-01T00:00:00Z');
export const PODS = '/api/v1/namespaces/default/pods';
export const MAPS = '/api/v1/namespaces/default/configmaps';

/** An API in memory, with ids that count and a clock that stands, and short words for asking it: for tests. */
export interface Fixture {
  store: Store;
  api: ApiServer;
  ask(method: string, url: string, options?: InMemoryOptions): Promise<InMemoryAnswer>;
  post(url: string, body: unknown, options?: InMemoryOptions): Promise<InMemoryAnswer>;
  get(url: string, options?: InMemoryOptions): Promise<InMemoryAnswer>;
  /** PATCH with a merge patch. */
  merge(url: string, body: unknown): Promise<InMemoryAnswer>;
  remove(url: string, body?: unknown): Promise<InMemoryAnswer>;
  object(url: string): Promise<KubeObject>;
  /** Of a list, in order. */
  names(url: string): Promise<string[]>;
  /** Puts a Pod of the namespace `default` on a node, as the loop does. */
  bind(name: string, status?: Json): Promise<void>;
}

export async function startApi(options: Partial<ApiServerOptions> = {}): Promise<Fixture> {
  const store = options.store ?? memoryStore();
  const api = await apiServer({ ...deterministic(), store, ...options });
  const request = (method: string, url: string, more: InMemoryOptions = {}) => ask(api, method, url, more);
  const get = (url: string, more?: InMemoryOptions) => request('GET', url, more);
  const key = (name: string) => ({ group: '', resource: 'pods', namespace: 'default', name });
  return {
    store,
    api,
    ask: request,
    get,
    post: (url, body, more = {}) => request('POST', url, { body, ...more }),
    merge: (url, body) => request('PATCH', url, { body, headers: { 'Content-Type': 'application/merge-patch+json' } }),
    remove: (url, body) => request('DELETE', url, body === undefined ? {} : { body }),
    object: async (url) => (await get(url)).json as KubeObject,
    names: async (url) =>
      ((await get(url)).json as { items: KubeObject[] }).items.map(({ metadata }) => metadata.name ?? ''),
    bind: async (name, status = { phase: 'Running' }) => {
      const nodeName = 'node1';
      await store.update(key(name), (pod) => ({ ...pod, spec: { ...(pod.spec as object), nodeName }, status }));
    },
  };
}

export const podManifest = (name: string, more: Json = {}): Json => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx' }] },
  ...more,
});

export const configMap = (name: string, more: Json = {}): Json => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name },
  ...more,
});

function deterministic(): Pick<ApiServerOptions, 'functions' | 'log' | 'now' | 'ids'> {
  let uids = 0;
  return {
    functions: {} as never,
    log: pino({ level: 'silent' }),
    now: () => NOW,
    ids: { uid: () => `uid-${++uids}`, random: () => 0.5 },
  };
}
