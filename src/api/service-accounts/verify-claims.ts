import type { KubeObject } from '../../kube/object.ts';
import type { Store } from '../../store/store.ts';
import type { Identity } from '../auth/identity.ts';
import { type Reference, type TokenClaims, userNameOf } from './claims.ts';

/** How much clocks may differ, and how long what is deleted still counts as there; seconds. */
const LEEWAY = 60;
const EXTRA = 'authentication.kubernetes.io';
const INVALIDATED = 'service account token has been invalidated';

export interface VerifyInput {
  store: Pick<Store, 'get'>;
  now: Date;
}

/**
 * Whose token it is, if everything that it speaks of is still so: its time, the ServiceAccount, and the Pod, Secret or Node it is bound to, each by
 * uid (`pkg/serviceaccount/claims.go`, Validate). Otherwise the reason why not, in kube-apiserver's words.
 */
export function verifyClaims(
  claims: TokenClaims,
  { store, now }: VerifyInput,
): { identity: Identity } | { error: string } {
  const { namespace, serviceaccount, secret, pod, node } = claims['kubernetes.io'];
  const find = (resource: string, name: string, where = namespace): KubeObject | undefined =>
    store.get({ group: '', resource, namespace: where, name });
  const error =
    timeFault(claims, now) ??
    accountFault(find('serviceaccounts', serviceaccount.name), serviceaccount, now) ??
    (secret && boundFault('secret', find('secrets', secret.name), secret, now)) ??
    (pod && boundFault('pod', find('pods', pod.name), pod, now)) ??
    (node && !pod ? boundFault('node', find('nodes', node.name, ''), node, now) : undefined);
  return error === undefined ? { identity: identityOf(claims) } : { error };
}

function timeFault({ exp, nbf, iat }: TokenClaims, now: Date): string | undefined {
  const seconds = Math.floor(now.getTime() / 1000);
  if (seconds - LEEWAY > exp) return 'service account token has expired';
  if (seconds + LEEWAY < Math.max(nbf, iat)) return 'service account token is not valid yet';
  return undefined;
}

function accountFault(found: KubeObject | undefined, { name, uid }: Reference, now: Date): string | undefined {
  if (!found) return `serviceaccounts ${JSON.stringify(name)} not found`;
  if (isDeleted(found, now)) return `service account ${found.metadata.namespace}/${name} has been deleted`;
  if (found.metadata.uid !== uid) return `service account UID (${found.metadata.uid}) does not match claim (${uid})`;
  return undefined;
}

function boundFault(
  kind: 'secret' | 'pod' | 'node',
  found: KubeObject | undefined,
  { uid }: Reference,
  now: Date,
): string | undefined {
  if (!found || isDeleted(found, now)) return INVALIDATED;
  if (found.metadata.uid === uid) return undefined;
  return `${kind} UID (${found.metadata.uid}) does not match service account ${kind} ref claim (${uid})`;
}

/** A Pod that is being deleted may use its token to the end of its grace period. */
function isDeleted({ metadata: { deletionTimestamp } }: KubeObject, now: Date): boolean {
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < now.getTime() - LEEWAY * 1000;
}

function identityOf({ jti, 'kubernetes.io': { namespace, serviceaccount, pod, node } }: TokenClaims): Identity {
  const { name, uid } = serviceaccount;
  return {
    name: userNameOf(namespace, name),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    ...(uid !== undefined && { uid }),
    extra: {
      [`${EXTRA}/credential-id`]: [`JTI=${jti}`],
      ...(node && extraOf('node', node)),
      ...(pod && extraOf('pod', pod)),
    },
  };
}

function extraOf(kind: string, { name, uid }: Reference): Record<string, string[]> {
  return { [`${EXTRA}/${kind}-name`]: [name], ...(uid !== undefined && { [`${EXTRA}/${kind}-uid`]: [uid] }) };
}
