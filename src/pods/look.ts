import type { RuntimeEvent } from '../cri/runtime.ts';
import { NOTHING_OBSERVED, type Observed, type ObserveOptions, observe } from './observed.ts';
import { INTERVALS } from './waits.ts';

/**
 * One Pod's eyes on the runtime: what was seen last, and what the runtime's events say that its lists do not show yet. containerd tells
 * the world of an exit at the same moment as its own CRI part, so a list may lag some milliseconds behind an event.
 */
export class Look {
  readonly #options: ObserveOptions;
  /** Ids said to have exited, and how often they were still seen alive since. */
  readonly #exits = new Map<string, number>();
  readonly #doubted = new Set<string>();
  #last: Observed = NOTHING_OBSERVED;

  constructor(options: ObserveOptions) {
    this.#options = options;
  }

  get last(): Observed {
    return this.#last;
  }

  note({ id, type }: RuntimeEvent): void {
    if (type === 'exited') this.#exits.set(id, 0);
    if (type === 'oom') this.#doubted.add(id);
  }

  async again(): Promise<Observed> {
    const doubted = new Set(this.#doubted);
    this.#last = await observe(this.#options, this.#last, doubted);
    for (const id of doubted) this.#doubted.delete(id);
    return this.#last;
  }

  /** Milliseconds after which to look again for exits that do not show yet; call it once after each look. */
  lag(): number | undefined {
    const alive = new Set(
      [...this.#last.containers, ...this.#last.sandboxes]
        .filter(({ state }) => state === 'RUNNING' || state === 'READY')
        .map(({ id }) => id),
    );
    const delays: number[] = [];
    for (const [id, tries] of this.#exits) {
      if (!alive.has(id) || tries >= INTERVALS.unseenExit.tries) this.#exits.delete(id);
      else {
        this.#exits.set(id, tries + 1);
        delays.push(INTERVALS.unseenExit.first * 2 ** tries);
      }
    }
    return delays.length > 0 ? Math.min(...delays) : undefined;
  }
}
