import type { KubeObject } from '../kube/object.ts';

/** The objects of one resource, of one namespace when it is given ('' for cluster-scoped resources). */
export interface Collection {
  group: string;
  resource: string;
  namespace?: string;
}

/** The place of one object. `namespace` is '' for cluster-scoped resources. */
export interface Key {
  group: string;
  resource: string;
  namespace: string;
  name: string;
}

/** One change, in the order of its resourceVersion. A DELETED object is its last state, with the resourceVersion of the deletion. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
  /** The object before the change; selectors need it to tell who leaves them. Absent for ADDED. */
  previous?: KubeObject;
  /** The change's own resourceVersion, as a number. */
  revision: number;
}

/**
 * Keeps objects, on disk, and tells who asks of every change. One counter is the resourceVersion of everything.
 *
 * - A write is on disk before its promise resolves, and readers see it only then.
 * - Writes of one process are carried out one after the other; `change` functions run at their turn, on the latest state.
 * - Objects that are handed out are shared: nobody may alter them. Objects that are handed in are not kept by reference if the caller alters them later.
 * - The store sets `metadata.resourceVersion` and nothing else: uid, generation and timestamps are the writer's.
 * - A full or failing disk rejects the write with a StoreError and leaves memory as it was.
 */
export interface Store {
  /** The resourceVersion of the latest write. */
  readonly revision: number;

  get(key: Key): KubeObject | undefined;

  /** All objects of the collection, ordered by namespace and name, and the revision at which that is true. */
  list(collection: Collection): { items: KubeObject[]; revision: number };

  /** @throws StatusError AlreadyExists */
  create(key: Key, object: KubeObject): Promise<KubeObject>;

  /**
   * Replaces an object by what `change` makes of its latest state. When nothing but resourceVersion differs, nothing is written and
   * the current object is returned. What `change` throws rejects the promise and nothing is written.
   * @throws StatusError NotFound
   */
  update(key: Key, change: (current: KubeObject) => KubeObject): Promise<KubeObject>;

  /**
   * Removes an object. `check` sees the latest state first and may throw. Resolves to the last state with the deletion's resourceVersion.
   * @throws StatusError NotFound
   */
  delete(key: Key, check?: (current: KubeObject) => void): Promise<KubeObject>;

  /**
   * Every change of the collection after `since` (default: now), in order, until `signal` aborts (the iteration then ends without error).
   * A consumer that falls far behind is ended with StatusError Expired rather than held in memory without bound.
   * @throws StatusError Expired, at once or on the first pull, when `since` is older than the kept history:
   *         `too old resource version: ${since} (${oldest})`
   */
  watch(collection: Collection, options: { since?: number; signal: AbortSignal }): AsyncIterable<StoreEvent>;

  /** Lets running writes end, then closes the files. Later calls fail. Idempotent. */
  close(): Promise<void>;
}
