import type { ApiServer } from './api-server.ts';
import type { ApiRequest, Headers } from './http/exchange.ts';

export interface InMemoryOptions {
  headers?: Record<string, string>;
  /** An object becomes JSON. */
  body?: unknown;
  /** Without it the node's admin asks; `anonymous` shows nothing. */
  as?: 'admin' | 'anonymous';
  signal?: AbortSignal;
}

export interface InMemoryAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined when it is no JSON. */
  json: unknown;
}

/** Asks an API server without a socket: for tests. A stream is read to its end. */
export async function ask(
  api: ApiServer,
  method: string,
  url: string,
  options: InMemoryOptions = {},
): Promise<InMemoryAnswer> {
  const { signal = new AbortController().signal } = options;
  const response = await api.handle(inMemoryRequest(method, url, { ...options, signal }));
  if (response.kind === 'raw') throw new Error('this answer needs a socket');
  if (response.kind === 'body') {
    const text = response.body.toString();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }
  let text = '';
  await response.run(async (chunk) => {
    text += chunk;
  }, signal);
  return { status: response.status, headers: response.headers, text, json: undefined };
}

/** A request of the admin, or of somebody who shows nothing. */
export function inMemoryRequest(method: string, url: string, options: InMemoryOptions = {}): ApiRequest {
  const { headers = {}, body, as = 'admin', signal = new AbortController().signal } = options;
  const bytes =
    body === undefined
      ? Buffer.alloc(0)
      : Buffer.isBuffer(body)
        ? body
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return {
    method,
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    ...(as === 'admin' && { peer: { commonName: 'outfit-admin', organizations: ['system:masters'] } }),
    readBody: async () => bytes,
    signal,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
