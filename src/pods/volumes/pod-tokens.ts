import type { Pod } from '../../kube/generated/objects.ts';
import { podUid } from '../pod-spec.ts';

/** What a volume asks for. */
export interface TokenWish {
  /** Absent: the API itself. */
  audience: string | undefined;
  expirationSeconds: number;
}

/** A token, and when it is to be renewed at the latest, in milliseconds since the epoch. */
export interface GrantedToken {
  token: string;
  expiresAt: number;
}

/** Asks the API for a token of the Pod's service account that is bound to the Pod. @throws Error in the API's words */
export type RequestToken = (pod: Pod, wish: TokenWish) => GrantedToken;

export interface PodTokensOptions {
  request: RequestToken;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** In [0, 1): spreads renewals. */
  random?: () => number;
}

interface Kept extends GrantedToken {
  uid: string;
}

/**
 * The tokens that Pods have in their volumes. Each is asked for once and kept until it is time to renew it; the volume's next refresh then
 * writes the new one. All of it may be lost: after a restart new ones are asked for (`pkg/kubelet/token/token_manager.go`).
 */
export class PodTokens {
  readonly #options: Required<PodTokensOptions>;
  readonly #kept = new Map<string, Kept>();

  constructor({ request, now = Date.now, random = Math.random }: PodTokensOptions) {
    this.#options = { request, now, random };
  }

  /** @throws Error in the kubelet's words when there is none, and the API gives none */
  token(pod: Pod, audience: string | undefined, expirationSeconds: number): string {
    const { request, now, random } = this.#options;
    const uid = podUid(pod);
    const key = JSON.stringify([uid, pod.spec?.serviceAccountName, audience, expirationSeconds]);
    const kept = this.#kept.get(key);
    if (kept && !needsRenewal({ ...kept, expirationSeconds }, now(), random())) return kept.token;
    try {
      const granted = request(pod, { audience, expirationSeconds });
      this.#kept.set(key, { ...granted, uid });
      return granted.token;
    } catch (error) {
      const why = (error as Error).message;
      if (!kept) throw new Error(`failed to fetch token: ${why}`, { cause: error });
      if (kept.expiresAt <= now()) throw new Error(`token expired and refresh failed: ${why}`, { cause: error });
      return kept.token;
    }
  }

  /** The Pod is gone. */
  forget(uid: string): void {
    for (const [key, kept] of this.#kept) if (kept.uid === uid) this.#kept.delete(key);
  }
}

const LONGEST_MS = 24 * 3_600_000;
const MOST_JITTER_MS = 10_000;

/**
 * Whether a token is to be renewed: a fifth of its life is left, or it is a day old; up to ten seconds earlier, by chance.
 * @param now milliseconds since the epoch
 * @param random in [0, 1)
 */
export function needsRenewal(
  { expiresAt, expirationSeconds }: { expiresAt: number; expirationSeconds: number },
  now: number,
  random: number,
): boolean {
  const lifeMs = expirationSeconds * 1000;
  const issuedAt = expiresAt - lifeMs;
  const jitter = Math.floor((random * MOST_JITTER_MS) / 1000) * 1000;
  const fifth = Math.floor(expirationSeconds / 5) * 1000;
  return now > issuedAt + LONGEST_MS - jitter || now > expiresAt - fifth - jitter;
}
