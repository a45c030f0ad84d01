import { findResource, type Resource, type Subresource, type Verb } from '../../kube/resources.ts';
import { verbOf } from '../auth/verb.ts';
import type { ResourceRoute } from '../http/route.ts';
import { reviewAccess, reviewLocalAccess, reviewOwnAccess } from '../reviews/access-review.ts';
import { reviewRules } from '../reviews/rules-review.ts';
import { reviewSelf } from '../reviews/self-subject-review.ts';
import { reviewToken } from '../reviews/token-review.ts';
import { requestToken } from '../service-accounts/token-request.ts';
import { bind } from './binding.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { create } from './create.ts';
import { remove, removeCollection } from './delete.ts';
import { methodNotAllowed, unknownResource } from './errors.ts';
import { evict } from './eviction.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import { SERVED, servedSubresources } from './served.ts';
import { update } from './update.ts';

type Handler = (context: RestContext, request: RestRequest) => Answer | Promise<Answer>;

/** Verbs that are answered with an object; watch is a stream, and so are some subresources. */
const HANDLERS: Record<Exclude<Verb, 'watch'>, Handler> = {
  get,
  list,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
};

/** A POST that makes no object but does or answers something, by subresource or resource. */
const ACTIONS: Record<string, Handler> = {
  binding: bind,
  bindings: bind,
  eviction: evict,
  localsubjectaccessreviews: reviewLocalAccess,
  selfsubjectaccessreviews: reviewOwnAccess,
  selfsubjectreviews: reviewSelf,
  selfsubjectrulesreviews: reviewRules,
  subjectaccessreviews: reviewAccess,
  token: requestToken,
  tokenreviews: reviewToken,
};

/** Whoever is behind the proxy says what a method means. */
const PROXY_METHODS: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** What a route asks of which resource. */
export interface Target {
  resource: Resource;
  subresource?: Subresource;
  verb: Verb;
}

/**
 * Finds what a route means.
 * @throws StatusError NotFound, MethodNotAllowed
 */
export function findTarget(route: ResourceRoute, method: string, query: URLSearchParams): Target {
  const resource = findResource(route.group, route.version, route.resource);
  if (!resource || !SERVED.includes(resource)) throw unknownResource();
  if (resource.namespaced !== (route.namespace !== undefined) && !isAcrossNamespaces(resource, route))
    throw unknownResource();
  const verb = verbOf(method, route, query) as Verb;
  const subresource = servedSubresources(resource).find(({ name }) => name === route.subresource);
  const isProxy = subresource?.name === 'proxy';
  if (route.subresource !== undefined && (!subresource || (route.rest !== undefined && !isProxy)))
    throw unknownResource();
  if (isProxy && PROXY_METHODS.includes(method)) return { resource, subresource, verb };
  const allowed = (subresource ?? resource).verbs;
  if (!allowed.includes(verb) || !fits(verb, route, resource) || method === 'HEAD') throw methodNotAllowed();
  return { resource, ...(subresource && { subresource }), verb };
}

/** Answers a verb whose answer is one object. */
export function answer(context: RestContext, request: RestRequest, verb: Exclude<Verb, 'watch'>): Promise<Answer> {
  const action = verb === 'create' ? ACTIONS[request.subresource?.name ?? request.resource.resource] : undefined;
  return Promise.resolve((action ?? HANDLERS[verb])(context, request));
}

/** A verb of one object needs its name, one of a collection has none, and only reading goes across namespaces. */
function fits(verb: Verb, { name, namespace, subresource }: ResourceRoute, { namespaced }: Resource): boolean {
  if (namespaced && namespace === undefined) return verb === 'list' || verb === 'watch';
  if (subresource !== undefined || verb === 'watch') return true;
  return ['get', 'update', 'patch', 'delete'].includes(verb) === (name !== undefined);
}

const isAcrossNamespaces = (resource: Resource, route: ResourceRoute): boolean =>
  resource.namespaced && resource.verbs.includes('list') && route.name === undefined;
