import { StatusError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Collection, Store, StoreEvent } from '../store/store.ts';

export interface Follower {
  /** Changes after this revision are told. */
  since: number;
  signal: AbortSignal;
  onEvent(event: StoreEvent): void;
  /** Changes may have been missed: this is everything there is now. */
  onList(items: KubeObject[]): void;
  /** The watch failed in a way that it should not; it begins again when this resolves. */
  onError(error: unknown): Promise<void>;
}

/** Follows a collection of the store until the signal aborts; begins again with a list when it fell too far behind. */
export async function followCollection(store: Store, collection: Collection, follower: Follower): Promise<void> {
  const { signal, onEvent, onList, onError } = follower;
  let { since } = follower;
  while (!signal.aborted) {
    try {
      for await (const event of store.watch(collection, { since, signal })) onEvent(event);
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'Expired')) await onError(error);
    }
    if (signal.aborted) return;
    const { items, revision } = store.list(collection);
    since = revision;
    onList(items);
  }
}
