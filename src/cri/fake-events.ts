/** Hands each published value to everybody who listens at that moment. Nothing is kept for later listeners. */
export class Broadcast<T> {
  readonly #listeners = new Set<(value: T) => void>();

  publish(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }

  /** The values from now on; ends when the signal aborts. Listening begins with the call, not with the first `next`. */
  listen(signal: AbortSignal): AsyncIterable<T> {
    const queue: T[] = [];
    let wake = () => {};
    const push = (value: T) => {
      queue.push(value);
      wake();
    };
    this.#listeners.add(push);
    const stop = () => {
      this.#listeners.delete(push);
      wake();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    return (async function* values() {
      while (!signal.aborted) {
        for (let value = queue.shift(); value !== undefined && !signal.aborted; value = queue.shift()) yield value;
        if (signal.aborted) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (queue.length > 0 || signal.aborted) resolve();
        });
      }
    })();
  }
}
