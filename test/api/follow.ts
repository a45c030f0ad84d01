import type { ApiServer } from '../../src/api/api-server.ts';
import { inMemoryRequest } from '../../src/api/in-memory.ts';
import type { KubeObject } from '../../src/kube/object.ts';

export interface WatchLine {
  type: string;
  object: KubeObject & { code?: number; reason?: string; message?: string; data?: Record<string, string> };
}

export interface Followed {
  /** As the client has them up to now. */
  lines: WatchLine[];
  ended: Promise<void>;
  /** Breaks the watch off, as a client that goes. */
  stop(): void;
}

export interface FollowOptions {
  accept?: string;
  /** Waited for before the next event is taken. */
  onLine?: (line: WatchLine) => void | Promise<void>;
}

/** Watches in memory. @throws Error with the answer when it is no stream */
export async function follow(api: ApiServer, url: string, options: FollowOptions = {}): Promise<Followed> {
  const over = new AbortController();
  const headers: Record<string, string> = options.accept === undefined ? {} : { Accept: options.accept };
  const response = await api.handle(inMemoryRequest('GET', url, { headers, signal: over.signal }));
  if (response.kind !== 'stream') throw new Error(`no watch: ${JSON.stringify(response)}`);
  const lines: WatchLine[] = [];
  const take = async (text: string): Promise<void> => {
    if (over.signal.aborted) return;
    const line = JSON.parse(text) as WatchLine;
    lines.push(line);
    await options.onLine?.(line);
  };
  return { lines, ended: response.run(take, over.signal), stop: () => over.abort() };
}

/** `ADDED a`, in order. */
export const told = (lines: readonly WatchLine[]): string[] =>
  lines.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());

export const versions = (lines: readonly WatchLine[]): number[] =>
  lines.map(({ object }) => Number(object.metadata.resourceVersion));
