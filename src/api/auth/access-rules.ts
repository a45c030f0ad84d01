import type { Resource } from '../../kube/resources.ts';
import { SERVED, servedSubresources } from '../rest/served.ts';
import type { Identity } from './identity.ts';

/** What service accounts may do beside asking who they are. */
export type ServiceAccountRole = (typeof SERVICE_ACCOUNT_ROLES)[number];
export const SERVICE_ACCOUNT_ROLES = ['none', 'view', 'cluster-admin'] as const;

/** Something that is allowed, in the form of RBAC's PolicyRule: about resources, or about other paths. `*` is all of a list. */
export interface AccessRule {
  verbs: readonly string[];
  apiGroups?: readonly string[];
  /** `pods`, `pods/log`. */
  resources?: readonly string[];
  /** `/livez`, `/livez/*`. */
  nonResourceURLs?: readonly string[];
}

/** Who may do everything. */
const OWNERS = 'system:masters';
const AUTHENTICATED = 'system:authenticated';
const ACCOUNTS = 'system:serviceaccounts';

/**
 * All that somebody may do in a namespace ('' for what lies in none), as a list of rules; what no rule covers is forbidden. The owner of the machine's
 * node may do everything, strangers may read health and version, everybody else may look around and ask about themselves, and service accounts
 * also what their role says. Only `cluster-admin` lets one change anything or run commands in containers.
 */
export function accessRules({ name, groups }: Identity, namespace: string, role: ServiceAccountRole): AccessRule[] {
  if (groups.includes(OWNERS)) return EVERYTHING;
  const account = accountOf(name);
  return [
    ...PUBLIC,
    ...(groups.includes(AUTHENTICATED) ? LOOKING_AROUND : []),
    ...(groups.includes(ACCOUNTS) ? ISSUER_DISCOVERY : []),
    ...(account && role === 'cluster-admin' ? EVERYTHING : []),
    ...(account && role === 'view'
      ? [...CLUSTER_VIEW, ...(account.namespace === namespace ? namespaceView() : [])]
      : []),
  ];
}

/** Namespace and name of the service account that a user is. */
export function accountOf(userName: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(userName) ?? [];
  return namespace && name ? { namespace, name } : undefined;
}

const EVERYTHING: AccessRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

const PUBLIC: AccessRule[] = [
  { verbs: ['get', 'head'], nonResourceURLs: withBelow('/healthz', '/livez', '/readyz', '/version') },
];

/** Kubernetes' cluster roles system:discovery and system:basic-user. */
const LOOKING_AROUND: AccessRule[] = [
  { verbs: ['get'], nonResourceURLs: withBelow('/api', '/apis', '/openapi') },
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
];

/** system:service-account-issuer-discovery. */
const ISSUER_DISCOVERY: AccessRule[] = [
  { verbs: ['get'], nonResourceURLs: withBelow('/.well-known/openid-configuration', '/openid/v1/jwks') },
];

const READ = ['get', 'list', 'watch'] as const;

const CLUSTER_VIEW: AccessRule[] = [
  { verbs: READ, apiGroups: [''], resources: ['namespaces', 'namespaces/status', 'nodes', 'nodes/status'] },
];

/**
 * Everything that can be read in a namespace but what is secret. Streams are not among it: a WebSocket is opened by GET, so whoever may `get`
 * pods/exec can run commands.
 */
function namespaceView(): AccessRule[] {
  const groups = [...new Set(SERVED.map(({ group }) => group))];
  return groups
    .map((group) => ({
      verbs: READ,
      apiGroups: [group],
      resources: readable(SERVED.filter((one) => one.group === group)),
    }))
    .filter(({ resources }) => resources.length > 0);
}

function readable(resources: readonly Resource[]): string[] {
  return resources
    .filter(({ group, resource, namespaced, verbs }) => {
      const isSecret = group === '' && resource === 'secrets';
      return namespaced && verbs.includes('get') && !isSecret;
    })
    .flatMap((resource) => [resource.resource, ...views(resource).map((name) => `${resource.resource}/${name}`)]);
}

/** The subresources that show something of the object. */
function views(resource: Resource): string[] {
  return servedSubresources(resource)
    .filter(({ name, verbs, definition }) => verbs.includes('get') && (definition !== undefined || name === 'log'))
    .map(({ name }) => name);
}

function withBelow(...paths: string[]): string[] {
  return paths.flatMap((path) => [path, `${path}/*`]);
}
