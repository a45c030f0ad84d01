import type { KubeObject } from '../../kube/object.ts';

interface Snapshot {
  items: readonly KubeObject[];
  takenAt: number;
}

/**
 * Lists as they were when their first page was read, so that the pages of one list agree with each other. Few are kept, for a short time; the
 * objects themselves are the store's, so that a snapshot costs a pointer for each.
 */
export class Snapshots {
  readonly #limit: number;
  readonly #lifetime: number;
  readonly #now: () => Date;
  readonly #kept = new Map<string, Snapshot>();

  /** @param options.lifetime in milliseconds */
  constructor(options: { now: () => Date; limit?: number; lifetime?: number }) {
    this.#now = options.now;
    this.#limit = options.limit ?? 16;
    this.#lifetime = options.lifetime ?? 5 * 60_000;
  }

  keep(collection: string, revision: number, items: readonly KubeObject[]): void {
    const key = `${revision} ${collection}`;
    this.#kept.delete(key);
    this.#kept.set(key, { items, takenAt: this.#now().getTime() });
    this.#forget();
  }

  find(collection: string, revision: number): readonly KubeObject[] | undefined {
    this.#forget();
    return this.#kept.get(`${revision} ${collection}`)?.items;
  }

  #forget(): void {
    const oldest = this.#now().getTime() - this.#lifetime;
    for (const [key, { takenAt }] of this.#kept) {
      if (takenAt >= oldest && this.#kept.size <= this.#limit) break;
      this.#kept.delete(key);
    }
  }
}
