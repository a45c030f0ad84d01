import type { Logger } from 'pino';
import { StatusError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { RESOURCES, type Resource } from '../../kube/resources.ts';
import { formatTime } from '../../kube/time.ts';
import type { Key, Store } from '../../store/store.ts';
import { Furnishing } from './furnishing.ts';
import { pause } from './pause.ts';

/** Namespaces that every cluster has. */
const PERMANENT = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** How long to wait before looking again at what is left in a namespace, in milliseconds; twice as long each time, up to the second. */
const LOOK_AGAIN = [100, 2_000] as const;

export interface NamespacesOptions {
  store: Store;
  now(): Date;
  uid(): string;
  /** Begins the deletion of all objects of a resource in a namespace. */
  removeAll(resource: Resource, namespace: string): Promise<void>;
  /** PEM of the authority that signs the API's certificate, for Pods. */
  rootCertificate?: string;
  log: Logger;
}

/**
 * Keeps what belongs to namespaces: the permanent ones, what each of them has, and the end of those that are deleted. A deleted
 * namespace goes when it is empty; a restart takes the work up again.
 */
export class Namespaces {
  readonly #options: NamespacesOptions;
  readonly #furnishing: Furnishing;
  readonly #terminating = new Set<string>();
  readonly #stopped = new AbortController();

  constructor(options: NamespacesOptions) {
    this.#options = options;
    this.#furnishing = new Furnishing(options);
  }

  /** Makes what is missing and goes on with deletions that had begun. */
  async start(): Promise<void> {
    const { store } = this.#options;
    await Promise.all(PERMANENT.map((name) => this.#ensure(namespaceKey(name), () => this.#namespace(name))));
    await this.#furnishing.start(this.#stopped.signal);
    for (const { metadata } of store.list({ group: '', resource: 'namespaces' }).items.filter(isDeleted))
      this.terminate(metadata.name ?? '');
  }

  /** Makes what Pods count on in a new namespace. */
  furnish(namespace: string): Promise<void> {
    return this.#furnishing.furnish(namespace);
  }

  /** Removes a deleted namespace's content and then the namespace, in the background. */
  terminate(name: string): void {
    if (this.#terminating.has(name)) return;
    this.#terminating.add(name);
    this.#empty(name)
      .catch((err: unknown) => this.#options.log.error({ err, namespace: name }, 'namespace: cannot be removed'))
      .finally(() => this.#terminating.delete(name));
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #empty(name: string): Promise<void> {
    const { store, removeAll, log } = this.#options;
    for (let wait: number = LOOK_AGAIN[0]; ; wait = Math.min(wait * 2, LOOK_AGAIN[1])) {
      const found = store.get(namespaceKey(name));
      if (this.#stopped.signal.aborted || !found || !isDeleted(found)) return;
      const filled = KINDS.filter(({ storage }) => store.list({ ...storage, namespace: name }).items.length > 0);
      if (filled.length === 0) break;
      for (const resource of filled) await removeAll(resource, name);
      await pause(wait, this.#stopped.signal);
    }
    await this.#finalize(name);
    log.info({ namespace: name }, 'namespace: removed');
  }

  /** Takes the namespace's own finalizer off; it goes unless somebody else's holds it. */
  async #finalize(name: string): Promise<void> {
    const { store } = this.#options;
    const key = namespaceKey(name);
    const left = await store.update(key, (current) => {
      const { finalizers = [], ...spec } = (current.spec ?? {}) as { finalizers?: string[] };
      const others = finalizers.filter((finalizer) => finalizer !== 'kubernetes');
      return { ...current, spec: { ...spec, ...(others.length > 0 && { finalizers: others }) } };
    });
    const { finalizers } = (left.spec ?? {}) as { finalizers?: string[] };
    if (!finalizers?.length && !left.metadata.finalizers?.length) await store.delete(key);
  }

  #namespace(name: string): KubeObject {
    return {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name, ...this.#born(), labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    };
  }

  #born(): { uid: string; creationTimestamp: string } {
    return { uid: this.#options.uid(), creationTimestamp: formatTime(this.#options.now()) };
  }

  async #ensure(key: Key, make: () => KubeObject): Promise<void> {
    const { store } = this.#options;
    if (store.get(key)) return;
    try {
      await store.create(key, make());
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
  }
}

/** Kinds that live in namespaces, each once. */
const KINDS = RESOURCES.filter(
  ({ namespaced, group, resource, storage, verbs }) =>
    namespaced && verbs.includes('delete') && storage.group === group && storage.resource === resource,
);

const namespaceKey = (name: string): Key => ({ group: '', resource: 'namespaces', namespace: '', name });
const isDeleted = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
