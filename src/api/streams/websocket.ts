import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { badRequest } from '../../kube/errors.ts';
import type { Encoding } from './protocols.ts';
import { DRAIN } from './sockets.ts';

/** A connection that asked for an upgrade, as Node's HTTP server hands it over. */
export interface UpgradeSocket {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** The longest message that is taken, bytes; as a kubelet's. */
const MAX_MESSAGE = 32 * 1024 * 1024;
/** How often a silent connection is touched, ms. */
const KEEP_ALIVE = 15_000;

/**
 * Completes the handshake and names `protocol` as the chosen one ('' for none). The name is written by hand, because `ws` takes none with a slash.
 * @throws StatusError BadRequest when it is no proper handshake
 */
export function acceptWebSocket({ req, socket, head }: UpgradeSocket, protocol: string): Promise<WebSocket> {
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE,
    closeTimeout: DRAIN,
  };
  const server = new WebSocketServer(options);
  delete req.headers['sec-websocket-protocol'];
  if (protocol !== '') server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    server.on('wsClientError', (error) => reject(badRequest(`unable to upgrade: ${error.message}`)));
    server.handleUpgrade(req, socket, head, (ws) => {
      ws.on('error', () => ws.terminate());
      resolve(ws);
    });
  });
}

/**
 * Touches the client, and the other end through `alsoPing`, until the WebSocket is closed, so that no one takes a silent session for a dead one. A client
 * that died while it was held back, and so is not read, is found out by this as well.
 */
export function keepAlive(
  ws: Pick<WebSocket, 'readyState' | 'OPEN' | 'ping' | 'once'>,
  alsoPing?: () => void,
  interval = KEEP_ALIVE,
): void {
  const timer = setInterval(() => {
    if (ws.readyState === ws.OPEN) ws.ping();
    alsoPing?.();
  }, interval).unref();
  ws.once('close', () => clearInterval(timer));
}

/** Says that the session is over and waits for the client to close; what it still sends is read and dropped. */
export function finish(ws: WebSocket): void {
  ws.removeAllListeners('message');
  ws.resume();
  ws.close(1000);
}

/** Resolves when the connection is gone. */
export function webSocketClosed(ws: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (ws.readyState === ws.CLOSED) resolve();
    else ws.once('close', () => resolve());
  });
}

/** Puts a payload on a channel. Text for base64, bytes otherwise, as the kubelet sends them. */
export function encodeMessage(encoding: Encoding, channel: number, payload: Buffer): Buffer | string {
  if (encoding === 'base64') return String.fromCharCode(0x30 + channel) + payload.toString('base64');
  const message = Buffer.allocUnsafe(payload.length + 1);
  message[0] = channel;
  payload.copy(message, 1);
  return message;
}

/** undefined for an empty message, which is allowed and means nothing. */
export function decodeMessage(encoding: Encoding, message: Buffer): { channel: number; payload: Buffer } | undefined {
  if (message.length === 0) return undefined;
  if (encoding === 'binary') return { channel: message[0]!, payload: message.subarray(1) };
  return { channel: message[0]! - 0x30, payload: Buffer.from(message.toString('latin1', 1), 'base64') };
}
