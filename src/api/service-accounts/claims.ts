import type { KubeObject } from '../../kube/object.ts';

/** An object as tokens name it. A Node that is not registered yet has no uid. */
export interface Reference {
  name: string;
  uid?: string;
}

/** What a token of a service account says (`pkg/serviceaccount/claims.go`). Times are seconds since the epoch. */
export interface TokenClaims {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  'kubernetes.io': {
    namespace: string;
    node?: Reference;
    pod?: Reference;
    secret?: Reference;
    serviceaccount: Reference;
    /** From when on using the token is worth a note: it was to be renewed by then. */
    warnafter?: number;
  };
  nbf: number;
  sub: string;
}

/** The object that a token lives no longer than. A Pod's token names its Node too. */
export type Binding = { pod: KubeObject; node?: Reference } | { secret: KubeObject } | { node: Reference };

export interface ClaimsInput {
  issuer: string;
  account: KubeObject;
  bound?: Binding;
  audiences: readonly string[];
  expirationSeconds: number;
  warnAfterSeconds?: number;
  now: Date;
  /** Of the token. */
  id: string;
}

/** The claims of a new token. */
export function tokenClaims(input: ClaimsInput): TokenClaims {
  const { issuer, account, bound, audiences, expirationSeconds, warnAfterSeconds, now, id } = input;
  const { namespace = '', name = '' } = account.metadata;
  const seconds = Math.floor(now.getTime() / 1000);
  return {
    aud: [...audiences],
    exp: seconds + expirationSeconds,
    iat: seconds,
    iss: issuer,
    jti: id,
    'kubernetes.io': {
      namespace,
      ...(bound && 'node' in bound && bound.node && { node: bound.node }),
      ...(bound && 'pod' in bound && { pod: referenceTo(bound.pod) }),
      ...(bound && 'secret' in bound && { secret: referenceTo(bound.secret) }),
      serviceaccount: referenceTo(account),
      ...(warnAfterSeconds !== undefined && { warnafter: seconds + warnAfterSeconds }),
    },
    nbf: seconds,
    sub: userNameOf(namespace, name),
  };
}

/** As users, service accounts are called so (`apiserver/pkg/authentication/serviceaccount`). */
export function userNameOf(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

export function referenceTo({ metadata: { name = '', uid } }: KubeObject): Reference {
  return { name, ...(uid !== undefined && { uid }) };
}
