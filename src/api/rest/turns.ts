/** Lets those who want to change one object, and have met, go one after the other instead of making way for each other again and again. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Somebody works or waits at the place. */
  isTaken(place: string): boolean {
    return this.#last.has(place);
  }

  /** Does the work when all that came before at the same place have ended, however they ended. */
  async take<T>(place: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(place);
    let leave = (): void => {};
    const mine = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#last.set(place, mine);
    try {
      await before;
      return await work();
    } finally {
      leave();
      if (this.#last.get(place) === mine) this.#last.delete(place);
    }
  }
}
