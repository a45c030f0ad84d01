import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Container, HTTPGetAction } from '../../kube/generated/objects.ts';
import { goError, joinHostPort } from '../../kube/go-errors.ts';
import { ProbeError } from './answer.ts';
import { containerPort } from './container-port.ts';
import { locationOf, type RequestPlace, requestHeaders, requestPath, urlOf } from './http-request.ts';

export interface HttpGetInput {
  action: HTTPGetAction;
  container: Container;
  /** Asked when the action names no host. */
  ip: string;
  /** `kube-probe/1.33`. */
  userAgent: string;
  /** Of the whole exchange, redirects included; undefined waits for ever. */
  timeoutMs?: number;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** The first 10 KiB. */
  body: string;
}

/** No answer came. The message is that of Go's http client: `Get "http://…": dial tcp …`. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** The server speaks plain HTTP where HTTPS was asked for. */
  readonly speaksHttp: boolean;

  constructor(message: string, speaksHttp = false) {
    super(message);
    this.speaksHttp = speaksHttp;
  }
}

const MAX_BODY = 10 * 1024;
const MAX_REDIRECTS = 10;
const MAX_HEADERS = 1 << 20;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * One GET as the kubelet makes it (`pkg/probe/http`): no proxy, no reuse of connections, any certificate is fine; redirects are followed on
 * the same host only, and are the answer otherwise.
 * @throws NoAnswer; ProbeError when the port is not known or the answer breaks off
 */
export async function httpGet(input: HttpGetInput): Promise<HttpAnswer> {
  const { action, container, ip } = input;
  const first: RequestPlace = {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host: action.host || ip,
    port: containerPort(action.port, container),
    path: requestPath(action.path ?? '/'),
  };
  const limit = timeLimit(input);
  try {
    return await follow(first, input, limit.signal);
  } catch (error) {
    if (limit.isOver() && error instanceof ProbeError)
      throw new ProbeError('context deadline exceeded (Client.Timeout or context cancellation while reading body)', {
        cause: error,
      });
    throw error;
  } finally {
    limit.clear();
  }
}

async function follow(first: RequestPlace, { action, userAgent, ...rest }: HttpGetInput, signal: AbortSignal) {
  let place = first;
  for (let redirects = 0; ; redirects++) {
    const headers = requestHeaders(action.httpHeaders, userAgent);
    const response = await exchange(place, headers, signal, rest.signal);
    const next = REDIRECTS.includes(response.statusCode ?? 0)
      ? locationOf(response.headers.location, place)
      : undefined;
    if (next?.host !== first.host) return { status: response.statusCode ?? 0, body: await body(response, place) };
    response.destroy();
    if (redirects >= MAX_REDIRECTS - 1)
      throw new NoAnswer(`Get ${JSON.stringify(urlOf(next))}: stopped after ${MAX_REDIRECTS} redirects`);
    place = next;
  }
}

/** Fires when the input's signal does, and when the time is up. */
function timeLimit({ timeoutMs, signal }: HttpGetInput): { signal: AbortSignal; isOver(): boolean; clear(): void } {
  const late = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => late.abort(), timeoutMs);
  return {
    signal: AbortSignal.any([late.signal, signal]),
    isOver: () => late.signal.aborted,
    clear: () => clearTimeout(timer),
  };
}

function exchange(
  place: RequestPlace,
  headers: Record<string, string | string[]>,
  signal: AbortSignal,
  given: AbortSignal,
): Promise<IncomingMessage> {
  const { scheme, host, port, path } = place;
  const failed = (text: string, speaksHttp = false) =>
    new NoAnswer(`Get ${JSON.stringify(urlOf(place))}: ${text}`, speaksHttp);
  return new Promise((resolve, reject) => {
    const send = scheme === 'https' ? httpsRequest : httpRequest;
    let request: ClientRequest;
    try {
      request = send({
        ...{ host, port, path, headers, signal, agent: false, maxHeaderSize: MAX_HEADERS },
        // Go takes lines that end in LF alone, as scripts behind a small web server write them.
        insecureHTTPParser: true,
        ...(scheme === 'https' && { rejectUnauthorized: false, servername: isIP(host) ? '' : host }),
      });
    } catch (error) {
      reject(failed((error as Error).message));
      return;
    }
    request.once('response', resolve);
    request.once('error', (error: Error & { code?: string; syscall?: string }) => {
      if (given.aborted) reject(failed('context canceled'));
      else if (signal.aborted)
        reject(failed('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'));
      else if (error.code === 'EPROTO' && /wrong version number|packet length too long/.test(error.message))
        reject(failed('http: server gave HTTP response to HTTPS client', true));
      else if (error.message === 'socket hang up') reject(failed('EOF'));
      else if (error.code?.startsWith('HPE_'))
        reject(failed(`net/http: HTTP/1.x transport connection broken: malformed HTTP response (${error.message})`));
      else reject(failed(goError(error, joinHostPort(host, port), request.socket)));
    });
    request.end();
  });
}

/** @throws ProbeError when the server breaks off */
async function body(response: IncomingMessage, { host, port }: RequestPlace): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= MAX_BODY) break;
    }
  } catch (error) {
    const text =
      (error as Error).message === 'aborted'
        ? 'unexpected EOF'
        : goError(error, joinHostPort(host, port), response.socket);
    throw new ProbeError(text, { cause: error });
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY).toString();
}
