import { StatusError } from '../../kube/errors.ts';
import { accountOf } from './access-rules.ts';
import { refusal } from './authorize.ts';
import type { Attempt, Authorizer } from './authorizer.ts';
import { ANONYMOUS, authenticated, type Identity } from './identity.ts';

const USER = 'impersonate-user';
const GROUP = 'impersonate-group';
const UID = 'impersonate-uid';
const EXTRA = 'impersonate-extra-';
const AUTHENTICATION = 'authentication.k8s.io';

/**
 * Who a request is to be taken for (`kubectl --as`): whoever asks, unless headers name somebody else and who asks may be anybody
 * (apiserver `pkg/endpoints/filters/impersonation.go`).
 * @param headers lower-case names; what was sent several times is joined by commas
 * @throws StatusError Forbidden, InternalError
 */
export function impersonate(
  identity: Identity,
  headers: Readonly<Record<string, string | undefined>>,
  authorizer: Authorizer,
): Identity {
  const wanted = Object.keys(headers).filter((name) => name.startsWith('impersonate-'));
  if (wanted.length === 0) return identity;
  const name = headers[USER] ?? '';
  const [groups, uid, extra] = [list(headers[GROUP]), headers[UID] ?? '', extraOf(headers)];
  if (name === '')
    throw new StatusError('InternalError', `requested ${wanted.join(', ')} without impersonating a user`);
  for (const attempt of attempts(name, groups, uid, extra))
    if (!authorizer.allows(identity, attempt)) throw refusal(identity, attempt);
  const person = {
    name,
    groups: groups.length > 0 ? groups : groupsOf(name),
    ...(uid !== '' && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
  return person.groups.includes('system:unauthenticated') ? person : authenticated(person);
}

/** All that who asks must be allowed to be. */
function attempts(name: string, groups: string[], uid: string, extra: Record<string, string[]>): Attempt[] {
  const account = accountOf(name);
  const one = (resource: string, named: string, more: object = {}): Attempt => ({
    verb: 'impersonate',
    group: '',
    resource,
    name: named,
    ...more,
  });
  return [
    account ? one('serviceaccounts', account.name, { namespace: account.namespace }) : one('users', name),
    ...groups.map((group) => one('groups', group)),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => one('userextras', value, { group: AUTHENTICATION, subresource: key })),
    ),
    ...(uid === '' ? [] : [one('uids', uid, { group: AUTHENTICATION })]),
  ];
}

/** Of a service account they follow from its name. */
function groupsOf(name: string): string[] {
  if (name === ANONYMOUS.name) return [...ANONYMOUS.groups];
  const account = accountOf(name);
  return account ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`] : [];
}

function extraOf(headers: Readonly<Record<string, string | undefined>>): Record<string, string[]> {
  const found = Object.entries(headers).filter(([name]) => name.startsWith(EXTRA));
  return Object.fromEntries(found.map(([name, value]) => [unescaped(name.slice(EXTRA.length)), list(value)]));
}

/** Keys may hold what header names may not. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

const list = (value = ''): string[] => value.split(/, */).filter((one) => one !== '');
