import { badRequest, conflict, type FieldError, invalid, notFound } from '../../kube/errors.ts';
import { invalidValue } from '../../kube/field-errors.ts';
import type { BoundObjectReference, TokenRequest, TokenRequestSpec } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { formatTime } from '../../kube/time.ts';
import type { Store } from '../../store/store.ts';
import { type Binding, type Reference, referenceTo } from './claims.ts';
import { ISSUER, type Tokens } from './tokens.ts';

/** `pkg/apis/authentication`: what a request without `expirationSeconds` gets, and what may be asked for at least and at most. */
const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;
const YEAR_SECONDS = 365 * 24 * 3600;
/** No token lives longer (kube-apiserver --service-account-max-token-expiration). */
const CAP_SECONDS = YEAR_SECONDS;
/**
 * What the volume kube-api-access-… asks for. Such a token is good for a year, for clients that never read the file again, and is noted as stale after
 * the time asked for (kube-apiserver --service-account-extend-token-expiration, on by default).
 */
export const MOUNTED_TOKEN_SECONDS = 3607;

export interface GrantContext {
  store: Pick<Store, 'get'>;
  tokens: Tokens;
  now(): Date;
  /** Says something to the client beside the answer. */
  warn(sentence: string): void;
}

/**
 * Answers a TokenRequest with the token in its status (`pkg/registry/core/serviceaccount/storage/token.go`).
 * @throws StatusError NotFound, Invalid, BadRequest, Conflict
 */
export function grantToken(
  context: GrantContext,
  account: { namespace: string; name: string },
  request: Pick<TokenRequest, 'metadata' | 'spec'>,
): TokenRequest {
  const { namespace, name } = account;
  requireSameName(account, request.metadata ?? {});
  const found = findObject(context, 'serviceaccounts', namespace, name);
  const { audiences = [], expirationSeconds = DEFAULT_SECONDS, boundObjectRef } = request.spec;
  const asked = { ...request.spec, audiences: audiences.length > 0 ? audiences : [ISSUER], expirationSeconds };
  const errors = checkExpiration(asked);
  if (errors.length > 0) throw invalid(TOKEN_REQUEST, '', errors);
  const bound = boundObjectRef && bindingOf(context, account, boundObjectRef);
  const spec = { ...asked, expirationSeconds: shortened(context, expirationSeconds) };
  const now = context.now();
  const token = context.tokens.issue({
    account: found,
    audiences: spec.audiences,
    ...lifeOf(spec, bound),
    ...(bound && { bound }),
  });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { ...request.metadata, name, namespace, creationTimestamp: formatTime(now) },
    spec,
    status: { token, expirationTimestamp: formatTime(new Date(now.getTime() + spec.expirationSeconds * 1000)) },
  };
}

const TOKEN_REQUEST = { group: 'authentication.k8s.io', kind: 'TokenRequest' };

function requireSameName(
  account: { namespace: string; name: string },
  said: { namespace?: string; name?: string },
): void {
  for (const field of ['name', 'namespace'] as const) {
    const value = said[field];
    if (value && value !== account[field])
      throw invalid(TOKEN_REQUEST, account.name, [
        invalidValue(`metadata.${field}`, value, `must match the service account ${field} if specified`),
      ]);
  }
}

function checkExpiration({ expirationSeconds = DEFAULT_SECONDS }: TokenRequestSpec): FieldError[] {
  const field = 'spec.expirationSeconds';
  if (expirationSeconds < LEAST_SECONDS)
    return [invalidValue(field, expirationSeconds, 'may not specify a duration less than 10 minutes')];
  if (expirationSeconds > MOST_SECONDS)
    return [invalidValue(field, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

function shortened({ warn }: GrantContext, seconds: number): number {
  if (seconds <= CAP_SECONDS) return seconds;
  warn(`requested expiration of ${seconds} seconds shortened to ${CAP_SECONDS} seconds`);
  return CAP_SECONDS;
}

function lifeOf(
  { expirationSeconds, audiences }: { expirationSeconds: number; audiences: readonly string[] },
  bound: Binding | undefined,
): { expirationSeconds: number; warnAfterSeconds?: number } {
  const forApi = audiences.length === 1 && audiences[0] === ISSUER;
  const isMounted = bound !== undefined && 'pod' in bound && expirationSeconds === MOUNTED_TOKEN_SECONDS && forApi;
  return isMounted ? { expirationSeconds: YEAR_SECONDS, warnAfterSeconds: expirationSeconds } : { expirationSeconds };
}

function bindingOf(
  context: GrantContext,
  { namespace, name: account }: { namespace: string; name: string },
  { apiVersion = '', kind = '', name = '', uid }: BoundObjectReference,
): Binding {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const resource = group === '' ? BINDABLE[kind] : undefined;
  if (!resource) throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  const found = findObject(context, resource, kind === 'Node' ? '' : namespace, name);
  const { serviceAccountName, nodeName } = (found.spec ?? {}) as { serviceAccountName?: string; nodeName?: string };
  if (kind === 'Pod' && serviceAccountName !== account)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    );
  if (uid && uid !== found.metadata.uid)
    throw conflict(
      { group: '', resource: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (kind === 'Secret') return { secret: found };
  if (kind === 'Node') return { node: referenceTo(found) };
  return { pod: found, ...(nodeName && { node: nodeReference(context, nodeName) }) };
}

const BINDABLE: Record<string, string> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };

function nodeReference({ store }: GrantContext, name: string): Reference {
  const node = store.get({ group: '', resource: 'nodes', namespace: '', name });
  return node ? referenceTo(node) : { name };
}

function findObject({ store }: GrantContext, resource: string, namespace: string, name: string): KubeObject {
  const found = store.get({ group: '', resource, namespace, name });
  if (!found) throw notFound({ group: '', resource }, name);
  return found;
}
