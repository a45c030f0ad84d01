import { vi } from 'vitest';

/** Asks again until the assertion holds: a busy machine may take long, and only what never comes is wrong. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 30_000, interval: 5 });
