import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import type { Pod } from '../../kube/generated/objects.ts';
import type { StreamKind } from './protocols.ts';
import { type FakeConnection, type FakeStream, startFakeStreamingServer } from './streaming-server.fake.ts';
import { serveUpgrade, type UpgradeRequest } from './upgrade.ts';

const pod: Pod = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { nodeName: 'here', containers: [{ name: 'main' }] },
};

/** serveUpgrade behind a plain HTTP server (`/exec?…`), in front of a fake runtime, with clients for each way to speak. */
export async function startStreamApi() {
  const runtime = await startFakeStreamingServer();
  const calls: unknown[][] = [];
  const answer =
    (name: string) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args.slice(1)]);
      return runtime.url;
    };
  const functions: UpgradeRequest['functions'] = {
    exec: answer('exec'),
    attach: answer('attach'),
    portForward: answer('portForward'),
  };
  const server = createServer();
  const api = new StreamApi(server, runtime, functions, calls);
  server.on('upgrade', (req, socket, head) => api.serve(req, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return api;
}

export class StreamApi {
  readonly runtime: Awaited<ReturnType<typeof startFakeStreamingServer>>;
  readonly stop = new AbortController();
  /** Sessions, also those that have ended. */
  readonly sessions: Promise<void>[] = [];
  /** The server's side of the clients' connections. */
  readonly clients: Socket[] = [];
  /** What was asked of the machine: the function's name and its arguments after the Pod. */
  readonly calls: unknown[][];
  functions: UpgradeRequest['functions'];
  readonly #server: Server;

  constructor(
    server: Server,
    runtime: StreamApi['runtime'],
    functions: UpgradeRequest['functions'],
    calls: unknown[][],
  ) {
    this.#server = server;
    this.runtime = runtime;
    this.functions = functions;
    this.calls = calls;
  }

  serve(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams: query } = new URL(req.url!, 'http://api');
    const kind = pathname.slice(1) as StreamKind;
    const log = pino({ level: 'silent' });
    this.clients.push(socket as Socket);
    this.sessions.push(
      serveUpgrade({ req, socket, head, kind, pod, query, functions: this.functions, log, signal: this.stop.signal }),
    );
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await this.runtime.close();
    this.#server.close();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The runtime's side of the first session. */
  get connection(): FakeConnection {
    return this.runtime.connections[0]!;
  }

  stream(type: string, requestId?: string): FakeStream {
    const found = this.connection.streams.find(
      ({ headers }) => headers.streamtype === type && headers.requestid === requestId,
    );
    return found!;
  }

  /** A WebSocket client that remembers everything. */
  connect(path: string, ...protocols: string[]) {
    const ws = new WebSocket(`ws://127.0.0.1:${this.port}/${path}`, protocols);
    const messages: [channel: number, payload: string][] = [];
    ws.on('message', (data: Buffer) => messages.push([data[0]!, data.toString('latin1', 1)]));
    const opened = new Promise<void>((resolve, reject) => ws.on('open', resolve).on('error', reject));
    const closed = new Promise<number>((resolve) => ws.on('close', resolve));
    return { ws, messages, opened, closed };
  }

  /** What an upgrade that is refused is answered with. */
  async refused(path: string, headers: Record<string, string>): Promise<{ code: number; body: { message?: string } }> {
    const req = this.request(path, headers);
    const res = await new Promise<IncomingMessage>((resolve, reject) => {
      req.on('response', resolve).on('error', reject);
      req.on('upgrade', () => reject(new Error('upgraded'))).end();
    });
    return { code: res.statusCode!, body: JSON.parse((await res.toArray()).join('')) };
  }

  upgradeSpdy(path: string, headers: Record<string, string | string[]> = {}) {
    const protocols = { 'X-Stream-Protocol-Version': ['v5.channel.k8s.io', 'v4.channel.k8s.io'] };
    const req = this.request(path, { Upgrade: 'SPDY/3.1', ...protocols, ...headers });
    return new Promise<{ res: IncomingMessage; socket: Socket }>((resolve, reject) => {
      req.on('upgrade', (res, socket) => resolve({ res, socket: socket as Socket }));
      req.on('error', reject).end();
    });
  }

  request(path: string, headers: Record<string, string | string[]>, method = 'POST') {
    return request({ port: this.port, path: `/${path}`, method, headers: { Connection: 'Upgrade', ...headers } });
  }
}
