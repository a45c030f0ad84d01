import { setTimeout as pause } from 'node:timers/promises';

/** Wakes one waiter. A ring while nobody waits is not lost. */
export class Bell {
  private rang = false;
  private wake: () => void = () => {};

  ring(): void {
    this.rang = true;
    this.wake();
  }

  /** Resolves when it rings or has rung since the last wait, after `ms` if given, or when `signal` aborts. */
  async wait(signal: AbortSignal, ms?: number): Promise<void> {
    const woken = new AbortController();
    this.wake = () => woken.abort();
    if (!this.rang) await rest(ms ?? LONGEST_MS, AbortSignal.any([signal, woken.signal]));
    this.wake = () => {};
    this.rang = false;
  }
}

const LONGEST_MS = 0x7fffffff;

/** A pause that `signal` ends early. Never rejects. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
