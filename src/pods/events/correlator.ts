import { LeastRecentlyUsed } from './least-recently-used.ts';

/** What is said of an object: an event before anybody counted it. */
export interface Observation {
  /** Everything that names the object and who speaks: events of different subjects never meet. */
  subject: string;
  type: string;
  reason: string;
  message: string;
  fieldPath: string;
}

/** What becomes of an observation: an event under `key`, whose message may be another one. */
export interface Correlated {
  key: string;
  message: string;
}

/** Different messages of one reason that are kept apart in ten minutes; later ones are written into one event. */
const MAX_SIMILAR = 10;
const SIMILAR_MS = 600_000;
/** Events of one subject that may come at once, and the time after which one more may. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Subjects and reasons that are remembered: of far more Pods than one machine runs. client-go's 4096, for whole clusters, would come to 10 MB. */
const MEMORY = 1024;

interface Similar {
  messages: Set<string>;
  lastAt: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/**
 * Keeps the number of events small, with client-go's rules (`tools/record/events_cache.go`): equal ones share a key, many similar ones are
 * combined, and a subject that never stops talking is silenced.
 */
export class Correlator {
  readonly #similar = new LeastRecentlyUsed<string, Similar>(MEMORY);
  readonly #buckets = new LeastRecentlyUsed<string, Bucket>(MEMORY);

  /** undefined: the event is not written. `now` in milliseconds since the epoch. */
  correlate(observation: Observation, now: number): Correlated | undefined {
    const correlated = this.#combine(observation, now);
    return this.#mayPass(observation.subject, now) ? correlated : undefined;
  }

  #combine({ subject, type, reason, message, fieldPath }: Observation, now: number): Correlated {
    const key = JSON.stringify([subject, type, reason]);
    const known = this.#similar.get(key);
    const similar = known && now - known.lastAt <= SIMILAR_MS ? known : { messages: new Set<string>(), lastAt: now };
    similar.messages.add(message);
    similar.lastAt = now;
    this.#similar.set(key, similar);
    if (similar.messages.size < MAX_SIMILAR) {
      return { key: JSON.stringify([subject, type, reason, fieldPath, message]), message };
    }
    const [oldest = ''] = similar.messages;
    similar.messages.delete(oldest);
    return { key, message: `(combined from similar events): ${message}` };
  }

  #mayPass(subject: string, now: number): boolean {
    const bucket = this.#buckets.get(subject) ?? { tokens: BURST, filledAt: now };
    const tokens = Math.min(BURST, bucket.tokens + Math.max(0, now - bucket.filledAt) / REFILL_MS);
    const mayPass = tokens >= 1;
    this.#buckets.set(subject, { tokens: mayPass ? tokens - 1 : tokens, filledAt: now });
    return mayPass;
  }
}
