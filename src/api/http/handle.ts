import type { Logger } from 'pino';
import { StatusError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import { authorize } from '../auth/authorize.ts';
import { type Identity, identify } from '../auth/identity.ts';
import { impersonate } from '../auth/impersonate.ts';
import { isTrue, verbOf } from '../auth/verb.ts';
import { apiGroup } from '../discovery/resource-lists.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { NodeFunctions } from '../node-functions.ts';
import type { Dial } from '../proxy/connect.ts';
import { findProxied } from '../proxy/find-proxied.ts';
import { nodeProxy } from '../proxy/node-proxy.ts';
import { serveProxy } from '../proxy/serve-proxy.ts';
import type { RestContext, RestRequest } from '../rest/context.ts';
import { answer, findTarget, type Target } from '../rest/dispatch.ts';
import { find } from '../rest/key.ts';
import { readWriteOptions } from '../rest/read-object.ts';
import { watch } from '../rest/watch.ts';
import { serveLog, upgradeRequired } from '../streams/index.ts';
import { parseIncludeObject } from '../tables/as-table.ts';
import { type Form, negotiate, type Transform } from './accept.ts';
import type { ApiRequest, ApiResponse, RawResponse, StreamResponse } from './exchange.ts';
import { handlePath, type PathContext } from './handle-path.ts';
import { present, type View } from './present.ts';
import { isOwnFault, objectResponse, type Rendering, statusOf, textResponse, warningHeaders } from './respond.ts';
import { parseRoute, type ResourceRoute, type Route } from './route.ts';
import { type EncodingCache, watchLines } from './watch-lines.ts';
import { writeBody } from './write-body.ts';

/** All that requests are answered from. */
export interface ApiContext {
  rest: RestContext;
  paths: PathContext;
  functions: NodeFunctions;
  encodings: EncodingCache;
  metrics: Metrics;
  /** How Pods are reached by pods/proxy. */
  proxyDial: Dial;
  log: Logger;
}

/** Answers one request. It never rejects: every failure is a Status in the answer. */
export async function handle(context: ApiContext, request: ApiRequest): Promise<ApiResponse> {
  const started = performance.now();
  const [pathname = '/', search = ''] = splitUrl(request.url);
  const query = new URLSearchParams(search);
  let user = '';
  let route: Route | undefined;
  const record = (code: number): void => {
    const ms = performance.now() - started;
    context.log.debug(
      { method: request.method, path: pathname, status: code, user, ms: Math.round(ms) },
      'api: request',
    );
    const verb = route ? verbOf(request.method, route, query) : '';
    context.metrics.observe({ verb, ...(route && { route }), code, seconds: ms / 1000 });
  };
  try {
    const identity = whoAsks(context, request);
    user = identity.name;
    route = parseRoute(pathname);
    authorize(context.rest.authorizer, identity, verbOf(request.method, route, query), route);
    const response = await dispatch(context, request, { identity, route, query });
    record(response.kind === 'raw' ? 200 : response.status);
    return response;
  } catch (error) {
    const response = await failure(context, request, query, error);
    record(response.status);
    return response;
  }
}

/** Who a request is from, or is to be taken for. @throws StatusError Unauthorized, Forbidden */
export function whoAsks({ rest: { tokens, authorizer } }: Pick<ApiContext, 'rest'>, request: ApiRequest): Identity {
  const shown = { ...request, authorization: request.headers.authorization };
  const identity = identify(shown, (token, audiences) => tokens.verify(token, audiences));
  return impersonate(identity, request.headers, authorizer);
}

/** Path and query of a request line, undecoded. */
export function splitUrl(url: string): [path: string, search: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

/** Any failure as the answer to a request; what is the server's own fault is logged. */
function failure(context: Pick<ApiContext, 'log'>, request: ApiRequest, query: URLSearchParams, error: unknown) {
  const { code, status } = statusOf(error);
  if (isOwnFault(error)) context.log.error({ err: error, method: request.method, url: request.url }, 'api: failed');
  return objectResponse(code, status, { encoding: 'json', ...renderingOf(request, query) });
}

interface Known {
  identity: Identity;
  route: Route;
  query: URLSearchParams;
}

function dispatch(context: ApiContext, request: ApiRequest, { identity, route, query }: Known): Promise<ApiResponse> {
  const rendering = renderingOf(request, query);
  if (route.kind === 'path' && route.path === '/metrics' && ['GET', 'HEAD'].includes(request.method))
    return Promise.resolve(metricsPage(context.metrics));
  if (route.kind === 'path') return handlePath(context.paths, request, route.path, query, rendering);
  if (route.group !== '' && !apiGroup(route.group))
    return handlePath(context.paths, request, `/unknown${route.group}`, query, rendering);
  const target = findTarget(route, request.method, query);
  const rest = restRequest(request, { identity, route, query }, target);
  if (target.subresource?.name === 'proxy') return Promise.resolve(proxy(context, rest));
  if (target.subresource && isStream(target.subresource.name)) return serveStream(context, rest);
  if (target.verb === 'watch') return Promise.resolve(startWatch(context, rest));
  return answerObject(context, rest, target, rendering);
}

/** What the verbs get to know of a request. */
export function restRequest(http: ApiRequest, { identity, route, query }: Known, target: Target): RestRequest {
  const { namespace, name } = route as ResourceRoute;
  const { resource, subresource } = target;
  return {
    resource,
    ...(subresource && { subresource }),
    namespace: resource.namespaced ? namespace : '',
    ...(name !== undefined && { name }),
    query,
    identity,
    http,
    warnings: [],
    dryRun: http.method !== 'GET' && subresource?.name !== 'proxy' && readWriteOptions(http.method, query),
  };
}

async function answerObject(
  { rest: context }: ApiContext,
  request: RestRequest,
  { verb }: Target,
  rendering: Omit<Rendering, 'encoding'>,
): Promise<ApiResponse> {
  const form = negotiate(request.http.headers.accept, transformsOf(verb));
  const view = viewOf(request, form, context.now());
  try {
    const result = await answer(context, request, verb as Exclude<typeof verb, 'watch'>);
    const headers = warningHeaders(request.warnings);
    return await objectResponse(
      result.status,
      present(result, view),
      { ...rendering, encoding: form.encoding },
      headers,
    );
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return objectResponse(
      error.code,
      error.toStatus(),
      { ...rendering, encoding: 'json' },
      warningHeaders(request.warnings),
    );
  }
}

/** Prepares a watch. @throws StatusError */
export function startWatch({ rest: context, encodings, metrics }: ApiContext, request: RestRequest): StreamResponse {
  const { query, http } = request;
  const transforms: Transform['kind'][] = query.has('sendInitialEvents')
    ? ['PartialObjectMetadata']
    : ['Table', 'PartialObjectMetadata'];
  const form = negotiate(http.headers.accept, transforms);
  const line = watchLines(viewOf(request, form, context.now()), () => context.now(), encodings);
  const { run } = watch(context, request);
  return {
    kind: 'stream',
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' },
    run: async (write, signal) => {
      const over = metrics.watching();
      await run((event) => write(line(event)), signal).finally(over);
    },
  };
}

/** Logs go to the client as they come; the other streams need an upgrade, which does not come this way. */
async function serveStream({ rest, functions, log }: ApiContext, request: RestRequest): Promise<RawResponse> {
  const pod = find(rest, request) as Pod;
  if (request.subresource?.name !== 'log') throw upgradeRequired();
  const { query, http } = request;
  return {
    kind: 'raw',
    serve: async (req, res) => {
      try {
        await serveLog({ req, res, pod, query, functions, log, signal: http.signal });
      } catch (error) {
        writeBody(req, res, await failure({ log }, http, query, error));
      }
    },
  };
}

function metricsPage(metrics: Metrics): ApiResponse {
  const page = textResponse(200, metrics.text());
  return { ...page, headers: { ...page.headers, 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' } };
}

/** What a Pod's port or the node answers; a failure before that is a Status. */
function proxy({ rest, proxyDial, log }: ApiContext, request: RestRequest): ApiResponse {
  const { http, query, resource } = request;
  if (resource.resource === 'nodes') return nodeProxy(rest, request);
  const target = findProxied(rest, request, proxyDial);
  return {
    kind: 'raw',
    serve: (req, res) =>
      serveProxy({ ...target, req }, res).catch(async (error: unknown) => {
        if (res.headersSent || res.destroyed) res.destroy();
        else writeBody(req, res, await failure({ log }, http, query, error));
      }),
  };
}

function viewOf({ resource, query }: RestRequest, form: Form, now: Date): View {
  return { form, resource, includeObject: parseIncludeObject(query), now };
}

function transformsOf(verb: Target['verb']): Transform['kind'][] {
  return verb === 'list' || verb === 'deletecollection'
    ? ['Table', 'PartialObjectMetadataList']
    : ['Table', 'PartialObjectMetadata'];
}

/** Answers are indented when asked for, and for programs that show them to people. */
function renderingOf({ headers }: ApiRequest, query: URLSearchParams): Omit<Rendering, 'encoding'> {
  const pretty = query.has('pretty')
    ? isTrue(query, 'pretty')
    : /^(curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '');
  return { pretty, gzip: /\bgzip\b/.test(headers['accept-encoding'] ?? '') };
}

const isStream = (subresource: string): boolean => ['log', 'exec', 'attach', 'portforward'].includes(subresource);
