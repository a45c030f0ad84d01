import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { StatusError } from '../../kube/errors.ts';
import type { OwnerReference } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { findKind, RESOURCES, type Resource } from '../../kube/resources.ts';
import type { Key, Store, StoreEvent } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';
import { pause } from '../namespaces/pause.ts';
import { Dependents } from './dependents.ts';
import { FOREGROUND, judge, ORPHAN, type OwnerState, waitsFor } from './judge.ts';

export interface CollectorOptions {
  store: Store;
  /** Deletes an object as a client would; nothing happens when another has taken its place. */
  remove(resource: Resource, object: KubeObject, policy: string): Promise<void>;
  /** Changes an object as a client would. */
  change(resource: Resource, object: KubeObject, change: (latest: KubeObject) => KubeObject): Promise<void>;
  log: Logger;
}

interface Place {
  resource: Resource;
  key: Key;
  object: KubeObject;
}

/** How long to wait after a failure, in milliseconds. */
const RETRY_MS = 1_000;

/** Kinds whose objects are looked at, each once. */
const KINDS = RESOURCES.filter(
  ({ verbs, group, resource, storage }) =>
    verbs.includes('delete') && storage.group === group && storage.resource === resource,
);

/**
 * Deletes objects whose owners are gone, and lets owners go that wait for the objects that they own (kube-controller-manager's garbage
 * collector). One object at a time, from watches; after a failure everything is looked at again.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #stopped = new AbortController();
  #dependents = new Dependents();
  /** What is to be looked at, by its place, in the order in which it came up. */
  readonly #queue = new Map<string, { resource: Resource; key: Key }>();
  #working = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    // Every watch listens, and so does a pause in each.
    setMaxListeners(2 * KINDS.length + 1, this.#stopped.signal);
  }

  start(): void {
    const since = this.#options.store.revision;
    this.#lookAtAll();
    for (const resource of KINDS) void this.#watch(resource, since);
  }

  stop(): void {
    this.#stopped.abort();
  }

  #lookAtAll(): void {
    this.#dependents = new Dependents();
    for (const resource of KINDS)
      for (const object of this.#options.store.list(resource.storage).items) this.#noteObject(resource, object);
  }

  async #watch(resource: Resource, since: number): Promise<void> {
    const { store, log } = this.#options;
    const { signal } = this.#stopped;
    for (let from: number | undefined = since; !signal.aborted; ) {
      try {
        from ??= this.#beginAgain();
        for await (const event of store.watch(resource.storage, { since: from, signal })) {
          this.#note(resource, event);
          from = event.revision;
        }
      } catch (err) {
        if (signal.aborted || (err instanceof StoreError && err.code === 'Closed')) return;
        log.warn({ err, resource: resource.resource }, 'owners: all objects are looked at again');
        from = undefined;
        await pause(RETRY_MS, signal);
      }
    }
  }

  /** Looks at everything. @returns the revision from which changes are still to be seen */
  #beginAgain(): number {
    const { revision } = this.#options.store;
    this.#lookAtAll();
    return revision;
  }

  #note(resource: Resource, { type, object }: StoreEvent): void {
    if (type !== 'DELETED') {
      this.#noteObject(resource, object);
      return;
    }
    const owners = object.metadata.ownerReferences ?? [];
    this.#dependents.note(keyOf(resource, object), undefined);
    for (const key of this.#dependents.of(object.metadata.uid)) this.#enqueue(resourceOf(key), key);
    for (const owner of owners) this.#enqueueOwner(owner, object);
  }

  #noteObject(resource: Resource, object: KubeObject): void {
    const { ownerReferences = [] } = object.metadata;
    const key = keyOf(resource, object);
    const left = this.#dependents.note(key, object);
    if (ownerReferences.length > 0 || waitsFor(object)) this.#enqueue(resource, key);
    // An owner that waits for this one may wait no more.
    if (left.length > 0) for (const waiting of this.#waiting(left)) this.#enqueue(waiting.resource, waiting.key);
  }

  #waiting(uids: readonly string[]): Place[] {
    return this.#all((object) => uids.includes(object.metadata.uid ?? '') && waitsFor(object) !== undefined);
  }

  /** From the store, which has what no watch has told yet: what is missed here would be taken for an object without owner. */
  #ownedBy(owner: string): Place[] {
    return this.#all(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner) ?? false);
  }

  #all(matches: (object: KubeObject) => boolean): Place[] {
    return KINDS.flatMap((resource) =>
      this.#options.store
        .list(resource.storage)
        .items.filter(matches)
        .map((object) => ({ resource, key: keyOf(resource, object), object })),
    );
  }

  #enqueueOwner(owner: OwnerReference, { metadata }: KubeObject): void {
    const resource = findKind(owner.apiVersion, owner.kind);
    if (resource) this.#enqueue(resource, ownerKey(resource, owner, metadata.namespace));
  }

  #enqueue(resource: Resource, key: Key): void {
    this.#queue.set(JSON.stringify([key.group, key.resource, key.namespace, key.name]), { resource, key });
    if (this.#working) return;
    this.#working = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    await undefined;
    try {
      await this.#workOff();
    } finally {
      this.#working = false;
    }
  }

  async #workOff(): Promise<void> {
    for (const [id, item] of this.#queue) {
      if (this.#stopped.signal.aborted) return;
      this.#queue.delete(id);
      try {
        await this.#look(item.resource, item.key);
      } catch (err) {
        if (err instanceof StatusError && (err.reason === 'NotFound' || err.reason === 'Conflict')) continue;
        if (this.#stopped.signal.aborted) return;
        this.#options.log.warn({ err, ...item.key }, 'owners: an object could not be collected');
        await pause(RETRY_MS, this.#stopped.signal);
        this.#queue.set(id, item);
      }
    }
  }

  async #look(resource: Resource, key: Key): Promise<void> {
    const object = this.#options.store.get(key);
    if (!object) return;
    const waits = waitsFor(object);
    if (waits) return this.#letGo(resource, object, waits);
    const owns = this.#dependents.of(object.metadata.uid).length > 0;
    const verdict = judge(object, (owner) => this.#stateOf(owner, object), owns);
    if (verdict.action === 'delete') await this.#options.remove(resource, object, verdict.policy);
    else if (verdict.action === 'release') await this.#release(resource, object, verdict.uids);
  }

  /** Goes on with the deletion of an owner. */
  async #letGo(resource: Resource, owner: KubeObject, waits: typeof FOREGROUND | typeof ORPHAN): Promise<void> {
    const { uid = '' } = owner.metadata;
    const dependents = this.#ownedBy(uid);
    if (waits === ORPHAN) for (const one of dependents) await this.#release(one.resource, one.object, [uid]);
    else {
      const blocking = dependents.filter(({ object }) =>
        object.metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion),
      );
      for (const { resource, key } of blocking) this.#enqueue(resource, key);
      if (blocking.length > 0) return;
    }
    await this.#options.change(resource, owner, (latest) => {
      const { finalizers: before = [], ...metadata } = latest.metadata;
      const finalizers = before.filter((finalizer) => finalizer !== waits);
      return { ...latest, metadata: { ...metadata, ...(finalizers.length > 0 && { finalizers }) } };
    });
  }

  #release(resource: Resource, object: KubeObject, uids: readonly string[]): Promise<void> {
    return this.#options.change(resource, object, (latest) => {
      const { ownerReferences: before = [], ...metadata } = latest.metadata;
      const ownerReferences = before.filter(({ uid }) => !uids.includes(uid));
      return { ...latest, metadata: { ...metadata, ...(ownerReferences.length > 0 && { ownerReferences }) } };
    });
  }

  /** Nothing is deleted on account of what cannot be known: a kind that is not served, a namespaced owner of what is in none. */
  #stateOf(reference: OwnerReference, { metadata }: KubeObject): OwnerState {
    const resource = findKind(reference.apiVersion, reference.kind);
    if (!resource || (resource.namespaced && !metadata.namespace)) return 'there';
    const owner = this.#options.store.get(ownerKey(resource, reference, metadata.namespace));
    if (owner?.metadata.uid !== reference.uid) return 'gone';
    return waitsFor(owner) === FOREGROUND ? 'waiting' : 'there';
  }
}

function keyOf({ storage }: Resource, { metadata }: KubeObject): Key {
  return { ...storage, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}

function ownerKey({ storage, namespaced }: Resource, { name }: OwnerReference, namespace = ''): Key {
  return { ...storage, namespace: namespaced ? namespace : '', name };
}

const resourceOf = ({ group, resource }: Key): Resource =>
  KINDS.find(({ storage }) => storage.group === group && storage.resource === resource)!;
