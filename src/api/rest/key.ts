import { notFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Key } from '../../store/store.ts';
import type { RestContext, RestRequest } from './context.ts';
import { named } from './errors.ts';

/** The store's place of an object of the request's resource; `name` defaults to the URL's. */
export function keyOf(request: RestRequest, name = request.name ?? ''): Key {
  return { ...request.resource.storage, namespace: request.namespace ?? '', name };
}

/** @throws StatusError NotFound */
export function find(context: RestContext, request: RestRequest): KubeObject {
  const object = context.store.get(keyOf(request));
  if (!object) throw notFound(named(request.resource), request.name ?? '');
  return object;
}
