import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyResponse } from './exchange.ts';

/** Sends a whole answer. */
export function writeBody(req: IncomingMessage, res: ServerResponse, { status, headers, body }: BodyResponse): void {
  // A body that nobody has read would be taken for the next request.
  const unread = !req.complete && status >= 400;
  const length = status !== 304 && { 'Content-Length': Buffer.byteLength(body) };
  res.writeHead(status, { ...headers, ...length, ...(unread && { Connection: 'close' }) });
  res.end(req.method === 'HEAD' ? undefined : body);
}
