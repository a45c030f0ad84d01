import { type GroupResource, StatusError } from '../../kube/errors.ts';
import type { Route } from '../http/route.ts';
import { ANONYMOUS, type Identity } from './identity.ts';

/** Paths, and all below them, that everybody may read. */
const OPEN = ['/livez', '/readyz', '/healthz', '/version'];

/**
 * Lets everybody who has proven an identity do everything, and strangers read only health and version. There is one owner of the machine's
 * node; finer rights would be RBAC, which the node does not have.
 * @param verb Kubernetes' verb for a resource, the lower-case method for any other path
 * @throws StatusError Forbidden
 */
export function authorize(identity: Identity, verb: string, route: Route): void {
  if (identity.name !== ANONYMOUS.name) return;
  if (route.kind === 'path') {
    if (isOpen(route.path) && (verb === 'get' || verb === 'head')) return;
    throw new StatusError('Forbidden', `forbidden: User "${identity.name}" cannot ${verb} path "${route.path}"`, {});
  }
  const { group, resource, subresource, namespace, name } = route;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const what = subresource ? `${resource}/${subresource}` : resource;
  throw forbidden(
    { group, resource },
    name,
    `User "${identity.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`,
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

const isOpen = (path: string): boolean => OPEN.some((open) => path === open || path.startsWith(`${open}/`));
