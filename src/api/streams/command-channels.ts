import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { StatusError } from '../../kube/errors.ts';
import type { Status } from '../../kube/generated/objects.ts';
import type { StreamOptions } from '../node-functions.ts';
import type { ChannelTransport } from './protocols.ts';
import type { RuntimeConnection } from './runtime-connection.ts';
import { holdWhileFull } from './sockets.ts';
import { SpdyConnection, type SpdyStream, type StreamEnd } from './spdy.ts';
import { decodeMessage, encodeMessage, finish, keepAlive, webSocketClosed } from './websocket.ts';

/** Channel numbers of exec and attach (KEP-4006). `CLOSE` carries the number of the channel that the client ends. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

/** What is kept of a status that the runtime sends, bytes. */
const MAX_STATUS = 1 << 20;
/** kubectl up to 1.33 reads before it has opened its channels and complains of what comes in that moment, so it is given this long, ms. */
const HEAD_START = 10;

/** The SPDY protocol that `relayCommand` speaks with the runtime. */
export const COMMAND_SPDY_PROTOCOL = 'v4.channel.k8s.io';

interface CommandSession {
  ws: WebSocket;
  /** The connection below `ws`. */
  client: Duplex;
  runtime: RuntimeConnection;
  transport: ChannelTransport;
  streams: StreamOptions;
}

/**
 * Carries exec or attach between a WebSocket with channels and the runtime's SPDY streams. Only channels that `streams` names are used, so a client
 * never meets one that it did not ask for. All output comes before the status, and the status before the close. Resolves when both sides are closed.
 */
export async function relayCommand({ ws, client, runtime, transport, streams }: CommandSession): Promise<void> {
  const connection = new SpdyConnection(runtime.socket, runtime.head);
  const holdRuntime = holdWhileFull(runtime.socket, client);
  const send = (channel: number, payload: Buffer) => {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(encodeMessage(transport.encoding, channel, payload));
    holdRuntime();
  };
  if (transport.halfClose) giveHeadStart(runtime.socket);
  keepAlive(ws, () => connection.ping());

  const inputs = openStreams(connection, streams, send, (status) => {
    const text = transport.jsonStatus ? JSON.stringify(status) : status.status === 'Success' ? '' : status.message;
    if (text) send(ERROR, Buffer.from(text));
    finish(ws);
    connection.close();
  });
  receive(ws, transport, inputs, holdWhileFull(ws, runtime.socket));
  ws.once('close', () => connection.close());
  await Promise.all([webSocketClosed(ws), connection.closed]);
}

function giveHeadStart(runtime: Duplex): void {
  runtime.pause();
  setTimeout(() => runtime.resume(), HEAD_START);
}

/** Opens the streams that were asked for, error first, as client-go does. `done` is called once: when all output and the status have come. */
function openStreams(
  connection: SpdyConnection,
  streams: StreamOptions,
  send: (channel: number, payload: Buffer) => void,
  done: (status: Status) => void,
): Map<number, SpdyStream> {
  const statusChunks: Buffer[] = [];
  let statusEnd: StreamEnd = 'ended';
  let open = 1 + Number(streams.stdout) + Number(streams.stderr);
  const endOne = () => {
    open -= 1;
    if (open === 0) done(readStatus(Buffer.concat(statusChunks), statusEnd));
  };
  const output = (channel: number) => ({ data: (chunk: Buffer) => send(channel, chunk), end: endOne });

  connection.open(
    { streamType: 'error' },
    {
      data: (chunk) => {
        if (statusChunks.reduce((sum, c) => sum + c.length, chunk.length) <= MAX_STATUS) statusChunks.push(chunk);
      },
      end: (how) => {
        statusEnd = how;
        endOne();
      },
    },
  );
  const inputs = new Map<number, SpdyStream>();
  if (streams.stdin) inputs.set(STDIN, connection.open({ streamType: 'stdin' }, {}));
  if (streams.stdout) connection.open({ streamType: 'stdout' }, output(STDOUT));
  if (streams.stderr) connection.open({ streamType: 'stderr' }, output(STDERR));
  if (streams.tty) inputs.set(RESIZE, connection.open({ streamType: 'resize' }, {}));
  return inputs;
}

/** What the client sends on channels that were not asked for is dropped, as a kubelet does. */
function receive(
  ws: WebSocket,
  { encoding, halfClose }: ChannelTransport,
  inputs: Map<number, SpdyStream>,
  holdClient: () => void,
): void {
  ws.on('message', (data: Buffer) => {
    const message = decodeMessage(encoding, data);
    if (!message) return;
    if (halfClose && message.channel === CLOSE) inputs.get(message.payload[0] ?? CLOSE)?.end();
    else if (message.payload.length > 0) inputs.get(message.channel)?.write(message.payload);
    holdClient();
  });
}

/** The runtime writes a metav1.Status as the whole of the error stream; nothing means success, as for client-go. */
function readStatus(text: Buffer, end: StreamEnd): Status {
  if (text.length === 0 && end === 'ended')
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  try {
    return JSON.parse(text.toString()) as Status;
  } catch {
    const why = text.length > 0 ? text.toString() : 'the runtime closed the connection before the command had ended';
    return new StatusError('InternalError', `Internal error occurred: ${why}`).toStatus();
  }
}
