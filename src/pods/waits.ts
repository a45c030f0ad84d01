/** The worker's named intervals, in milliseconds. Those that grow double with each failure in a row. */
export const INTERVALS = {
  /** Everything is looked at again, in case an event was missed (the kubelet's syncFrequency). */
  resync: 60_000,
  /** As `resync`, where the runtime tells nothing by itself (the kubelet's PLEG). */
  poll: 1_000,
  /** The container runtime does not answer. */
  runtimeDown: 1_000,
  /** Something failed: from `first` to `most` (the kubelet waits 10 s at once). */
  failure: { first: 1_000, most: 10_000 },
  /** The runtime reported an exit that its own lists do not show yet: from `first`, at most `tries` times. */
  unseenExit: { first: 20, tries: 8 },
} as const;

interface Hold {
  /** When it failed. */
  since: number;
  until: number;
  failures: number;
}

/** Until when things that failed are not tried again, by name. */
export class Holds {
  readonly #holds = new Map<string, Hold>();

  /** It failed now; `until` when it is known how long to wait. */
  failed(name: string, now: number, until?: number): void {
    const failures = (this.#holds.get(name)?.failures ?? 0) + 1;
    const { first, most } = INTERVALS.failure;
    this.#holds.set(name, { since: now, failures, until: until ?? now + Math.min(first * 2 ** (failures - 1), most) });
  }

  worked(name: string): void {
    this.#holds.delete(name);
  }

  holds(name: string, now: number): boolean {
    const hold = this.#holds.get(name);
    // A clock that was set back does not prolong it.
    return hold !== undefined && hold.since <= now && hold.until > now;
  }

  /** The next time at which something may be tried again. */
  next(now: number): number | undefined {
    const times = [...this.#holds].filter(([name]) => this.holds(name, now)).map(([, { until }]) => until);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  clear(): void {
    this.#holds.clear();
  }
}
