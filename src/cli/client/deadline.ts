/** A signal that aborts with `signal`, or after `milliseconds` with the error that `late` makes. Call `clear` when done. */
export function deadline(
  signal: AbortSignal,
  milliseconds: number | undefined,
  late: () => Error,
): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const forward = (): void => controller.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener('abort', forward, { once: true });
  const timer =
    milliseconds === undefined
      ? undefined
      : setTimeout(() => controller.abort(late()), Math.min(milliseconds, 0x7fffffff));
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', forward);
    },
  };
}
