import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { Pod } from '../../kube/generated/objects.ts';
import type { NodeFunctions } from '../node-functions.ts';
import { parseLog } from './options.ts';

export interface ServeLogRequest {
  req: IncomingMessage;
  res: ServerResponse;
  /** As it is in the store; the caller has found it and allowed the request. */
  pod: Pod;
  query: URLSearchParams;
  functions: Pick<NodeFunctions, 'logs'>;
  log: Logger;
  /** Ends the answer: a follower's connection is closed. */
  signal?: AbortSignal;
}

/** How long a log may stay silent before the head of the answer is sent, ms: an error that comes first can still become a Status. */
const FIRST_BYTE = 100;

/**
 * Answers `pods/log` with the text as it comes: a line of a followed log is on its way at once, and a silent one stays open. A Pod that is bound to no
 * node has an empty 204. When the client leaves or `signal` aborts, the log is destroyed. An error after the first byte cuts the answer off, so that
 * the client sees that it is not whole.
 * @throws StatusError, or what `functions.logs` rejects with, as long as nothing was sent: the caller answers it like every other error
 */
export async function serveLog({ req, res, pod, query, functions, log, signal }: ServeLogRequest): Promise<void> {
  const request = parseLog(query, pod);
  if (!request) {
    res.writeHead(204).end();
    return;
  }
  const source = await functions.logs(pod, request.container, request.options);
  const destroy = () => source.destroy();
  try {
    res.once('close', destroy);
    signal?.addEventListener('abort', destroy);
    if (res.destroyed || signal?.aborted) destroy();
    await firstByte(source);
    req.socket.setNoDelay(true);
    res.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' }).flushHeaders();
    await pipeline(source, res);
  } catch (error) {
    if (!res.headersSent && !res.destroyed && !signal?.aborted) throw error;
    log.debug({ err: error, pod: pod.metadata?.name, container: request.container }, 'log: answer cut off');
    res.destroy();
  } finally {
    destroy();
    signal?.removeEventListener('abort', destroy);
  }
}

/** Resolves when there is something to read, or nothing will come, or nobody knows yet. */
function firstByte(source: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(), FIRST_BYTE);
    const settle = (error?: Error) => {
      clearTimeout(timer);
      source.off('readable', settle).off('end', settle).off('error', settle).off('close', settle);
      if (error) reject(error);
      else resolve();
    };
    source.on('readable', settle).on('end', settle).on('error', settle).on('close', settle);
  });
}
