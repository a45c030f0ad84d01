import type { Logger } from 'pino';

/**
 * What has to be undone, in the order in which it was done. `run` undoes the last first; a step that fails is logged and the rest goes
 * on. Runs once: a second call waits for the first.
 */
export class Teardown {
  readonly #log: Logger;
  readonly #steps: { name: string; undo: () => unknown }[] = [];
  #running: Promise<boolean> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(name: string, undo: () => unknown): void {
    this.#steps.push({ name, undo });
  }

  /** @returns whether every step succeeded */
  run(): Promise<boolean> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<boolean> {
    let succeeded = true;
    for (const { name, undo } of this.#steps.reverse())
      try {
        await undo();
        this.#log.debug({ step: name }, 'stopped');
      } catch (error) {
        succeeded = false;
        this.#log.error({ err: error, step: name }, 'could not be stopped');
      }
    return succeeded;
  }
}
