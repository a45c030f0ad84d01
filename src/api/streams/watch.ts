import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { badRequest, type StatusError } from '../../kube/errors.ts';
import { answerStatus } from './raw-answer.ts';
import { tuneSocket } from './sockets.ts';
import { acceptWebSocket, finish, keepAlive, type UpgradeSocket } from './websocket.ts';

/** Tells the events of a watch one after the other; each waits until the one before it has been taken. */
type RunWatch = (write: (line: string) => Promise<void>, signal: AbortSignal) => Promise<void>;

/**
 * Serves a watch over a WebSocket, as browsers have it: each event is a message of text, and what the client says is not listened to (apiserver
 * `endpoints/handlers/watch.go`). Resolves when it is over; never rejects.
 */
export async function serveWatch(run: RunWatch, connection: UpgradeSocket & { signal: AbortSignal }): Promise<void> {
  const { req, socket, signal } = connection;
  const gone = new AbortController();
  const end = (): void => {
    gone.abort();
    socket.destroy();
  };
  socket.on('error', end);
  socket.once('close', () => gone.abort());
  signal.addEventListener('abort', end, { once: true });
  let open = false;
  try {
    tuneSocket(socket);
    if (!/^websocket$/i.test(req.headers.upgrade ?? '')) throw badRequest('a watch is upgraded to a WebSocket only');
    const ws = await acceptWebSocket(connection, firstProtocol(req.headers['sec-websocket-protocol']));
    open = true;
    keepAlive(ws);
    ws.on('message', () => {});
    await run((line) => send(ws, line), gone.signal);
    finish(ws);
    if (ws.readyState !== ws.CLOSED) await once(ws, 'close');
  } catch (error) {
    if (open) socket.destroy();
    else if (!gone.signal.aborted) answerStatus(socket, error as StatusError);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Clients that offer names for streams offer them for watches, too; the first is as good as any. */
function firstProtocol(offered = ''): string {
  return offered.split(',')[0]!.trim();
}

/** Resolves when the message has been handed to the socket; at once when the client has left. */
function send(ws: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    ws.send(text, () => resolve());
  });
}
