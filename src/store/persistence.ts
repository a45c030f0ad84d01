/** One record to write; without a value it is removed. */
export interface Change {
  key: string;
  value?: string;
}

/**
 * Where a store's records survive the process: a map of strings, nothing more. The store reads it once, at the start, and is its only writer.
 */
export interface Persistence {
  /**
   * Every record, in any order.
   * @throws StoreError Corrupt, Failed
   */
  load(): Promise<Iterable<[key: string, value: string]>>;

  /**
   * Writes all changes or none, and returns when they would survive a power failure. Never called while an earlier call runs.
   * After a rejection it is unknown whether the changes are there; the store then writes the same keys again with its next append.
   * @throws StoreError DiskFull, NotWritable, InUse, Corrupt, Failed
   */
  append(changes: Change[]): Promise<void>;

  /** Idempotent. */
  close(): Promise<void>;
}
