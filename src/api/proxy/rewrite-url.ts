import { posix } from 'node:path';

/** What a URL that a Pod has named is judged by. */
export interface RewriteContext {
  /** Path of this API before the Pod's own: `/api/v1/namespaces/default/pods/web/proxy`. */
  prefix: string;
  /** `host:port` of the Pod. */
  podHost: string;
  /** The client's Host header. */
  clientHost: string;
}

/** A scheme, and `//host`; neither need be there. */
const PARTS = /^([A-Za-z][\w+.-]*:)?(\/\/[^/?#]*)?([^?#]*)(.*)$/s;

/**
 * A URL in a Pod's answer as the client can follow it: one that begins at the Pod's root is put below the proxy's path; relative ones and those of
 * other hosts stay (kubernetes `util/proxy/transport.go`, rewriteURL, for a transport without scheme and host).
 */
export function rewriteUrl(url: string, { prefix, podHost, clientHost }: RewriteContext): string {
  const [, scheme = '', authority = '', path = '', rest = ''] = PARTS.exec(url) ?? [];
  const host = authority.slice(2).replace(/^.*@/, '');
  const isForeign = host !== '' && host !== podHost && host !== clientHost;
  if (isForeign || !path.startsWith('/')) return url;
  const place = host !== '' && host === clientHost ? scheme + authority : '';
  if (path.startsWith(prefix)) return place + path + rest;
  return place + posix.join(prefix, path) + rest;
}
