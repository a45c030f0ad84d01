import { type GroupResource, StatusError } from '../../kube/errors.ts';
import type { Route } from '../http/route.ts';
import type { Attempt, Authorizer } from './authorizer.ts';
import type { Identity } from './identity.ts';

/**
 * Lets a request through or not.
 * @param verb Kubernetes' verb for a resource, the lower-case method for any other path
 * @throws StatusError Forbidden
 */
export function authorize(authorizer: Authorizer, identity: Identity, verb: string, route: Route): void {
  const attempt = attemptOf(verb, route);
  if (!authorizer.allows(identity, attempt)) throw refusal(identity, attempt);
}

function attemptOf(verb: string, route: Route): Attempt {
  if (route.kind === 'path') return { verb, path: route.path };
  const { group, resource, subresource, name } = route;
  // A Namespace lies in itself (apiserver `pkg/endpoints/request/requestinfo.go`).
  const isNamespace = group === '' && resource === 'namespaces';
  return { verb, group, resource, subresource, namespace: isNamespace ? name : route.namespace, name };
}

/** 403 that names who, what and where. */
export function refusal({ name: user }: Identity, attempt: Attempt): StatusError {
  const { verb } = attempt;
  if ('path' in attempt)
    return new StatusError('Forbidden', `forbidden: User "${user}" cannot ${verb} path "${attempt.path}"`, {});
  const { group, resource, subresource, namespace, name } = attempt;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const what = subresource ? `${resource}/${subresource}` : resource;
  return forbidden(
    { group, resource },
    name,
    `User "${user}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`,
  );
}

/** 403 about one object, or about the resource when there is no name yet. */
export function forbidden({ group, resource }: GroupResource, name: string | undefined, why: string): StatusError {
  const qualified = group ? `${resource}.${group}` : resource;
  const subject = name ? `${qualified} "${name}"` : qualified;
  return new StatusError('Forbidden', `${subject} is forbidden: ${why}`, {
    ...(name && { name }),
    ...(group && { group }),
    kind: resource,
  });
}
