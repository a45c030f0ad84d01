import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { RuntimeConnection } from './runtime-connection.ts';
import { closed, closeGently, holdWhileFull } from './sockets.ts';
import { finish, keepAlive, webSocketClosed } from './websocket.ts';

interface TunnelSession {
  ws: WebSocket;
  /** The connection below `ws`. */
  client: Duplex;
  runtime: RuntimeConnection;
}

/**
 * Carries a SPDY connection of the client through the messages of a WebSocket (KEP-4006, port-forward of kubectl 1.31 and later): bytes in, bytes out,
 * message borders mean nothing. Resolves when both sides are closed.
 */
export async function relayTunnel({ ws, client, runtime }: TunnelSession): Promise<void> {
  const { socket, head } = runtime;
  const holdRuntime = holdWhileFull(socket, client);
  const holdClient = holdWhileFull(ws, socket);
  keepAlive(ws);

  if (head.length > 0) socket.unshift(head);
  socket.on('data', (chunk: Buffer) => {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(chunk);
    holdRuntime();
  });
  ws.on('message', (data: Buffer) => {
    if (!socket.writable) return;
    socket.write(data);
    holdClient();
  });
  socket.on('error', () => socket.destroy());
  socket.once('end', () => finish(ws));
  socket.once('close', () => finish(ws));
  ws.once('close', () => closeGently(socket));
  await Promise.all([webSocketClosed(ws), closed(socket)]);
}
