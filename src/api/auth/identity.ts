import { StatusError } from '../../kube/errors.ts';
import type { Peer } from '../http/exchange.ts';

/** Who asks. */
export interface Identity {
  name: string;
  groups: readonly string[];
  uid?: string;
  /** What else is known of whoever it is: of a service account its Pod and Node. */
  extra?: Readonly<Record<string, readonly string[]>>;
}

/** What a token is worth; the error is for whoever reviews it, not for whoever shows it. */
export type Verdict = { identity: Identity; audiences: string[] } | { error: string };

/** Finds the owner of a bearer token that is meant for one of these audiences; the default is this API. */
export type VerifyToken = (token: string, audiences?: readonly string[]) => Verdict;

export const ANONYMOUS: Identity = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Every identity that has been proven belongs to this group as well. */
const AUTHENTICATED = 'system:authenticated';

/**
 * Who a request comes from: the client certificate's subject, else the bearer token's owner, else anonymous. Any other Authorization scheme
 * counts as none, as in Kubernetes.
 * @throws StatusError Unauthorized when what was shown is nobody's, also where anonymous requests are welcome
 */
export function identify(
  request: { peer?: Peer | 'rejected'; authorization: string | undefined },
  verifyToken: VerifyToken,
): Identity {
  const { peer, authorization } = request;
  if (peer && peer !== 'rejected') return identityOfPeer(peer);
  const token = bearerToken(authorization);
  if (token === undefined && peer !== 'rejected') return ANONYMOUS;
  const verdict = token === undefined ? undefined : verifyToken(token);
  if (!verdict || 'error' in verdict) throw new StatusError('Unauthorized', 'Unauthorized');
  return authenticated(verdict.identity);
}

/** An identity that has been proven, with the group that all of these have. */
export function authenticated(identity: Identity): Identity {
  return { ...identity, groups: withAuthenticated(identity.groups) };
}

/** The user of a client certificate: CN is the name, each O a group. */
function identityOfPeer({ commonName, organizations }: Peer): Identity {
  return { name: commonName, groups: withAuthenticated(organizations) };
}

function bearerToken(authorization: string | undefined): string | undefined {
  const token = /^bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1];
  return token === '' ? undefined : token;
}

function withAuthenticated(groups: readonly string[]): string[] {
  return groups.includes(AUTHENTICATED) ? [...groups] : [...groups, AUTHENTICATED];
}
