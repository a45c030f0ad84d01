import { posix } from 'node:path';
import { StatusError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import type { RestContext, RestRequest } from '../rest/context.ts';
import { find } from '../rest/key.ts';
import { addressOf, type ProxyAddress, type ProxyName, parseProxyName, UnreachableError } from './address.ts';
import type { Dial } from './connect.ts';
import type { Proxied } from './proxied.ts';

/**
 * Where a request to pods/proxy goes.
 * @throws StatusError BadRequest, NotFound, ServiceUnavailable for a port that is none
 */
export function findProxied(context: RestContext, request: RestRequest, dial: Dial): Omit<Proxied, 'req'> {
  const { namespace = '', name: id = '', http } = request;
  const name = parseProxyName('pod', id);
  const pod = find(context, { ...request, name: name.name }) as Pod;
  const { remoteAddress, signal } = http;
  return {
    address: addressIn(pod, name),
    dial,
    remoteAddress,
    signal,
    ...splitProxyUrl(http.url, `/api/v1/namespaces/${namespace}/pods/${id}/proxy`),
  };
}

/** Path and query behind the proxy. The path is decoded and cleaned: it cannot leave its root. */
export function splitProxyUrl(url: string, prefix: string): Pick<Proxied, 'path' | 'search' | 'prefix'> {
  const at = url.indexOf('?');
  const whole = decodeURIComponent(at < 0 ? url : url.slice(0, at));
  const behind = whole.slice(prefix.length);
  const path = behind === '' ? '' : posix.join('/', behind);
  return { path, search: at < 0 ? '' : url.slice(at + 1), prefix };
}

function addressIn(pod: Pod, name: ProxyName): ProxyAddress {
  try {
    return addressOf(pod, name);
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    throw new StatusError('ServiceUnavailable', `error trying to reach service: ${error.message}`);
  }
}
