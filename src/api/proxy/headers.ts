import type { IncomingMessage } from 'node:http';

/** Of one connection only (RFC 9110 §7.6.1, and Go's `httputil.ReverseProxy`). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** What shows to this API who the client is; a Pod must not get it. */
const CREDENTIALS = /^(authorization|impersonate-.*|x-remote-.*)$/;
/** A browser's page has its credentials here with the API server, and what a Pod says may not widen that (kubernetes `util/proxy`, corsRemovingTransport). */
const CORS = /^access-control-allow-(origin|credentials|headers|methods)$/;
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** Names and values by turns, as in `rawHeaders`. */
export type RawHeaders = string[];

export interface ForwardedRequest {
  req: IncomingMessage;
  /** The URL that was asked for, escaped and without query. */
  uri: string;
  /** The address that the client's connection comes from. */
  remoteAddress: string | undefined;
  /** Whether the request asks for another protocol, which is then between the client and the Pod. */
  upgrade: boolean;
}

/** The headers that a Pod gets: the client's, its Host among them, without what is this connection's or proves who it is. */
export function requestHeaders({ req, uri, remoteAddress, upgrade }: ForwardedRequest): RawHeaders {
  const before = req.headers['x-forwarded-for'];
  const forwarded = [...(before === undefined ? [] : [before].flat()), ...(remoteAddress ? [remoteAddress] : [])];
  const kept = pairs(req.rawHeaders).filter(([name]) => {
    const lower = name.toLowerCase();
    return !CREDENTIALS.test(lower) && !lower.startsWith('x-forwarded-for') && lower !== 'x-forwarded-uri';
  });
  return [
    ...withoutHops(kept).flatMap(([name, value]) => cleaned(name, value)),
    ...(forwarded.length > 0 ? ['X-Forwarded-For', forwarded.join(', ')] : []),
    // Go's upgrade path sends the client's address and no more.
    ...(upgrade ? ['Connection', 'Upgrade', 'Upgrade', req.headers.upgrade ?? ''] : ['X-Forwarded-Uri', uri]),
    ...(upgrade ? [] : framing(req)),
  ];
}

/** The headers that the client gets of a Pod's. `location` replaces the one that the Pod has sent. */
export function responseHeaders(raw: RawHeaders, location: string | undefined): RawHeaders {
  const kept = withoutHops(pairs(raw)).filter(([name]) => !CORS.test(name.toLowerCase()));
  const isLocation = ([name]: [string, string]): boolean => name.toLowerCase() === 'location';
  const cache = kept.some(([name]) => name.toLowerCase() === 'cache-control');
  return [
    ...(cache ? [] : ['Cache-Control', 'no-cache, private']),
    ...kept.flatMap((pair) => (location !== undefined && isLocation(pair) ? [pair[0], location] : pair)),
  ];
}

/** Whether a request has a body, and how its end is told. */
function framing({ headers, method }: IncomingMessage): RawHeaders {
  if (headers['transfer-encoding'] !== undefined) return ['Transfer-Encoding', 'chunked'];
  const mayHaveBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  return headers['content-length'] === undefined && mayHaveBody ? ['Content-Length', '0'] : [];
}

function cleaned(name: string, value: string): RawHeaders {
  if (name.toLowerCase() !== 'sec-websocket-protocol') return [name, value];
  const left = value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith(BEARER_PROTOCOL));
  return left.length > 0 ? [name, left.join(', ')] : [];
}

function withoutHops(headers: [string, string][]): [string, string][] {
  const named = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((one) => one.trim().toLowerCase()));
  return headers.filter(([name]) => ![...HOP_BY_HOP, ...named].includes(name.toLowerCase()));
}

function pairs(raw: RawHeaders): [string, string][] {
  return raw.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, raw[i + 1]!]] : []));
}
