/** Time as the loop sees it: milliseconds since the epoch, and timers. Tests bring their own. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Longest delay that Node's timers take; longer ones would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

/** The process's own clock. The globals are looked up at each call, so that a test's fake timers are seen. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, MAX_DELAY)),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Milliseconds since some moment of this process, whatever is done to the machine's clock: for how long something may take. */
export function elapsed(): number {
  return performance.now();
}
