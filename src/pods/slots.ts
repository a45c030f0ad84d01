interface Waiter {
  key: string | undefined;
  begin(): void;
}

/**
 * Lets at most `limit` tasks run at a time, and of those with the same key only one. Others wait for their turn, first come first served;
 * who gives up waiting (signal) leaves the queue and its promise rejects with the signal's reason.
 */
export class Slots {
  readonly #limit: number;
  readonly #busyKeys = new Set<string>();
  readonly #waiting: Waiter[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async run<T>(task: () => Promise<T>, { key, signal }: { key?: string; signal?: AbortSignal } = {}): Promise<T> {
    await this.#enter(key, signal);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      if (key !== undefined) this.#busyKeys.delete(key);
      this.#admit();
    }
  }

  #enter(key: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      const begin = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const waiter: Waiter = { key, begin };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#admit();
    });
  }

  #admit(): void {
    for (const waiter of [...this.#waiting]) {
      if (this.#running >= this.#limit) return;
      if (waiter.key !== undefined && this.#busyKeys.has(waiter.key)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      this.#running += 1;
      if (waiter.key !== undefined) this.#busyKeys.add(waiter.key);
      waiter.begin();
    }
  }
}
