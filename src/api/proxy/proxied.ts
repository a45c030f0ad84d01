import type { IncomingMessage } from 'node:http';
import type { ProxyAddress } from './address.ts';
import type { Dial } from './connect.ts';
import type { RewriteContext } from './rewrite-url.ts';

/** One request that goes to a Pod. */
export interface Proxied {
  req: IncomingMessage;
  address: ProxyAddress;
  /** Path at the Pod, decoded: '' when the URL ends with `proxy`, `/` when a slash follows. */
  path: string;
  /** As the client wrote it, without `?`. */
  search: string;
  /** Path of this API up to and with `proxy`. */
  prefix: string;
  remoteAddress: string | undefined;
  dial: Dial;
  /** Aborts when the client has gone or the server stops. */
  signal: AbortSignal;
}

/** Path and query as they go over the wire. Escapes are made anew, as Go makes them: `%2F` in a path is a slash. */
export function wirePath({ path, search }: Pick<Proxied, 'path' | 'search'>): string {
  return escapePath(path === '' ? '/' : path) + (search === '' ? '' : `?${search}`);
}

/** By Go's rules for paths (`net/url`, encodePath). */
export function escapePath(path: string): string {
  const hex = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURI(path).replace(/[!'()*?#]/g, hex);
}

export function rewriteContext({ req, address, prefix }: Proxied): RewriteContext {
  return { prefix, podHost: address.text, clientHost: req.headers.host ?? '' };
}
