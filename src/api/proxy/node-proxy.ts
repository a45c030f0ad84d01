import { notFound, StatusError } from '../../kube/errors.ts';
import type { BodyResponse } from '../http/exchange.ts';
import { textResponse } from '../http/respond.ts';
import type { RestContext, RestRequest } from '../rest/context.ts';
import { methodNotAllowed } from '../rest/errors.ts';
import { parseProxyName } from './address.ts';
import { splitProxyUrl } from './find-proxied.ts';

/** What is answered of what a kubelet serves. */
const SERVED = ['/healthz', '/pods'];

/**
 * Answers nodes/proxy, behind which a cluster has the kubelet: whether it is well, and the Pods it runs. There is no other port to reach.
 * @throws StatusError NotFound for nodes and paths that are not there
 */
export function nodeProxy({ store }: RestContext, request: RestRequest): BodyResponse {
  const { name: id = '', http } = request;
  const { name } = parseProxyName('node', id);
  if (!store.get({ group: '', resource: 'nodes', namespace: '', name }))
    throw notFound({ group: '', resource: 'nodes' }, name);
  const { path } = splitProxyUrl(http.url, `/api/v1/nodes/${id}/proxy`);
  const wanted = path.replace(/\/+$/, '');
  if (!SERVED.includes(wanted))
    throw new StatusError(
      'NotFound',
      `node "${name}" serves ${SERVED.join(' and ')} to its proxy, and not ${JSON.stringify(path)}`,
      {},
    );
  if (http.method !== 'GET' && http.method !== 'HEAD') throw methodNotAllowed();
  if (wanted === '/healthz') return textResponse(200, 'ok');
  const items = store
    .list({ group: '', resource: 'pods' })
    .items.filter(({ spec }) => (spec as { nodeName?: string })?.nodeName === name);
  const body = `${JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items })}\n`;
  return { kind: 'body', status: 200, headers: { 'Content-Type': 'application/json' }, body };
}
