import type { HTTPHeader } from '../../kube/generated/objects.ts';
import { joinHostPort } from '../../kube/go-errors.ts';

/** Where a request goes. `path` is what stands in the request line, query included. */
export interface RequestPlace {
  scheme: 'http' | 'https';
  host: string;
  port: number;
  path: string;
}

/** Set by the client itself whatever the manifest says. */
const OWN_HEADERS = ['content-length', 'transfer-encoding', 'trailer'];

/**
 * The headers of a probe or hook: those of the manifest, repeated ones as often as they are given, and the kubelet's own `User-Agent` and `Accept`
 * unless the manifest has them; an empty `Accept` leaves the header out (`newProbeRequest` in `pkg/probe/http/request.go`).
 */
export function requestHeaders(given: HTTPHeader[] = [], userAgent: string): Record<string, string | string[]> {
  const byName = new Map<string, { name: string; values: string[] }>();
  for (const { name, value } of [...given, ...defaults(given, userAgent)]) {
    const key = name.toLowerCase();
    if (OWN_HEADERS.includes(key)) continue;
    const entry = byName.get(key) ?? { name, values: [] };
    byName.set(key, { ...entry, values: [...entry.values, value] });
  }
  if (byName.get('accept')?.values[0] === '') byName.delete('accept');
  const host = byName.get('host');
  if (host) byName.delete('host');
  const headers = Object.fromEntries([...byName.values()].map(({ name, values }) => [name, single(values)]));
  return host?.values[0] ? { Host: host.values[0], ...headers } : headers;
}

function defaults(given: HTTPHeader[], userAgent: string): HTTPHeader[] {
  const own = [
    { name: 'User-Agent', value: userAgent },
    { name: 'Accept', value: '*/*' },
  ];
  return own.filter(({ name }) => !given.some((header) => header.name.toLowerCase() === name.toLowerCase()));
}

function single(values: string[]): string | string[] {
  return values.length === 1 ? (values[0] as string) : values;
}

/** The URL as it stands in messages. */
export function urlOf({ scheme, host, port, path }: RequestPlace): string {
  return `${scheme}://${joinHostPort(host, port)}${path}`;
}

/** The request line's part for a path of the manifest: with a slash in front, without fragment, and nothing in it that HTTP forbids. */
export function requestPath(path: string): string {
  const [relative = ''] = path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split('#');
  const safe = relative.replace(/[^\x21-\x7e]/gu, encodeURIComponent).replaceAll('"', '%22');
  return safe.startsWith('/') ? safe : `/${safe}`;
}

/** Where a redirect leads; undefined when it says nothing that can be understood. */
export function locationOf(location: string | undefined, from: RequestPlace): RequestPlace | undefined {
  if (!location || !URL.canParse(location, urlOf(from))) return undefined;
  const url = new URL(location, urlOf(from));
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = Number(url.port) || (scheme === 'https' ? 443 : 80);
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port, path: `${url.pathname}${url.search}` };
}
