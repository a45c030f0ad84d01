import { type GroupResource, StatusError } from '../../kube/errors.ts';
import type { Resource } from '../../kube/resources.ts';

/** 404 for what the server does not know at all, as opposed to an object that is not there. */
export function unknownResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}

/** 405. */
export function methodNotAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

/** The resource as messages name it. */
export const named = ({ group, resource }: Resource): GroupResource => ({ group, resource });
