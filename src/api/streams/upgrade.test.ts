import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { badRequest } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import type { StreamKind } from './protocols.ts';
import {
  type FakeConnection,
  type FakeStream,
  type FakeStreamingServer,
  startFakeStreamingServer,
} from './streaming-server.fake.ts';
import { serveUpgrade, type UpgradeRequest } from './upgrade.ts';

const pod: Pod = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { nodeName: 'here', containers: [{ name: 'main' }] },
};
const SUCCESS = '{"metadata":{},"status":"Success"}';

let runtime: FakeStreamingServer;
let api: Server;
let stop: AbortController;
let calls: unknown[][];
let functions: UpgradeRequest['functions'];
let sessions: Promise<void>[];
let clients: Socket[];

beforeEach(async () => {
  runtime = await startFakeStreamingServer();
  stop = new AbortController();
  [calls, sessions, clients] = [[], [], []];
  const answer =
    (name: string) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args.slice(1)]);
      return runtime.url;
    };
  functions = { exec: answer('exec'), attach: answer('attach'), portForward: answer('portForward') };
  api = createServer();
  api.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    clients.push(socket as Socket);
    const { pathname, searchParams: query } = new URL(req.url!, 'http://api');
    const kind = pathname.slice(1) as StreamKind;
    sessions.push(
      serveUpgrade({
        req,
        socket,
        head,
        kind,
        pod,
        query,
        functions,
        log: pino({ level: 'silent' }),
        signal: stop.signal,
      }),
    );
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await runtime.close();
  api.close();
});

const port = () => (api.address() as AddressInfo).port;

/** A WebSocket client that remembers everything. */
function connect(path: string, ...protocols: string[]) {
  const ws = new WebSocket(`ws://127.0.0.1:${port()}/${path}`, protocols);
  const messages: [channel: number, payload: string][] = [];
  ws.on('message', (data: Buffer) => messages.push([data[0]!, data.toString('latin1', 1)]));
  const opened = new Promise<void>((resolve, reject) => ws.on('open', resolve).on('error', reject));
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  return { ws, messages, opened, closed };
}

/** What an upgrade that is refused is answered with. */
async function refused(
  path: string,
  headers: Record<string, string>,
): Promise<{ code: number; body: Record<string, unknown> }> {
  const req = request({
    port: port(),
    path: `/${path}`,
    method: 'POST',
    headers: { Connection: 'Upgrade', ...headers },
  });
  const res = await new Promise<IncomingMessage>((resolve, reject) => {
    req
      .on('response', resolve)
      .on('error', reject)
      .on('upgrade', () => reject(new Error('upgraded')))
      .end();
  });
  const text = (await res.toArray()).join('');
  return { code: res.statusCode!, body: JSON.parse(text) };
}

function upgradeSpdy(path: string, headers: Record<string, string | string[]> = {}) {
  const req = request({
    port: port(),
    path: `/${path}`,
    method: 'POST',
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'SPDY/3.1',
      'X-Stream-Protocol-Version': ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
      ...headers,
    },
  });
  return new Promise<{ res: IncomingMessage; socket: Socket }>((resolve, reject) => {
    req
      .on('upgrade', (res, socket) => resolve({ res, socket }))
      .on('error', reject)
      .end();
  });
}

const streamsOf = (connection: FakeConnection | undefined) =>
  connection?.streams.map(({ headers }) => headers.streamtype) ?? [];
const stream = (type: string, requestId?: string): FakeStream =>
  runtime.connections[0]!.streams.find(
    ({ headers }) => headers.streamtype === type && headers.requestid === requestId,
  )!;
const opened = (count: number) => vi.waitFor(() => expect(runtime.connections[0]?.streams).toHaveLength(count));

describe('a refusal before the upgrade is a Status', () => {
  const spdy = { Upgrade: 'SPDY/3.1' };
  it.each<[string, string, Record<string, string>, () => void, number, string, string]>([
    [
      'a bad query',
      'exec?command=ls',
      spdy,
      () => {},
      400,
      'BadRequest',
      'you must specify at least 1 of stdin, stdout, stderr',
    ],
    [
      'an unknown upgrade',
      'exec?command=ls&stdout=1',
      { Upgrade: 'foo' },
      () => {},
      400,
      'BadRequest',
      'unable to upgrade: unknown protocol "foo", expected SPDY/3.1 or websocket',
    ],
    [
      'no port for channels',
      'portforward',
      { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' },
      () => {},
      400,
      'BadRequest',
      'query parameter "port" is required',
    ],
    [
      'the node says no',
      'attach?stdout=1',
      spdy,
      () => {
        functions = { ...functions, attach: () => Promise.reject(badRequest('container main is not running')) };
      },
      400,
      'BadRequest',
      'container main is not running',
    ],
    [
      'the node breaks',
      'attach?stdout=1',
      spdy,
      () => {
        functions = { ...functions, attach: () => Promise.reject(new Error('boom')) };
      },
      500,
      'InternalError',
      'Internal error occurred: boom',
    ],
    [
      'the runtime says no',
      'exec?command=ls&stdout=1',
      spdy,
      () => {
        runtime.refuse = { status: 403, body: 'unable to upgrade: unable to negotiate protocol\n' };
      },
      403,
      'Forbidden',
      'unable to upgrade: unable to negotiate protocol',
    ],
    [
      'the runtime no longer knows the token',
      'exec?command=ls&stdout=1',
      { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'v5.channel.k8s.io' },
      () => {
        runtime.refuse = { status: 404, body: '' };
      },
      404,
      'NotFound',
      'unable to upgrade: the runtime answered 404',
    ],
    [
      'a WebSocket handshake without a key',
      'exec?command=ls&stdout=1',
      { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      () => {},
      400,
      'BadRequest',
      expect.stringContaining('unable to upgrade: '),
    ],
  ])('%s', async (_, path, headers, arrange, code, reason, message) => {
    arrange();
    expect(await refused(path, headers)).toEqual({
      code,
      body: expect.objectContaining({ kind: 'Status', status: 'Failure', code, reason, message }),
    });
    await Promise.all(sessions);
  });

  it('nobody listens', async () => {
    const { url } = runtime;
    await runtime.close();
    const { code, body } = await refused('exec?command=ls&stdout=1', spdy);
    expect(code).toBe(500);
    expect(body.message).toMatch(`error dialing backend: ${url.host}: `);
    runtime = await startFakeStreamingServer();
  });

  it('a client that leaves while the runtime thinks leaves nothing', async () => {
    let answer = (_: URL): void => {};
    functions = {
      ...functions,
      exec: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    };
    const req = request({
      port: port(),
      path: '/exec?command=ls&stdout=1',
      method: 'POST',
      headers: { Connection: 'Upgrade', ...spdy },
    });
    req.on('error', () => {}).end();
    await vi.waitFor(() => expect(clients).toHaveLength(1));
    clients[0]!.destroy();
    answer(runtime.url);
    await Promise.all(sessions);
    expect(runtime.connections.filter(({ socket }) => !socket.destroyed)).toEqual([]);
  });
});

describe('SPDY passes through', () => {
  beforeEach(() => {
    runtime.raw = true;
  });

  it('with the client’s protocols and without its credentials', async () => {
    const { res } = await upgradeSpdy('exec?command=sh&command=-c&stdin=1&stdout=1&tty=1', {
      Authorization: 'Bearer secret',
      Cookie: 'a=b',
    });
    expect(res.headers['x-stream-protocol-version']).toBe('v5.channel.k8s.io');
    expect(calls).toEqual([
      ['exec', 'main', { command: ['sh', '-c'], stdin: true, stdout: true, stderr: false, tty: true }],
    ]);
    const { method, url, headers } = runtime.connections[0]!.request;
    expect({ method, url }).toEqual({ method: 'POST', url: '/exec/token' });
    expect(headers).toEqual({
      connection: 'Upgrade',
      'content-length': '0',
      upgrade: 'SPDY/3.1',
      host: runtime.url.host,
      'x-stream-protocol-version': 'v5.channel.k8s.io, v4.channel.k8s.io',
    });
  });

  it('bytes go both ways unchanged; the end of the runtime ends the client after all that was sent', async () => {
    const big = Buffer.alloc(5_000_000, 'x');
    const { socket } = await upgradeSpdy('exec?command=ls&stdout=1');
    const { socket: far } = runtime.connections[0]!;
    const got = far.toArray();
    socket.write('from the client');
    far.write(big);
    far.end('the last');
    const read = Buffer.concat(await socket.toArray());
    expect(read.equals(Buffer.concat([big, Buffer.from('the last')]))).toBe(true);
    socket.end();
    expect(Buffer.concat(await got).toString()).toBe('from the client');
    await Promise.all(sessions);
  });

  it('a slow reader gets everything although the runtime has long closed', async () => {
    const { socket } = await upgradeSpdy('exec?command=ls&stdout=1');
    const { socket: far } = runtime.connections[0]!;
    far.end(Buffer.alloc(20_000_000, 'x'));
    let size = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      size += chunk.length;
      socket.write('still typing');
      if (size < 1_000_000) await sleep(5);
    }
    expect(size).toBe(20_000_000);
    await Promise.all(sessions);
  });

  it('holds the runtime back while the client does not read', async () => {
    const { socket } = await upgradeSpdy('exec?command=ls&stdout=1');
    socket.pause();
    const { socket: far } = runtime.connections[0]!;
    for (let i = 0; i < 200; i++) far.write(Buffer.alloc(1_000_000));
    await sleep(300);
    expect(far.writableLength).toBeGreaterThan(100_000_000);
    expect(clients[0]!.writableLength).toBeLessThan(1_000_000);
    socket.destroy();
    await Promise.all(sessions);
  });

  it.each<[string, (client: Socket, far: Socket) => void]>([
    ['the client is killed', (client) => client.destroy()],
    ['the client resets', (client) => client.resetAndDestroy()],
    ['the runtime is killed', (_, far) => far.destroy()],
    ['the runtime resets', (_, far) => far.resetAndDestroy()],
    ['the node stops', () => stop.abort()],
  ])('nothing is left when %s', async (_, end) => {
    const { socket } = await upgradeSpdy('exec?command=ls&stdout=1');
    socket.on('error', () => {}).resume();
    const { socket: far } = runtime.connections[0]!;
    far.resume();
    end(socket, far);
    await Promise.all(sessions);
    await vi.waitFor(() =>
      expect([socket.destroyed, far.destroyed, clients[0]!.destroyed]).toEqual([true, true, true]),
    );
  });
});

describe('a command over channels', () => {
  const all = 'exec?command=cat&stdin=true&stdout=true&stderr=true';

  it('opens what was asked for, carries it, and closes with the status last', async () => {
    const client = connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    expect(client.ws.protocol).toBe('v5.channel.k8s.io');
    expect(streamsOf(runtime.connections[0])).toEqual(['error', 'stdin', 'stdout', 'stderr']);
    expect(runtime.connections[0]!.request.headers['x-stream-protocol-version']).toBe('v4.channel.k8s.io');

    client.ws.send(Buffer.from('\0typed'));
    client.ws.send(Buffer.from([255, 0]));
    await vi.waitFor(() => expect(stream('stdin')).toMatchObject({ received: Buffer.from('typed'), ended: true }));
    client.ws.send(Buffer.from('\0after the end'));

    stream('error').write(SUCCESS);
    stream('error').end();
    stream('stdout').write('out');
    stream('stderr').write('err');
    stream('stdout').write('put');
    stream('stdout').end();
    await sleep(20);
    expect(client.messages).toEqual([
      [1, 'out'],
      [2, 'err'],
      [1, 'put'],
    ]);
    stream('stderr').end();
    expect(await client.closed).toBe(1000);
    expect(client.messages.at(-1)).toEqual([3, SUCCESS]);
    expect(stream('stdin').received.toString()).toBe('typed');
    await Promise.all(sessions);
  });

  it('uses no channel that the client did not name', async () => {
    const client = connect('exec?command=true&stdout=true', 'v5.channel.k8s.io');
    await client.opened;
    await opened(2);
    expect(streamsOf(runtime.connections[0])).toEqual(['error', 'stdout']);
    for (const channel of [0, 2, 4, 9, 255]) client.ws.send(Buffer.from([channel, 65]));
    client.ws.send(Buffer.alloc(0));
    stream('stdout').end();
    stream('error').end();
    await client.closed;
    expect(client.messages).toEqual([[3, '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}']]);
    expect(runtime.connections[0]!.streams.map(({ received }) => received.length)).toEqual([0, 0]);
  });

  it('resizes a terminal', async () => {
    const client = connect('exec?command=sh&stdin=1&stdout=1&stderr=1&tty=1', 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    expect(streamsOf(runtime.connections[0])).toEqual(['error', 'stdin', 'stdout', 'resize']);
    client.ws.send(Buffer.from('\x04{"Width":80,"Height":24}'));
    await vi.waitFor(() => expect(stream('resize').received.toString()).toBe('{"Width":80,"Height":24}'));
  });

  const failure =
    '{"metadata":{},"status":"Failure","message":"command terminated with exit code 3","reason":"NonZeroExitCode"}';
  it.each<[string, string[], unknown[]]>([
    ['JSON since v4', ['v4.channel.k8s.io'], [[3, failure]]],
    ['text before', ['channel.k8s.io'], [[3, 'command terminated with exit code 3']]],
    ['text without a protocol', [], [[3, 'command terminated with exit code 3']]],
  ])('the status is %s', async (_, protocols, expected) => {
    const client = connect('exec?command=false&stdout=true', ...protocols);
    await client.opened;
    await opened(2);
    stream('stdout').end();
    stream('error').write(failure);
    stream('error').end();
    await client.closed;
    expect(client.messages).toEqual(expected);
  });

  it('speaks base64', async () => {
    const client = connect('exec?command=cat&stdin=1&stdout=true', 'base64.channel.k8s.io');
    await client.opened;
    await opened(3);
    client.ws.send('0dHlwZWQ=');
    await vi.waitFor(() => expect(stream('stdin').received.toString()).toBe('typed'));
    stream('stdout').write('\xff');
    stream('stdout').end();
    stream('error').write(SUCCESS);
    stream('error').end();
    await client.closed;
    expect(client.messages).toEqual([[0x31, 'w78=']]);
  });

  it('tells of a runtime that dies', async () => {
    const client = connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    stream('stdout').write('half');
    await vi.waitFor(() => expect(client.messages).toHaveLength(1));
    runtime.connections[0]!.socket.destroy();
    expect(await client.closed).toBe(1000);
    expect(client.messages.map(([channel]) => channel)).toEqual([1, 3]);
    expect(JSON.parse(client.messages[1]![1])).toMatchObject({
      status: 'Failure',
      reason: 'InternalError',
      message: 'Internal error occurred: the runtime closed the connection before the command had ended',
    });
    await Promise.all(sessions);
  });

  it('what a client wrote before it left still arrives', async () => {
    const client = connect(all, 'v4.channel.k8s.io');
    await client.opened;
    client.ws.send(Buffer.concat([Buffer.from([0]), Buffer.alloc(1_000_000, 'x')]));
    client.ws.close();
    await opened(4);
    await vi.waitFor(() => expect(stream('stdin').received).toHaveLength(1_000_000));
    await Promise.all(sessions);
  });

  it('a slow reader gets all of the output and then the status', async () => {
    const client = connect('exec?command=ls&stdout=true', 'v5.channel.k8s.io');
    await client.opened;
    await opened(2);
    client.ws.pause();
    for (let i = 0; i < 200; i++) stream('stdout').write(Buffer.alloc(100_000, 'x'));
    stream('stdout').end();
    stream('error').write(SUCCESS);
    stream('error').end();
    runtime.connections[0]!.socket.end();
    await sleep(200);
    expect(clients[0]!.writableLength).toBeLessThan(1_000_000);
    client.ws.resume();
    await client.closed;
    expect(client.messages.reduce((sum, [channel, text]) => sum + (channel === 1 ? text.length : 0), 0)).toBe(
      20_000_000,
    );
    expect(client.messages.at(-1)![0]).toBe(3);
  });

  it('holds the client back while the command does not read', async () => {
    const client = connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    runtime.connections[0]!.socket.pause();
    for (let i = 0; i < 300; i++) client.ws.send(Buffer.alloc(100_000));
    await sleep(200);
    expect(client.ws.bufferedAmount).toBeGreaterThan(5_000_000);
    runtime.connections[0]!.socket.resume();
    client.ws.send(Buffer.from([255, 0]));
    await vi.waitFor(() => expect(stream('stdin').ended).toBe(true), 5000);
    expect(stream('stdin').received).toHaveLength(300 * 99_999);
  });

  it.each<[string, (client: WebSocket) => void]>([
    ['the client closes', (client) => client.close()],
    ['the client is killed', (client) => client.terminate()],
    ['the node stops', () => stop.abort()],
    [
      'the client breaks the protocol',
      (client) => void (client as unknown as { _socket: Socket })._socket.write(Buffer.from([0xff, 0xff, 0xff])),
    ],
  ])('nothing is left when %s', async (_, end) => {
    const client = connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    end(client.ws);
    await Promise.all(sessions);
    await vi.waitFor(() =>
      expect([runtime.connections[0]!.socket.destroyed, clients[0]!.destroyed]).toEqual([true, true]),
    );
  });
});

describe('ports over channels', () => {
  it('each port has a pair of channels that begin with its number', async () => {
    const client = connect('portforward?ports=80,8080', 'v5.channel.k8s.io', 'v4.channel.k8s.io');
    await client.opened;
    await opened(4);
    expect(client.ws.protocol).toBe('v4.channel.k8s.io');
    expect(calls).toEqual([['portForward', [80, 8080]]]);
    expect(runtime.connections[0]!.request.headers['x-stream-protocol-version']).toBe('portforward.k8s.io');
    expect(runtime.connections[0]!.streams.map(({ headers, ended }) => ({ ...headers, ended }))).toEqual([
      { streamtype: 'error', port: '80', requestid: '0', ended: true },
      { streamtype: 'data', port: '80', requestid: '0', ended: false },
      { streamtype: 'error', port: '8080', requestid: '1', ended: true },
      { streamtype: 'data', port: '8080', requestid: '1', ended: false },
    ]);

    client.ws.send(Buffer.from('\x02GET /'));
    client.ws.send(Buffer.from('\x01to the error channel'));
    await vi.waitFor(() => expect(stream('data', '1').received.toString()).toBe('GET /'));
    expect(stream('error', '0').received).toHaveLength(0);
    stream('data', '1').write('<html>');
    stream('error', '0').write('connection refused');
    for (const { end } of runtime.connections[0]!.streams) end();
    expect(await client.closed).toBe(1000);
    expect(client.messages).toEqual([
      [0, '\x50\0'],
      [1, '\x50\0'],
      [2, '\x90\x1f'],
      [3, '\x90\x1f'],
      [2, '<html>'],
      [1, 'connection refused'],
    ]);
    await Promise.all(sessions);
  });

  it('a stream that the runtime resets counts as over', async () => {
    const client = connect('portforward?ports=80', 'v4.channel.k8s.io');
    await client.opened;
    await opened(2);
    for (const { reset } of runtime.connections[0]!.streams) reset();
    expect(await client.closed).toBe(1000);
    await Promise.all(sessions);
  });
});

describe('SPDY through a WebSocket', () => {
  beforeEach(() => {
    runtime.raw = true;
  });

  /** `ws` takes no subprotocol with a slash, so the handshake is done by hand and its messages are read by `ws`' receiver. */
  async function tunnel() {
    const req = request({
      port: port(),
      path: '/portforward',
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
      },
    });
    const { res, socket } = await new Promise<{ res: IncomingMessage; socket: Socket }>((resolve, reject) => {
      req
        .on('upgrade', (res, socket) => resolve({ res, socket: socket as Socket }))
        .on('error', reject)
        .end();
    });
    const ws = new WebSocket(null as unknown as string, undefined, {} as never);
    Object.assign(ws, { _isServer: false });
    (ws as unknown as { setSocket(socket: Socket, head: Buffer, options: object): void }).setSocket(
      socket,
      Buffer.alloc(0),
      {
        allowSynchronousEvents: true,
        maxPayload: 0,
        skipUTF8Validation: false,
      },
    );
    const closed = new Promise<number>((resolve) => ws.on('close', resolve));
    return { res, ws, closed };
  }

  it('carries bytes both ways and closes when the runtime ends', async () => {
    const { res, ws, closed } = await tunnel();
    expect(res.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io');
    expect(calls).toEqual([['portForward', []]]);
    const { socket: far } = runtime.connections[0]!;
    const got: Buffer[] = [];
    far.on('data', (chunk: Buffer) => got.push(chunk));
    const received: Buffer[] = [];
    ws.on('message', (data: Buffer) => received.push(data));
    ws.send(Buffer.alloc(3_000_000, 'u'));
    far.write(Buffer.alloc(3_000_000, 'd'));
    await vi.waitFor(() => expect(Buffer.concat(got)).toHaveLength(3_000_000));
    far.end('bye');
    expect(await closed).toBe(1000);
    expect(Buffer.concat(received).equals(Buffer.from(`${'d'.repeat(3_000_000)}bye`))).toBe(true);
    await Promise.all(sessions);
  });

  it('ends the runtime’s connection with the client’s', async () => {
    const { ws } = await tunnel();
    runtime.connections[0]!.socket.resume();
    ws.terminate();
    await Promise.all(sessions);
    await vi.waitFor(() => expect(runtime.connections[0]!.socket.destroyed).toBe(true));
  });
});
