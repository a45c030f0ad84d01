import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './grpc.ts';

export interface Progress {
  completedBytes: number;
  totalBytes: number;
}

export interface Ingest {
  ref: string;
  offset: string;
  total: string;
}

/**
 * Watches containerd's downloads until the signal aborts; CRI itself tells nothing. containerd does not say which image a download
 * belongs to, so pulls that run side by side see each other's bytes. A runtime without a content store gives no progress.
 */
export async function watchDownloads(
  connection: Connection,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  const downloads = new Downloads((await ingests(connection, signal)) ?? []);
  while (!signal.aborted) {
    const list = await ingests(connection, signal);
    if (!list) return;
    const progress = downloads.update(list);
    if (progress) onProgress(progress);
    await sleep(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}

const INTERVAL_MS = 200;

/** Sums downloads over time: one that has vanished from the list is complete; one that was there before and does not move is not ours. */
export class Downloads {
  readonly #before: Map<string, string>;
  readonly #seen = new Map<string, Progress>();

  constructor(before: Ingest[]) {
    this.#before = new Map(before.map(({ ref, offset }) => [ref, offset]));
  }

  /** undefined while no download was seen. */
  update(list: Ingest[]): Progress | undefined {
    const active = new Set(list.map(({ ref }) => ref));
    for (const [ref, seen] of this.#seen) if (!active.has(ref)) seen.completedBytes = seen.totalBytes;
    for (const { ref, offset, total } of list) {
      if (!this.#seen.has(ref) && this.#before.get(ref) === offset) continue;
      this.#seen.set(ref, { completedBytes: Number(offset), totalBytes: Math.max(Number(total), Number(offset)) });
    }
    return this.#seen.size === 0 ? undefined : sum([...this.#seen.values()]);
  }
}

function sum(parts: Progress[]): Progress {
  return parts.reduce((total, part) => ({
    completedBytes: total.completedBytes + part.completedBytes,
    totalBytes: total.totalBytes + part.totalBytes,
  }));
}

function ingests(connection: Connection, signal: AbortSignal): Promise<Ingest[] | undefined> {
  return connection
    .call<{ statuses: Ingest[] }>('containerd.services.content.v1.Content/ListStatuses', { filters: [] }, { signal })
    .then(({ statuses }) => statuses.filter(({ ref }) => ref.startsWith('layer-')))
    .catch(() => undefined);
}
