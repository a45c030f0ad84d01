import type { RuntimeEvent } from '../cri/runtime.ts';

/** Reports kept of things that belong to nobody yet. */
const MAX_STRAY = 256;

/**
 * Knows which Pod a sandbox or container belongs to, so that the runtime's events find their worker. An event may come before the answer
 * that names its container: such strays are kept for a while and delivered when their owner is known.
 */
export class Owners {
  readonly #owners = new Map<string, string>();
  readonly #strays = new Map<string, RuntimeEvent>();
  readonly #deliver: (uid: string, event: RuntimeEvent) => void;

  constructor(deliver: (uid: string, event: RuntimeEvent) => void) {
    this.#deliver = deliver;
  }

  know(id: string, uid: string): void {
    if (this.#owners.get(id) === uid) return;
    this.#owners.set(id, uid);
    const stray = this.#strays.get(id);
    if (!stray) return;
    this.#strays.delete(id);
    this.#deliver(uid, stray);
  }

  report(event: RuntimeEvent): void {
    const uid = this.#owners.get(event.id);
    if (uid !== undefined) this.#deliver(uid, event);
    else this.#keep(event);
    if (event.type === 'deleted') this.#owners.delete(event.id);
  }

  forget(uid: string): void {
    for (const [id, owner] of this.#owners) if (owner === uid) this.#owners.delete(id);
  }

  #keep(event: RuntimeEvent): void {
    if (event.type === 'deleted') this.#strays.delete(event.id);
    else this.#strays.set(event.id, event);
    const oldest = this.#strays.keys().next();
    if (this.#strays.size > MAX_STRAY && !oldest.done) this.#strays.delete(oldest.value);
  }
}
