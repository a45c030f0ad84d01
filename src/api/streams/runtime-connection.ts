import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { StatusError, type StatusReason } from '../../kube/errors.ts';
import { tuneSocket } from './sockets.ts';

/** A connection to the runtime's streaming server that has been upgraded to SPDY/3.1. */
export interface RuntimeConnection {
  socket: Socket;
  /** What the runtime sent right behind its answer. */
  head: Buffer;
  /** Of the answer: names and values by turns, as received. */
  rawHeaders: string[];
}

/** How long the runtime may take to answer the upgrade, ms. */
const ANSWER_TIMEOUT = 30_000;
/** How much of a refusal is read, bytes. */
const MAX_REFUSAL = 64 * 1024;

const REASONS: Record<number, StatusReason> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

/**
 * Connects to a streaming server and upgrades to SPDY/3.1 with the first of `protocols` that it knows. Only these headers are sent: nothing that
 * names or proves the client reaches the runtime.
 * @throws StatusError InternalError when there is no connection, otherwise what the server refused with; the signal's reason when it aborts
 */
export function connectRuntime(url: URL, protocols: string[], signal: AbortSignal): Promise<RuntimeConnection> {
  return new Promise((resolve, reject) => {
    const req = request(url, {
      method: 'POST',
      agent: false,
      signal,
      timeout: ANSWER_TIMEOUT,
      headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocols },
    });
    req.on('upgrade', (res: IncomingMessage, socket: Socket, head: Buffer) => {
      tuneSocket(socket);
      // Whoever takes the socket sees a failure as its close; without a listener it would end the process.
      socket.on('error', () => {});
      resolve({ socket, head, rawHeaders: res.rawHeaders });
    });
    req.on('response', (res) => readRefusal(res).then(reject, (error) => reject(dialError(url, error))));
    req.on('timeout', () => req.destroy(new Error(`no answer within ${ANSWER_TIMEOUT / 1000} s`)));
    req.on('error', (error) => reject(signal.aborted ? signal.reason : dialError(url, error)));
    sendAtOnce(req);
  });
}

function sendAtOnce(req: ClientRequest): void {
  req.setNoDelay(true);
  req.end();
}

function dialError(url: URL, error: Error): StatusError {
  return new StatusError('InternalError', `error dialing backend: ${url.host}: ${error.message}`);
}

async function readRefusal(res: IncomingMessage): Promise<StatusError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of res as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_REFUSAL) break;
  }
  const text = Buffer.concat(chunks).toString('utf8', 0, MAX_REFUSAL).trim();
  const reason = REASONS[res.statusCode ?? 0] ?? 'InternalError';
  return new StatusError(reason, text || `unable to upgrade: the runtime answered ${res.statusCode}`);
}
