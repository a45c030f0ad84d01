import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { posix } from 'node:path';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StatusError } from '../../kube/errors.ts';
import { connectPod, unreachable } from './connect.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { escapePath, type Proxied, rewriteContext, wirePath } from './proxied.ts';
import { htmlRewriters } from './rewrite-html.ts';
import { rewriteUrl } from './rewrite-url.ts';

/**
 * Answers a request with what a Pod's port answers (kube-apiserver's pods/proxy, apimachinery `util/proxy`): any method, query, headers and body go there
 * as they come, the answer comes back in the same way. A redirect is made one that the client can follow, and so are the links of an HTML page.
 * @throws StatusError ServiceUnavailable when the Pod cannot be reached or hangs up before its answer has begun
 */
export async function serveProxy(proxied: Proxied, res: ServerResponse): Promise<void> {
  const { req, path, search, signal } = proxied;
  if (path === '' && (req.method === 'GET' || req.method === 'HEAD')) {
    res
      .writeHead(301, { Location: `${escapePath(proxied.prefix)}/${search && `?${search}`}`, 'Content-Length': 0 })
      .end();
    return;
  }
  const asked = askPod(proxied);
  const end = () => asked.destroy();
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const answer = await sendBody(proxied, asked);
    await passOn(proxied, answer, res).catch(() => res.destroy());
  } finally {
    signal.removeEventListener('abort', end);
    req.unpipe(asked);
    req.resume();
    end();
  }
}

function askPod(proxied: Proxied): ClientRequest {
  const { req, address, path, prefix, dial, remoteAddress } = proxied;
  const uri = posix.join(escapePath(prefix), escapePath(path));
  const headers = requestHeaders({ req, uri, remoteAddress, upgrade: false });
  return connectPod({ address, method: req.method ?? 'GET', path: wirePath(proxied), headers, dial });
}

/** Resolves with the beginning of the answer, which may come before the body has been sent. */
function sendBody({ req, address }: Proxied, asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.once('response', resolve);
    // A Pod that has answered may close before it has read everything.
    asked.on('error', (error) => {
      const why = unreachable(error, address, asked.socket);
      reject(new StatusError('ServiceUnavailable', `error trying to reach service: ${why}`));
    });
    req.pipe(asked);
  });
}

async function passOn(proxied: Proxied, answer: IncomingMessage, res: ServerResponse): Promise<void> {
  const { location } = answer.headers;
  const target = location && rewriteUrl(location, rewriteContext(proxied));
  const rewriters = location || !hasBody(proxied, answer) ? [] : htmlRewriters(answer.headers, rewriteContext(proxied));
  const headers = responseHeaders(answer.rawHeaders, target);
  without(headers, rewriters).forEach((name, i, all) => {
    if (i % 2 === 0) res.appendHeader(name, all[i + 1]!);
  });
  res.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '');
  res.flushHeaders();
  await pipeline([answer, ...rewriters, res]);
}

const hasBody = ({ req }: Proxied, { statusCode }: IncomingMessage): boolean =>
  req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;

/** A page that is rewritten has another length. */
function without(headers: string[], rewriters: Transform[]): string[] {
  if (rewriters.length === 0) return headers;
  return headers.filter((_, i) => headers[i - (i % 2)]!.toLowerCase() !== 'content-length');
}
