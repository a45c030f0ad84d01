import { setTimeout as pause } from 'node:timers/promises';
import type { KubeObject } from '../../kube/object.ts';
import { Failure } from '../command.ts';
import type { Cluster, Request } from './cluster.ts';
import { ServerError } from './server-error.ts';
import { type WatchEvent, watch } from './watch.ts';

/** A server that does not answer is asked again after so long. */
const RETRY_MS = 500;

/** What is there, then what changes. */
export type Followed<T> = { type: 'LISTED'; items: T[] } | WatchEvent<T>;

/**
 * Follows a collection until `signal` aborts: lists it, then hands on its changes; lists again when the history is gone, or when the server did not
 * answer for a time. `lost` is told once for each such time.
 * @throws ServerError when the server refuses, and the reason of `signal`
 */
export async function* follow<T extends KubeObject>(
  cluster: Cluster,
  path: string,
  signal: AbortSignal,
  lost: (failure: Failure) => void = () => {},
): AsyncGenerator<Followed<T>> {
  let isLost = false;
  for (;;) {
    try {
      const request: Request = { path, signal };
      const list = await cluster.request<KubeObject & { items: T[] }>(request);
      isLost = false;
      yield { type: 'LISTED', items: list.items };
      yield* watch<T>(cluster, request, list.metadata.resourceVersion ?? '0', (o) => o.metadata.resourceVersion);
    } catch (error) {
      if (signal.aborted || !(error instanceof Failure)) throw error;
      if (error instanceof ServerError && error.status.code !== 410 && error.status.code! < 500) throw error;
      if (!isLost && !(error instanceof ServerError)) lost(error);
      isLost = true;
      await pause(RETRY_MS, undefined, { signal });
    }
  }
}
