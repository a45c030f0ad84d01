import type { ApiRequest, BodyResponse } from '../http/exchange.ts';
import type { SigningKey } from '../pki/signing-key.ts';
import { ISSUER } from './tokens.ts';

const CONFIGURATION = '/.well-known/openid-configuration';
const KEYS = '/openid/v1/jwks';

export const OPENID_PATHS = [CONFIGURATION, KEYS];

/**
 * Answers how tokens of service accounts are verified by those who cannot ask for a TokenReview (OpenID Connect Discovery;
 * `pkg/serviceaccount/openidmetadata.go`); undefined for other paths. The address of the keys is the one by which the asker has come.
 */
export function openIdDocument(
  path: string,
  { headers }: Pick<ApiRequest, 'headers'>,
  key: SigningKey,
): BodyResponse | undefined {
  if (path === KEYS) return answer('application/jwk-set+json', { keys: [key.jwk()] });
  if (path !== CONFIGURATION) return undefined;
  return answer('application/json', {
    issuer: ISSUER,
    jwks_uri: `https://${headers.host ?? 'localhost'}${KEYS}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [key.algorithm],
  });
}

function answer(type: string, document: object): BodyResponse {
  const headers = { 'Content-Type': type, 'Cache-Control': 'public, max-age=3600' };
  return { kind: 'body', status: 200, headers, body: JSON.stringify(document) };
}
