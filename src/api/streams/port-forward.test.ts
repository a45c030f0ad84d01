import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../../test/eventually.ts';
import { type StreamApi, startStreamApi } from './stream-api.fake.ts';

let api: StreamApi;
beforeEach(async () => {
  api = await startStreamApi();
});
afterEach(() => api.close());

const opened = (count: number) => eventually(() => expect(api.connection?.streams).toHaveLength(count));

describe('ports over channels', () => {
  it('each port has a pair of channels that begin with its number', async () => {
    const client = api.connect('portforward?ports=80,8080', 'v5.channel.k8s.io', 'v4.channel.k8s.io');
    await client.opened;
    await opened(4);
    expect(client.ws.protocol).toBe('v4.channel.k8s.io');
    expect(api.calls).toEqual([['portForward', [80, 8080]]]);
    expect(api.connection.request.headers['x-stream-protocol-version']).toBe('portforward.k8s.io');
    expect(api.connection.streams.map(({ headers, ended }) => ({ ...headers, ended }))).toEqual([
      { streamtype: 'error', port: '80', requestid: '0', ended: true },
      { streamtype: 'data', port: '80', requestid: '0', ended: false },
      { streamtype: 'error', port: '8080', requestid: '1', ended: true },
      { streamtype: 'data', port: '8080', requestid: '1', ended: false },
    ]);

    client.ws.send(Buffer.from('\x02GET /'));
    client.ws.send(Buffer.from('\x01to the error channel'));
    await eventually(() => expect(api.stream('data', '1').received.toString()).toBe('GET /'));
    expect(api.stream('error', '0').received).toHaveLength(0);
    api.stream('data', '1').write('<html>');
    api.stream('error', '0').write('connection refused');
    for (const { end } of api.connection.streams) end();
    expect(await client.closed).toBe(1000);
    expect(client.messages).toEqual([
      [0, '\x50\0'],
      [1, '\x50\0'],
      [2, '\x90\x1f'],
      [3, '\x90\x1f'],
      [2, '<html>'],
      [1, 'connection refused'],
    ]);
    await Promise.all(api.sessions);
  });

  it('a stream that the runtime resets counts as over', async () => {
    const client = api.connect('portforward?ports=80', 'v4.channel.k8s.io');
    await client.opened;
    await opened(2);
    for (const { reset } of api.connection.streams) reset();
    expect(await client.closed).toBe(1000);
    await Promise.all(api.sessions);
  });
});

describe('SPDY through a WebSocket', () => {
  beforeEach(() => {
    api.runtime.raw = true;
  });

  /** `ws` takes no subprotocol with a slash, so the handshake is done by hand and its messages are read by `ws`' receiver. */
  async function tunnel() {
    const req = api.request(
      'portforward',
      {
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
      },
      'GET',
    );
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
    expect(api.calls).toEqual([['portForward', []]]);
    const { socket: far } = api.connection;
    const got: Buffer[] = [];
    far.on('data', (chunk: Buffer) => got.push(chunk));
    const received: Buffer[] = [];
    ws.on('message', (data: Buffer) => received.push(data));
    ws.send(Buffer.alloc(3_000_000, 'u'));
    far.write(Buffer.alloc(3_000_000, 'd'));
    await eventually(() => expect(Buffer.concat(got)).toHaveLength(3_000_000));
    far.end('bye');
    expect(await closed).toBe(1000);
    expect(Buffer.concat(received).equals(Buffer.from(`${'d'.repeat(3_000_000)}bye`))).toBe(true);
    await Promise.all(api.sessions);
  });

  it('ends the runtime’s connection with the client’s', async () => {
    const { ws } = await tunnel();
    api.connection.socket.resume();
    ws.terminate();
    await Promise.all(api.sessions);
    await eventually(() => expect(api.connection.socket.destroyed).toBe(true));
  });
});
