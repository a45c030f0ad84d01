import { isRecord } from '../../kube/json.ts';
import type { SigningKey } from '../pki/signing-key.ts';

/** No token of ours comes near it. */
const MAX_LENGTH = 16 * 1024;
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** Signs claims: a JSON Web Token in its compact form (RFC 7515, RFC 7519). */
export function encodeToken(claims: object, key: SigningKey): string {
  const signed = `${part({ alg: key.algorithm, kid: key.id })}.${part(claims)}`;
  return `${signed}.${key.sign(signed).toString('base64url')}`;
}

/**
 * The claims of a token that this key has signed; undefined for everything else. The algorithm is the key's own, whatever the header says; times and
 * names in the claims are the caller's to judge.
 */
export function decodeToken(token: string, key: SigningKey): Record<string, unknown> | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  const [, header, payload, signature] = COMPACT.exec(token) ?? [];
  if (!header || !payload || !signature) return undefined;
  const { alg, kid, crit } = object(header) ?? {};
  if (alg !== key.algorithm || (kid !== undefined && kid !== key.id) || crit !== undefined) return undefined;
  if (!key.verify(`${header}.${payload}`, Buffer.from(signature, 'base64url'))) return undefined;
  return object(payload);
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function object(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
