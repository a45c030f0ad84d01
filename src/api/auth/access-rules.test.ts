import { describe, expect, test } from 'vitest';
import type { ServiceAccountRole } from './access-rules.ts';
import { type Attempt, Authorizer } from './authorizer.ts';
import type { Identity } from './identity.ts';

const OWNER: Identity = { name: 'outfit-admin', groups: ['system:masters', 'system:authenticated'] };
const ACCOUNT: Identity = {
  name: 'system:serviceaccount:shop:web',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
};
const OTHER: Identity = { name: 'bob', groups: ['dev', 'system:authenticated'] };
const STRANGER: Identity = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** `get pods shop`, `get pods/log shop`, `list nodes`, `get secrets.example.org shop`; a path begins with a slash. */
function attempt(text: string): Attempt {
  const [verb = '', what = '', namespace = ''] = text.split(' ');
  if (what.startsWith('/')) return { verb, path: what };
  const [whole = '', subresource] = what.split('/');
  const [resource = '', ...group] = whole.split('.');
  return { verb, group: group.join('.'), resource, subresource, namespace };
}

/** Who of these may: Owner, service account with role Admin, View or None, another user, a Stranger. */
const MAY: [string, string][] = [
  ['get /livez', 'OAVN+S'],
  ['get /readyz/ping', 'OAVN+S'],
  ['get /version', 'OAVN+S'],
  ['head /healthz', 'OAVN+S'],
  ['post /livez', 'OA'],
  ['get /livezx', 'OA'],
  ['get /', 'OA'],
  ['get /api', 'OAVN+'],
  ['get /apis/coordination.k8s.io/v1', 'OAVN+'],
  ['get /openapi/v3', 'OAVN+'],
  ['get /.well-known/openid-configuration', 'OAVN'],
  ['get /openid/v1/jwks', 'OAVN'],
  ['get /metrics', 'OA'],
  ['create selfsubjectreviews.authentication.k8s.io', 'OAVN+'],
  ['create selfsubjectaccessreviews.authorization.k8s.io', 'OAVN+'],
  ['create selfsubjectrulesreviews.authorization.k8s.io', 'OAVN+'],
  ['create tokenreviews.authentication.k8s.io', 'OA'],
  ['create subjectaccessreviews.authorization.k8s.io', 'OA'],
  ['create localsubjectaccessreviews.authorization.k8s.io shop', 'OA'],
  ['get pods shop', 'OAV'],
  ['list pods shop', 'OAV'],
  ['watch pods shop', 'OAV'],
  ['get pods/log shop', 'OAV'],
  ['get pods/status shop', 'OAV'],
  ['get pods other', 'OA'],
  ['list pods', 'OA'],
  ['list configmaps shop', 'OAV'],
  ['list serviceaccounts shop', 'OAV'],
  ['list leases.coordination.k8s.io shop', 'OAV'],
  ['watch events.events.k8s.io shop', 'OAV'],
  ['get sidecars.outfit.dev shop', 'OAV'],
  ['get clustersidecars.outfit.dev', 'OA'],
  ['get nodes', 'OAV'],
  ['watch namespaces', 'OAV'],
  ['get namespaces shop', 'OAV'],
  ['get namespaces other', 'OAV'],
  // What would make a container the owner of the machine, or of another's secrets.
  ['get secrets shop', 'OA'],
  ['list secrets shop', 'OA'],
  ['create serviceaccounts/token shop', 'OA'],
  ['get serviceaccounts/token shop', 'OA'],
  ['get pods/exec shop', 'OA'],
  ['create pods/exec shop', 'OA'],
  ['get pods/attach shop', 'OA'],
  ['get pods/portforward shop', 'OA'],
  ['get pods/proxy shop', 'OA'],
  ['get nodes/proxy', 'OA'],
  ['create pods shop', 'OA'],
  ['create pods/binding shop', 'OA'],
  ['create pods/eviction shop', 'OA'],
  ['update pods/status shop', 'OA'],
  ['patch pods/ephemeralcontainers shop', 'OA'],
  ['patch pods shop', 'OA'],
  ['delete pods shop', 'OA'],
  ['deletecollection configmaps shop', 'OA'],
  ['update nodes', 'OA'],
  ['create namespaces', 'OA'],
  ['delete namespaces shop', 'OA'],
  ['update namespaces/finalize shop', 'OA'],
  ['get widgets.example.org shop', 'OA'],
  // What reviews may ask for.
  ['* *.* shop', 'OA'],
  ['get *.* shop', 'OA'],
];

const WHO: [string, Identity, ServiceAccountRole][] = [
  ['O', OWNER, 'none'],
  ['A', ACCOUNT, 'cluster-admin'],
  ['V', ACCOUNT, 'view'],
  ['N', ACCOUNT, 'none'],
  ['+', OTHER, 'cluster-admin'],
  ['S', STRANGER, 'cluster-admin'],
];

describe('who may', () => {
  test.each(MAY)('%s: %s', (text, expected) => {
    const who = WHO.filter(([, identity, role]) => new Authorizer(role).allows(identity, attempt(text)));
    expect(who.map(([letter]) => letter).join('')).toBe(expected);
  });

  test('a name alone makes a service account, its groups the rest, as RBAC has it', () => {
    const authorizer = new Authorizer('view');
    const nameless = { name: '', groups: ACCOUNT.groups };
    const groupless = { name: ACCOUNT.name, groups: [] };
    const pods = attempt('list pods shop');
    expect([nameless, groupless].map((who) => authorizer.allows(who, pods))).toEqual([false, true]);
    expect([nameless, groupless].map((who) => authorizer.allows(who, attempt('get /api')))).toEqual([true, false]);
  });

  test('a refusal says how to change it, to those whom a flag could help', () => {
    const reasons = [OWNER, ACCOUNT, OTHER, STRANGER].map((who) => new Authorizer('none').reason(who));
    expect(reasons).toEqual([
      '',
      'service accounts have the role "none" (outfit node start --service-account-role)',
      '',
      '',
    ]);
  });
});
