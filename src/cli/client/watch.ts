import { setTimeout as pause } from 'node:timers/promises';
import type { KubeObject } from '../../kube/object.ts';
import { Failure } from '../command.ts';
import type { Cluster, Request } from './cluster.ts';
import { ServerError } from './server-error.ts';

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: T;
}

/** Before a watch that ended is opened anew: a server that ends it at once is not stormed. */
const RECONNECT_MS = 200;

/**
 * The changes of a collection after `resourceVersion`, until `signal` aborts or the caller stops. When the server ends the watch, as
 * all do after some minutes, it is taken up where it ended. Bookmarks are not handed on.
 * @throws ServerError of an ERROR event (410 Expired: list again)
 */
export async function* watch<T = KubeObject>(
  cluster: Cluster,
  request: Request,
  resourceVersion: string,
  versionOf: (object: T) => string | undefined,
): AsyncGenerator<WatchEvent<T>> {
  let since = resourceVersion;
  for (;;) {
    const query = { ...request.query, watch: true, resourceVersion: since, allowWatchBookmarks: true };
    const response = await cluster.stream({ ...request, query });
    try {
      for await (const line of linesOf(response)) {
        const event = JSON.parse(line) as { type: string; object: T };
        if (event.type === 'ERROR') throw new ServerError(event.object as object);
        since = versionOf(event.object) ?? since;
        if (event.type !== 'BOOKMARK') yield event as WatchEvent<T>;
      }
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      if (error instanceof Failure) throw error;
      // The connection broke: the next request tells whether the server is gone.
    } finally {
      response.destroy();
    }
    await pause(RECONNECT_MS, undefined, request.signal && { signal: request.signal });
  }
}

export async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') yield line;
  }
  if (rest !== '') yield rest;
}
