import type { Logger } from 'pino';
import type { KubeObject } from '../kube/object.ts';
import { EventLog } from './event-log.ts';
import { encodeKey, keyRange } from './key.ts';
import type { ObjectTable } from './object-table.ts';
import type { Persistence } from './persistence.ts';
import { readRecords } from './read-records.ts';
import type { StateRecord } from './record.ts';
import { Staging } from './staging.ts';
import type { Collection, Key, Store, StoreEvent } from './store.ts';
import { StoreError } from './store-error.ts';

export interface StoreOptions {
  log?: Logger;
  /** The most changes that are kept for watches. */
  historyLength?: number;
  /** The most JSON that the kept changes may come to, in bytes. */
  historyBytes?: number;
  /** Freezes what is handed out, deeply: for tests, which so find those who alter shared objects. */
  freeze?: boolean;
}

/** Writes that go to disk together at most; those that come meanwhile wait for the next batch. */
const BATCH_LENGTH = 128;

interface Write {
  run(staging: Staging): KubeObject;
  resolve(object: KubeObject): void;
  reject(error: unknown): void;
}

/**
 * The store: every object in memory, every write through one queue, and under it a place that keeps records.
 *
 * Writes that wait are carried out together: each sees those before it, then all go to disk at once, and only then does anybody see them. When
 * that fails, none has happened.
 */
export class SerialStore implements Store {
  readonly #persistence: Persistence;
  readonly #seal: (object: KubeObject) => KubeObject;
  readonly #log: Logger | undefined;
  readonly #table: ObjectTable;
  readonly #history: EventLog;
  #state: StateRecord;
  #queue: Write[] = [];
  #working: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Encoded keys that a failed batch may have altered on disk. */
  #doubtful = new Set<string>();

  /**
   * A store of what the persistence holds now.
   * @throws StoreError NewerVersion, Corrupt, Failed; the persistence is left open
   */
  static async open(persistence: Persistence, options: StoreOptions = {}): Promise<SerialStore> {
    return new SerialStore(persistence, await persistence.load(), options);
  }

  constructor(persistence: Persistence, records: Iterable<[key: string, value: string]>, options: StoreOptions) {
    this.#persistence = persistence;
    this.#seal = options.freeze ? deepFreeze : (object) => object;
    this.#log = options.log;
    const { table, state } = readRecords(records, this.#seal);
    this.#table = table;
    this.#state = state;
    this.#history = new EventLog(state.revision, {
      events: options.historyLength ?? 10_000,
      bytes: options.historyBytes ?? 4 * 1024 * 1024,
    });
  }

  get revision(): number {
    return this.#state.revision;
  }

  get(key: Key): KubeObject | undefined {
    this.#checkOpen();
    return this.#table.get(encodeKey(key))?.object;
  }

  list(collection: Collection): { items: KubeObject[]; revision: number } {
    this.#checkOpen();
    const { start, end } = keyRange(collection);
    return { items: this.#table.range(start, end), revision: this.#state.revision };
  }

  create(key: Key, object: KubeObject): Promise<KubeObject> {
    return this.#write((staging) => staging.create(key, object));
  }

  update(key: Key, change: (current: KubeObject) => KubeObject): Promise<KubeObject> {
    return this.#write((staging) => staging.update(key, change));
  }

  delete(key: Key, check?: (current: KubeObject) => void): Promise<KubeObject> {
    return this.#write((staging) => staging.delete(key, check));
  }

  watch(collection: Collection, { since, signal }: { since?: number; signal: AbortSignal }): AsyncIterable<StoreEvent> {
    this.#checkOpen();
    return this.#history.follow(collection, since ?? this.#state.revision, signal);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#working;
      this.#history.close();
      await this.#persistence.close();
    })();
    return this.#closing;
  }

  async #write(run: Write['run']): Promise<KubeObject> {
    this.#checkOpen();
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    await undefined; // writes of the same turn join the first batch
    while (this.#queue.length > 0) await this.#carryOut(this.#queue.splice(0, BATCH_LENGTH));
    this.#working = undefined;
  }

  async #carryOut(writes: Write[]): Promise<void> {
    const staging = new Staging(this.#table, this.#state, this.#seal);
    const settles = writes.flatMap((write) => stage(write, staging));
    if (staging.events.length > 0) {
      const failure = await this.#store(staging);
      if (failure) for (const { reject } of settles) reject(failure);
      if (failure) return;
      this.#show(staging);
    }
    for (const { settle } of settles) settle();
  }

  /** Brings a batch to disk; what went wrong, if anything. */
  async #store(staging: Staging): Promise<StoreError | undefined> {
    for (const id of this.#doubtful) staging.rewrite(id);
    try {
      await this.#persistence.append(staging.changes());
      this.#doubtful.clear();
      return undefined;
    } catch (error) {
      for (const id of staging.entries.keys()) this.#doubtful.add(id);
      const failure = error instanceof StoreError ? error : new StoreError('Failed', String(error), { cause: error });
      this.#log?.error({ err: failure, code: failure.code, writes: staging.events.length }, 'store: write failed');
      return failure;
    }
  }

  #show(staging: Staging): void {
    for (const [id, entry] of staging.entries) {
      if (entry) this.#table.set(id, entry);
      else this.#table.delete(id);
    }
    this.#state = staging.state;
    this.#history.append(staging.events);
  }

  #checkOpen(): void {
    if (this.#closing) throw new StoreError('Closed', 'the store is closed');
  }
}

interface Staged {
  settle(): void;
  reject(error: unknown): void;
}

/** Carries out one write on the staging. One that neither wrote nor built on an unwritten change is answered here: no failure of the disk concerns it. */
function stage({ run, resolve, reject }: Write, staging: Staging): Staged[] {
  const before = staging.events.length;
  const settle = settler(run, staging, resolve, reject);
  const readStaged = staging.takeReadStaged();
  if (staging.events.length > before || readStaged) return [{ settle, reject }];
  settle();
  return [];
}

function settler(
  run: Write['run'],
  staging: Staging,
  resolve: (object: KubeObject) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const object = run(staging);
    return () => resolve(object);
  } catch (error) {
    return () => reject(error);
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
