import type { Authorizer } from '../auth/authorizer.ts';
import { type Identity, identify } from '../auth/identity.ts';
import { impersonate } from '../auth/impersonate.ts';
import type { ApiRequest } from '../http/exchange.ts';
import type { Tokens } from '../service-accounts/tokens.ts';
import type { Asker } from './audit.ts';

/**
 * Who asks, and whom they are taken for; the same where they may not be that one.
 * @throws StatusError Unauthorized
 */
export function askerOf(
  { tokens, authorizer }: { tokens: Pick<Tokens, 'verify'>; authorizer: Authorizer },
  request: ApiRequest,
): Asker {
  const shown = { ...request, authorization: request.headers.authorization };
  const user = identify(shown, (token, audiences) => tokens.verify(token, audiences));
  return { user, actingAs: permitted(user, request, authorizer) };
}

function permitted(user: Identity, { headers }: ApiRequest, authorizer: Authorizer): Identity {
  try {
    return impersonate(user, headers, authorizer);
  } catch {
    return user;
  }
}
