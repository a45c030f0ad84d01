import type { KubeObject } from '../kube/object.ts';

/** One stored object. */
export interface Entry {
  object: KubeObject;
  /** Of its record on disk; see `record.ts`. */
  checksum: number;
  /** The length of its JSON. */
  size: number;
}

/** The latest state of every object, in the order of the encoded keys. */
export class ObjectTable {
  #keys: string[] = [];
  #entries: Entry[] = [];

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Entry | undefined {
    const at = this.#lowerBound(key);
    return this.#keys[at] === key ? this.#entries[at] : undefined;
  }

  set(key: string, entry: Entry): void {
    const at = this.#lowerBound(key);
    const replaced = this.#keys[at] === key ? 1 : 0;
    this.#keys.splice(at, replaced, key);
    this.#entries.splice(at, replaced, entry);
  }

  delete(key: string): void {
    const at = this.#lowerBound(key);
    if (this.#keys[at] !== key) return;
    this.#keys.splice(at, 1);
    this.#entries.splice(at, 1);
  }

  /** The objects whose keys are in [start, end). */
  range(start: string, end: string): KubeObject[] {
    return this.#entries.slice(this.#lowerBound(start), this.#lowerBound(end)).map(({ object }) => object);
  }

  /** The first place whose key is not below `key`. */
  #lowerBound(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
