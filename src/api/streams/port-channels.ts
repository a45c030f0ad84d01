import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ChannelTransport } from './protocols.ts';
import type { RuntimeConnection } from './runtime-connection.ts';
import { holdWhileFull } from './sockets.ts';
import { SpdyConnection, type SpdyStream } from './spdy.ts';
import { decodeMessage, encodeMessage, finish, keepAlive, webSocketClosed } from './websocket.ts';

/** The SPDY protocol that `relayPorts` speaks with the runtime. */
export const PORT_SPDY_PROTOCOL = 'portforward.k8s.io';

interface PortSession {
  ws: WebSocket;
  /** The connection below `ws`. */
  client: Duplex;
  runtime: RuntimeConnection;
  transport: ChannelTransport;
  ports: number[];
}

/**
 * Carries one connection to each of `ports` over a WebSocket with channels: channel 2i is the i-th port's data, 2i+1 its error text, and the first
 * message of each is the port's number, two bytes, little-endian (kubelet, `portforward/websocket.go`). The session is over when every port's
 * connection is. Resolves when both sides are closed.
 */
export async function relayPorts({ ws, client, runtime, transport, ports }: PortSession): Promise<void> {
  const connection = new SpdyConnection(runtime.socket, runtime.head);
  const holdRuntime = holdWhileFull(runtime.socket, client);
  const send = (channel: number, payload: Buffer) => {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(encodeMessage(transport.encoding, channel, payload));
    holdRuntime();
  };
  keepAlive(ws, () => connection.ping());

  let open = 2 * ports.length;
  const endOne = () => {
    open -= 1;
    if (open > 0) return;
    finish(ws);
    connection.close();
  };
  const inputs = ports.map((port, index) => openPort({ connection, port, index, send, endOne }));
  const holdClient = holdWhileFull(ws, runtime.socket);
  ws.on('message', (data: Buffer) => {
    const message = decodeMessage(transport.encoding, data);
    if (!message || message.payload.length === 0) return;
    if (message.channel % 2 === 0) inputs[message.channel / 2]?.write(message.payload);
    holdClient();
  });
  ws.once('close', () => connection.close());
  await Promise.all([webSocketClosed(ws), connection.closed]);
}

interface PortStreams {
  connection: SpdyConnection;
  port: number;
  index: number;
  send: (channel: number, payload: Buffer) => void;
  endOne: () => void;
}

/** The runtime dials the port when it has both streams. Nothing is ever written to the error stream, so it is ended at once. */
function openPort({ connection, port, index, send, endOne }: PortStreams): SpdyStream {
  const [dataChannel, errorChannel] = [2 * index, 2 * index + 1];
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  send(dataChannel, number);
  send(errorChannel, number);
  const headers = { port: String(port), requestID: String(index) };
  connection
    .open({ ...headers, streamType: 'error' }, { data: (chunk) => send(errorChannel, chunk), end: endOne })
    .end();
  return connection.open(
    { ...headers, streamType: 'data' },
    { data: (chunk) => send(dataChannel, chunk), end: endOne },
  );
}
