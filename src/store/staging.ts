import { alreadyExists, notFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import type { LoggedEvent } from './event-log.ts';
import { encodeKey } from './key.ts';
import type { Entry, ObjectTable } from './object-table.ts';
import type { Change } from './persistence.ts';
import { FORMAT, recordChecksum, replaceChecksum, STATE_KEY, type StateRecord } from './record.ts';
import { shareUnchanged } from './share.ts';
import type { Key, StoreEvent } from './store.ts';

/**
 * The writes of one batch, each on top of those before it, while nobody else sees them yet. Nothing here alters the table: when the batch is on
 * disk, `entries` and `events` are what is to become visible.
 */
export class Staging {
  readonly #table: ObjectTable;
  readonly #seal: (object: KubeObject) => KubeObject;
  /** What the batch leaves at each encoded key it wrote; undefined is nothing. */
  readonly entries = new Map<string, Entry | undefined>();
  readonly events: LoggedEvent[] = [];
  readonly #changes = new Map<string, string | undefined>();
  #state: StateRecord;
  #readStaged = false;

  constructor(table: ObjectTable, state: StateRecord, seal: (object: KubeObject) => KubeObject) {
    this.#table = table;
    this.#state = { ...state, format: FORMAT };
    this.#seal = seal;
  }

  get state(): StateRecord {
    return this.#state;
  }

  /** Whether an earlier write of the batch was seen since the last call. */
  takeReadStaged(): boolean {
    const seen = this.#readStaged;
    this.#readStaged = false;
    return seen;
  }

  /** What to write on disk. */
  changes(): Change[] {
    const records = [...this.#changes].map(([key, value]) => (value === undefined ? { key } : { key, value }));
    return [...records, { key: STATE_KEY, value: JSON.stringify(this.#state) }];
  }

  /** @throws StatusError AlreadyExists */
  create(key: Key, object: KubeObject): KubeObject {
    if (this.#find(encodeKey(key))) throw alreadyExists(key, key.name);
    return this.#put(key, 'ADDED', JSON.parse(JSON.stringify(object)));
  }

  /** @throws StatusError NotFound, and what `change` throws */
  update(key: Key, change: (current: KubeObject) => KubeObject): KubeObject {
    const { object: current } = this.#require(key);
    const next: KubeObject = JSON.parse(JSON.stringify(change(current)));
    next.metadata.resourceVersion = current.metadata.resourceVersion!;
    const shared = shareUnchanged(current, next);
    return shared === current ? current : this.#put(key, 'MODIFIED', shared, current);
  }

  /** @throws StatusError NotFound, and what `check` throws */
  delete(key: Key, check?: (current: KubeObject) => void): KubeObject {
    const { object: current, size } = this.#require(key);
    check?.(current);
    const last = this.#seal(withRevision(current, this.#state.revision + 1));
    const id = encodeKey(key);
    this.#record(id, undefined, undefined);
    this.#log(key, { type: 'DELETED', object: last, previous: current, revision: this.#state.revision }, size);
    return last;
  }

  /** Writes once more what the table holds at a key that an earlier, failed batch may have altered on disk. */
  rewrite(id: string): void {
    if (this.entries.has(id)) return;
    const entry = this.#table.get(id);
    this.#record(id, entry?.object, entry && JSON.stringify(entry.object), this.#state.revision);
  }

  #put(key: Key, type: 'ADDED' | 'MODIFIED', content: KubeObject, previous?: KubeObject): KubeObject {
    const object = this.#seal(withRevision(content, this.#state.revision + 1));
    const text = JSON.stringify(object);
    this.#record(encodeKey(key), object, text);
    this.#log(key, { type, object, ...(previous && { previous }), revision: this.#state.revision }, text.length);
    return object;
  }

  #record(
    id: string,
    object: KubeObject | undefined,
    text: string | undefined,
    revision = this.#state.revision + 1,
  ): void {
    const before = this.entries.has(id) ? this.entries.get(id) : this.#table.get(id);
    const entry =
      object && text !== undefined ? { object, checksum: recordChecksum(id, text), size: text.length } : undefined;
    this.entries.set(id, entry);
    this.#changes.set(id, text);
    this.#state = {
      ...this.#state,
      revision,
      objects: this.#state.objects + (entry ? 1 : 0) - (before ? 1 : 0),
      checksum: replaceChecksum(this.#state.checksum, before?.checksum, entry?.checksum),
    };
  }

  #log(key: Key, event: StoreEvent, size: number): void {
    const { group, resource, namespace, name } = key;
    this.events.push({ key: { group, resource, namespace, name }, event, bytes: size });
  }

  #require(key: Key): Entry {
    const entry = this.#find(encodeKey(key));
    if (!entry) throw notFound(key, key.name);
    return entry;
  }

  #find(id: string): Entry | undefined {
    if (!this.entries.has(id)) return this.#table.get(id);
    this.#readStaged = true;
    return this.entries.get(id);
  }
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
