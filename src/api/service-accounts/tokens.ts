import type { Store } from '../../store/store.ts';
import type { Verdict } from '../auth/identity.ts';
import type { SigningKey } from '../pki/signing-key.ts';
import { type ClaimsInput, type TokenClaims, tokenClaims } from './claims.ts';
import { decodeToken, encodeToken } from './jwt.ts';
import { verifyClaims } from './verify-claims.ts';

/** Who signs: the name that kubeadm gives its API servers, too. It is also whom tokens are for unless somebody else is named. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export interface TokensOptions {
  key: SigningKey;
  store: Pick<Store, 'get'>;
  now(): Date;
  uid(): string;
}

/** Makes tokens of service accounts, and says whose one is. */
export class Tokens {
  readonly key: SigningKey;
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.key = options.key;
    this.#options = options;
  }

  /** A signed token. Whether somebody may have it is the caller's to know. */
  issue(input: Omit<ClaimsInput, 'issuer' | 'now' | 'id'>): string {
    const { now, uid } = this.#options;
    return encodeToken(tokenClaims({ ...input, issuer: ISSUER, now: now(), id: uid() }), this.key);
  }

  /**
   * Whose token it is, for one of these audiences. The error is for reviews and logs: who showed a bad token is told `Unauthorized` and no more.
   */
  verify(token: string, audiences: readonly string[] = [ISSUER]): Verdict {
    const claims = decodeToken(token, this.key);
    if (!isOurs(claims)) return { error: 'invalid bearer token' };
    const meant = claims.aud.filter((audience) => audiences.includes(audience));
    if (meant.length === 0)
      return bad(`token audiences ${goList(claims.aud)} is invalid for the target audiences ${goList(audiences)}`);
    const verdict = verifyClaims(claims, { store: this.#options.store, now: this.#options.now() });
    return 'error' in verdict ? bad(verdict.error) : { ...verdict, audiences: meant };
  }
}

const bad = (why: string): Verdict => ({ error: `[invalid bearer token, ${why}]` });

/** The signature vouches for the rest. */
function isOurs(claims: Record<string, unknown> | undefined): claims is Record<string, unknown> & TokenClaims {
  return claims?.iss === ISSUER && Array.isArray(claims.aud) && typeof claims['kubernetes.io'] === 'object';
}

/** A list of strings as Go's %q prints it. */
const goList = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
