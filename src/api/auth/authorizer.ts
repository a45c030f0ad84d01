import { type AccessRule, accessRules, accountOf, type ServiceAccountRole } from './access-rules.ts';
import type { Identity } from './identity.ts';

/** What somebody wants to do, as authorization sees it. */
export type Attempt = ResourceAttempt | { verb: string; path: string };

interface ResourceAttempt {
  verb: string;
  /** '' for core; `*` for all, in reviews. */
  group: string;
  resource: string;
  subresource?: string | undefined;
  /** Absent or '' for what lies in no namespace, and for all namespaces. */
  namespace?: string | undefined;
  name?: string | undefined;
}

/** Decides who may do what. */
export class Authorizer {
  readonly #role: ServiceAccountRole;

  constructor(role: ServiceAccountRole) {
    this.#role = role;
  }

  allows(identity: Identity, attempt: Attempt): boolean {
    const namespace = 'path' in attempt ? '' : (attempt.namespace ?? '');
    return this.rules(identity, namespace).some((rule) => covers(rule, attempt));
  }

  rules(identity: Identity, namespace: string): AccessRule[] {
    return accessRules(identity, namespace, this.#role);
  }

  /** What to do about a refusal, for people who ask; '' where nothing can be done. */
  reason({ name }: Identity): string {
    if (!accountOf(name) || this.#role === 'cluster-admin') return '';
    return `service accounts have the role ${JSON.stringify(this.#role)} (outfit node start --service-account-role)`;
  }
}

/** As RBAC reads rules (`pkg/apis/rbac/v1/evaluation_helpers.go`). */
function covers(rule: AccessRule, attempt: Attempt): boolean {
  if (!has(rule.verbs, attempt.verb)) return false;
  if ('path' in attempt) return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, attempt.path));
  const { group, resource, subresource } = attempt;
  const { apiGroups = [], resources = [] } = rule;
  const whole = subresource ? `${resource}/${subresource}` : resource;
  return has(apiGroups, group) && (has(resources, whole) || (!!subresource && resources.includes(`*/${subresource}`)));
}

const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);

function matchesPath(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
}
