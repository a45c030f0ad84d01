import { StatusError } from '../../kube/errors.ts';
import type { Peer } from '../http/exchange.ts';

/** Who asks. */
export interface Identity {
  name: string;
  groups: readonly string[];
  uid?: string;
}

/** Finds the owner of a bearer token; undefined for a token that nobody has. */
export type Authenticate = (token: string) => Identity | undefined | Promise<Identity | undefined>;

export const ANONYMOUS: Identity = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Every identity that has been proven belongs to this group as well. */
const AUTHENTICATED = 'system:authenticated';

/**
 * Who a request comes from: the client certificate's subject, else the bearer token's owner, else anonymous. Any other Authorization scheme
 * counts as none, as in Kubernetes.
 * @throws StatusError Unauthorized when what was shown is nobody's, also where anonymous requests are welcome
 */
export async function identify(
  request: { peer?: Peer | 'rejected'; authorization: string | undefined },
  authenticate: Authenticate,
): Promise<Identity> {
  const { peer, authorization } = request;
  if (peer && peer !== 'rejected') return identityOfPeer(peer);
  const token = bearerToken(authorization);
  if (token === undefined && peer !== 'rejected') return ANONYMOUS;
  const identity = token === undefined ? undefined : await authenticate(token);
  if (!identity) throw new StatusError('Unauthorized', 'Unauthorized');
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
