import { expired } from '../kube/errors.ts';
import { contains } from './key.ts';
import type { Collection, Key, StoreEvent } from './store.ts';

/** An event with the place it happened at and the bytes of JSON it is charged for. */
export interface LoggedEvent {
  key: Key;
  event: StoreEvent;
  bytes: number;
}

export interface EventLogLimits {
  /** The most events that are kept. */
  events: number;
  /** The most JSON that the kept events may come to, in bytes. */
  bytes: number;
}

interface Follower {
  collection: Collection;
  /** The revision up to which the follower has seen everything that concerns it. */
  cursor: number;
  /** Set while it waits. */
  wake?: () => void;
}

/**
 * The latest changes, in order, and those who follow them. There is one copy of the history for all followers: each has only a cursor in it,
 * and one that falls behind what is kept is expired. So a slow consumer costs nothing.
 */
export class EventLog {
  readonly #limits: EventLogLimits;
  /** The revision of the latest event that is no longer kept: following works from here on. */
  #floor: number;
  /** Kept events, from index `#start` on. Revisions have no gaps: the event of revision r is at `#start + r - #floor - 1`. */
  #events: (LoggedEvent | undefined)[] = [];
  #start = 0;
  #bytes = 0;
  #waiting = new Set<Follower>();
  #closed = false;

  constructor(revision: number, limits: EventLogLimits) {
    this.#floor = revision;
    this.#limits = limits;
  }

  /** Adds the events that follow the latest one, one for each revision, and wakes those whom they concern. */
  append(events: LoggedEvent[]): void {
    for (const logged of events) {
      this.#events.push(logged);
      this.#bytes += logged.bytes;
    }
    this.#forgetOldest();
    for (const follower of [...this.#waiting]) {
      if (events.some(({ key, event }) => concerns(follower, key, event))) follower.wake?.();
      else follower.cursor = Math.max(follower.cursor, this.#latest);
    }
  }

  /**
   * The collection's events after revision `since`, which may lie in the future, until `signal` aborts or the log is closed.
   * @throws StatusError Expired, here or on a later pull, when events after the cursor are no longer kept
   */
  follow(collection: Collection, since: number, signal: AbortSignal): AsyncIterable<StoreEvent> {
    const follower: Follower = { collection, cursor: since };
    this.#check(follower);
    return this.#follow(follower, signal);
  }

  /** Ends all followers. */
  close(): void {
    this.#closed = true;
    for (const follower of [...this.#waiting]) follower.wake?.();
  }

  get #latest(): number {
    return this.#floor + this.#events.length - this.#start;
  }

  async *#follow(follower: Follower, signal: AbortSignal): AsyncGenerator<StoreEvent, void, void> {
    // One listener for all waits: with thousands of followers, adding and removing it each time would cost more than the waits themselves.
    const end = (): void => follower.wake?.();
    signal.addEventListener('abort', end, { once: true });
    try {
      while (!signal.aborted && !this.#closed) {
        this.#check(follower);
        const event = this.#next(follower);
        if (event) yield event;
        else await this.#change(follower);
      }
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  #check({ cursor }: Follower): void {
    if (cursor < this.#floor) throw expired(`too old resource version: ${cursor} (${this.#floor})`);
  }

  /** Moves the cursor to the next event that concerns the follower, or to the end. */
  #next(follower: Follower): StoreEvent | undefined {
    while (follower.cursor < this.#latest) {
      const { key, event } = this.#events[this.#start + follower.cursor - this.#floor]!;
      follower.cursor++;
      if (contains(follower.collection, key)) return event;
    }
    return undefined;
  }

  /** Resolves when there is something new for a follower that has seen everything, or it must end. */
  #change(follower: Follower): Promise<void> {
    return new Promise((resolve) => {
      follower.wake = () => {
        this.#waiting.delete(follower);
        delete follower.wake;
        resolve();
      };
      this.#waiting.add(follower);
    });
  }

  #forgetOldest(): void {
    const tooMany = (): boolean => this.#events.length - this.#start > this.#limits.events;
    const tooBig = (): boolean => this.#bytes > this.#limits.bytes && this.#events.length - this.#start > 1;
    while (tooMany() || tooBig()) {
      this.#bytes -= this.#events[this.#start]!.bytes;
      this.#events[this.#start] = undefined;
      this.#start++;
      this.#floor++;
    }
    // Giving the emptied places back only now and then keeps forgetting cheap.
    if (this.#start > 1_000 && this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }
}

function concerns({ collection, cursor }: Follower, key: Key, event: StoreEvent): boolean {
  return event.revision > cursor && contains(collection, key);
}
