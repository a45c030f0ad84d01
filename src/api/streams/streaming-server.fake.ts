import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { constants, inflateSync } from 'node:zlib';
import { encodeData, type Frame, frameDecoder } from './spdy-frames.ts';

/** One SPDY stream as the fake runtime sees it. */
export interface FakeStream {
  id: number;
  headers: Record<string, string>;
  /** All that has come so far. */
  readonly received: Buffer;
  chunks: Buffer[];
  /** The opener has half-closed it. */
  ended: boolean;
  write(data: Buffer | string): boolean;
  end(): void;
  reset(): void;
}

/** One upgraded connection. */
export interface FakeConnection {
  request: { method: string; url: string; headers: IncomingMessage['headers'] };
  socket: Socket;
  streams: FakeStream[];
  pings: number;
}

export interface FakeStreamingServer {
  url: URL;
  connections: FakeConnection[];
  /** Called for each stream when it has been opened. */
  onStream: ((stream: FakeStream, connection: FakeConnection) => void) | undefined;
  /** After the upgrade the bytes are left to the test. */
  raw: boolean;
  /** Instead of 101. */
  refuse: { status: number; body: string } | undefined;
  close(): Promise<void>;
}

/** A runtime's streaming server in memory: speaks the server's side of SPDY/3.1 and does what the test tells it. */
export async function startFakeStreamingServer(): Promise<FakeStreamingServer> {
  const server = createServer((_, res) => res.writeHead(400).end('not an upgrade'));
  const fake: FakeStreamingServer = {
    url: new URL('http://127.0.0.1'),
    connections: [],
    onStream: undefined,
    raw: false,
    refuse: undefined,
    close: () => {
      for (const { socket } of fake.connections) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  server.on('upgrade', (req, socket: Socket, head: Buffer) => {
    if (fake.refuse) {
      const { status, body } = fake.refuse;
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      return;
    }
    const protocol = String(req.headers['x-stream-protocol-version']).split(',')[0];
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    );
    if (head.length > 0) socket.unshift(head);
    speakSpdy(fake, { method: req.method!, url: req.url!, headers: req.headers }, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fake.url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/exec/token`);
  return fake;
}

function speakSpdy(fake: FakeStreamingServer, request: FakeConnection['request'], socket: Socket): void {
  const connection: FakeConnection = { request, socket, streams: [], pings: 0 };
  fake.connections.push(connection);
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  if (fake.raw) return;
  const decode = frameDecoder();
  const readHeaders = headerReader();
  socket.on('data', (chunk: Buffer) => {
    for (const frame of decode(chunk)) handle(frame);
  });
  const handle = (frame: Frame) => {
    if (frame.type === 'ping') connection.pings += 1;
    if (frame.type === 'syn-stream') {
      const stream = fakeStream(socket, frame.stream, readHeaders(frame.headers));
      connection.streams.push(stream);
      fake.onStream?.(stream, connection);
    }
    if (frame.type !== 'data') return;
    const stream = connection.streams.find(({ id }) => id === frame.stream)!;
    stream.chunks.push(frame.payload);
    stream.ended ||= frame.last;
  };
}

function fakeStream(socket: Socket, id: number, headers: Record<string, string>): FakeStream {
  const synReply = Buffer.from('800300020000000400000000', 'hex');
  synReply.writeUInt32BE(id, 8);
  socket.write(synReply);
  return {
    id,
    headers,
    chunks: [],
    get received() {
      return Buffer.concat(this.chunks);
    },
    ended: false,
    write: (data) => socket.write(Buffer.concat(encodeData(id, Buffer.from(data)))),
    end: () => socket.write(Buffer.concat(encodeData(id, Buffer.alloc(0), true))),
    reset: () => {
      const rst = Buffer.from('80030003000000080000000000000005', 'hex');
      rst.writeUInt32BE(id, 8);
      socket.write(rst);
    },
  };
}

/** Header blocks of a connection are one zlib stream: each is read as what it adds. */
function headerReader(): (block: Buffer) => Record<string, string> {
  let all = Buffer.alloc(0);
  let seen = 0;
  return (block) => {
    all = Buffer.concat([all, block]);
    const plain = inflateSync(all, { finishFlush: constants.Z_SYNC_FLUSH });
    let at = seen;
    seen = plain.length;
    const next = () => {
      const length = plain.readUInt32BE(at);
      at += 4 + length;
      return plain.toString('utf8', at - length, at);
    };
    const count = plain.readUInt32BE(at);
    at += 4;
    return Object.fromEntries(Array.from({ length: count }, () => [next(), next()]));
  };
}
