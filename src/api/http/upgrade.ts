import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest, StatusError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import { authorize } from '../auth/authorize.ts';
import { verbOf } from '../auth/verb.ts';
import { findProxied } from '../proxy/find-proxied.ts';
import type { Proxied } from '../proxy/proxied.ts';
import { upgradeProxy } from '../proxy/upgrade-proxy.ts';
import { findTarget } from '../rest/dispatch.ts';
import { find } from '../rest/key.ts';
import { type StreamKind, serveUpgrade, serveWatch } from '../streams/index.ts';
import { answerStatus } from '../streams/raw-answer.ts';
import type { ApiRequest, StreamResponse } from './exchange.ts';
import { type ApiContext, restRequest, splitUrl, startWatch, whoAsks } from './handle.ts';
import { statusOf } from './respond.ts';
import { parseRoute } from './route.ts';

const STREAMS = ['exec', 'attach', 'portforward'];

/**
 * Answers a request that asks for another protocol: exec, attach and portforward of a Pod, by GET (WebSocket) or POST (SPDY), and watches, by GET
 * (WebSocket). Everything else is refused with a Status.
 */
export async function handleUpgrade(
  context: ApiContext,
  request: ApiRequest,
  connection: { req: IncomingMessage; socket: Duplex; head: Buffer },
): Promise<void> {
  const { log, functions } = context;
  const [pathname, search] = splitUrl(request.url);
  const query = new URLSearchParams(search);
  let found: Found;
  try {
    found = await findStream(context, request, pathname, query);
  } catch (error) {
    log.debug({ err: error, method: request.method, path: pathname }, 'api: upgrade refused');
    answerStatus(connection.socket, asStatusError(error));
    return;
  }
  const { signal } = request;
  if ('address' in found) await upgradeProxy({ ...found, req: connection.req }, connection);
  else if ('run' in found) await serveWatch(found.run, { ...connection, signal });
  else await serveUpgrade({ ...connection, ...found, query, functions, log, signal });
}

/** What is to be served: a stream of a Pod, a connection to one of its ports, or a watch. */
type Found = { kind: StreamKind; pod: Pod } | Omit<Proxied, 'req'> | Pick<StreamResponse, 'run'>;

async function findStream(
  context: ApiContext,
  request: ApiRequest,
  pathname: string,
  query: URLSearchParams,
): Promise<Found> {
  const identity = whoAsks(context, request);
  const route = parseRoute(pathname);
  authorize(context.rest.authorizer, identity, verbOf(request.method, route, query), route);
  if (route.kind === 'path') throw badRequest('this path cannot be upgraded to another protocol');
  const target = findTarget(route, request.method, query);
  if (target.verb === 'watch') return startWatch(context, restRequest(request, { identity, route, query }, target));
  const name = target.subresource?.name ?? '';
  if (name === 'proxy' && target.resource.resource === 'pods')
    return findProxied(context.rest, restRequest(request, { identity, route, query }, target), context.proxyDial);
  if (!STREAMS.includes(name)) throw badRequest('this path cannot be upgraded to another protocol');
  const pod = find(context.rest, restRequest(request, { identity, route, query }, target)) as Pod;
  return { kind: name as StreamKind, pod };
}

function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const { status } = statusOf(error);
  return new StatusError('InternalError', (status as { message: string }).message);
}
