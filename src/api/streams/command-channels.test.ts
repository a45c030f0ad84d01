import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { eventually } from '../../../test/eventually.ts';
import { type StreamApi, startStreamApi } from './stream-api.fake.ts';

const SUCCESS = '{"metadata":{},"status":"Success"}';

let api: StreamApi;
beforeEach(async () => {
  api = await startStreamApi();
});
afterEach(() => api.close());

const opened = (count: number) => eventually(() => expect(api.connection?.streams).toHaveLength(count));
const streamTypes = () => api.connection.streams.map(({ headers }) => headers.streamtype);

describe('a command over channels', () => {
  const all = 'exec?command=cat&stdin=true&stdout=true&stderr=true';

  it('opens what was asked for, carries it, and closes with the status last', async () => {
    const client = api.connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    expect(client.ws.protocol).toBe('v5.channel.k8s.io');
    expect(streamTypes()).toEqual(['error', 'stdin', 'stdout', 'stderr']);
    expect(api.connection.request.headers['x-stream-protocol-version']).toBe('v4.channel.k8s.io');

    client.ws.send(Buffer.from('\0typed'));
    client.ws.send(Buffer.from([255, 0]));
    await eventually(() => expect(api.stream('stdin')).toMatchObject({ received: Buffer.from('typed'), ended: true }));
    client.ws.send(Buffer.from('\0after the end'));

    api.stream('error').write(SUCCESS);
    api.stream('error').end();
    api.stream('stdout').write('out');
    api.stream('stderr').write('err');
    api.stream('stdout').write('put');
    api.stream('stdout').end();
    await sleep(20);
    expect(client.messages).toEqual([
      [1, 'out'],
      [2, 'err'],
      [1, 'put'],
    ]);
    api.stream('stderr').end();
    expect(await client.closed).toBe(1000);
    expect(client.messages.at(-1)).toEqual([3, SUCCESS]);
    expect(api.stream('stdin').received.toString()).toBe('typed');
    await Promise.all(api.sessions);
  });

  it('uses no channel that the client did not name', async () => {
    const client = api.connect('exec?command=true&stdout=true', 'v5.channel.k8s.io');
    await client.opened;
    await opened(2);
    expect(streamTypes()).toEqual(['error', 'stdout']);
    for (const channel of [0, 2, 4, 9, 255]) client.ws.send(Buffer.from([channel, 65]));
    client.ws.send(Buffer.alloc(0));
    api.stream('stdout').end();
    api.stream('error').end();
    await client.closed;
    expect(client.messages).toEqual([[3, '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}']]);
    expect(api.connection.streams.map(({ received }) => received.length)).toEqual([0, 0]);
  });

  it('resizes a terminal', async () => {
    const client = api.connect('exec?command=sh&stdin=1&stdout=1&stderr=1&tty=1', 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    expect(streamTypes()).toEqual(['error', 'stdin', 'stdout', 'resize']);
    client.ws.send(Buffer.from('\x04{"Width":80,"Height":24}'));
    await eventually(() => expect(api.stream('resize').received.toString()).toBe('{"Width":80,"Height":24}'));
  });

  const failure =
    '{"metadata":{},"status":"Failure","message":"command terminated with exit code 3","reason":"NonZeroExitCode"}';
  it.each<[string, string[], unknown[]]>([
    ['JSON since v4', ['v4.channel.k8s.io'], [[3, failure]]],
    ['text before', ['channel.k8s.io'], [[3, 'command terminated with exit code 3']]],
    ['text without a protocol', [], [[3, 'command terminated with exit code 3']]],
  ])('the status is %s', async (_, protocols, expected) => {
    const client = api.connect('exec?command=false&stdout=true', ...protocols);
    await client.opened;
    await opened(2);
    api.stream('stdout').end();
    api.stream('error').write(failure);
    api.stream('error').end();
    await client.closed;
    expect(client.messages).toEqual(expected);
  });

  it('speaks base64', async () => {
    const client = api.connect('exec?command=cat&stdin=1&stdout=true', 'base64.channel.k8s.io');
    await client.opened;
    await opened(3);
    client.ws.send('0dHlwZWQ=');
    await eventually(() => expect(api.stream('stdin').received.toString()).toBe('typed'));
    api.stream('stdout').write('\xff');
    api.stream('stdout').end();
    api.stream('error').write(SUCCESS);
    api.stream('error').end();
    await client.closed;
    expect(client.messages).toEqual([[0x31, 'w78=']]);
  });

  it('tells of a runtime that dies', async () => {
    const client = api.connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    api.stream('stdout').write('half');
    await eventually(() => expect(client.messages).toHaveLength(1));
    api.connection.socket.destroy();
    expect(await client.closed).toBe(1000);
    expect(client.messages.map(([channel]) => channel)).toEqual([1, 3]);
    expect(JSON.parse(client.messages[1]![1])).toMatchObject({
      status: 'Failure',
      reason: 'InternalError',
      message: 'Internal error occurred: the runtime closed the connection before the command had ended',
    });
    await Promise.all(api.sessions);
  });

  it('what a client wrote before it left still arrives', async () => {
    const client = api.connect(all, 'v4.channel.k8s.io');
    await client.opened;
    client.ws.send(Buffer.concat([Buffer.from([0]), Buffer.alloc(1_000_000, 'x')]));
    client.ws.close();
    await opened(4);
    await eventually(() => expect(api.stream('stdin').received).toHaveLength(1_000_000));
    await Promise.all(api.sessions);
  });

  it('a slow reader gets all of the output and then the status', async () => {
    const client = api.connect('exec?command=ls&stdout=true', 'v5.channel.k8s.io');
    await client.opened;
    await opened(2);
    client.ws.pause();
    for (let i = 0; i < 200; i++) api.stream('stdout').write(Buffer.alloc(100_000, 'x'));
    api.stream('stdout').end();
    api.stream('error').write(SUCCESS);
    api.stream('error').end();
    api.connection.socket.end();
    await sleep(200);
    expect(api.clients[0]!.writableLength).toBeLessThan(1_000_000);
    client.ws.resume();
    await client.closed;
    expect(client.messages.reduce((sum, [channel, text]) => sum + (channel === 1 ? text.length : 0), 0)).toBe(
      20_000_000,
    );
    expect(client.messages.at(-1)![0]).toBe(3);
  });

  it('holds the client back while the command does not read', async () => {
    const client = api.connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    api.connection.socket.pause();
    for (let i = 0; i < 300; i++) client.ws.send(Buffer.alloc(100_000));
    await sleep(200);
    expect(client.ws.bufferedAmount).toBeGreaterThan(5_000_000);
    api.connection.socket.resume();
    client.ws.send(Buffer.from([255, 0]));
    await eventually(() => expect(api.stream('stdin').ended).toBe(true));
    expect(api.stream('stdin').received).toHaveLength(300 * 99_999);
  });

  it.each<[string, (client: WebSocket) => void]>([
    ['the client closes', (client) => client.close()],
    ['the client is killed', (client) => client.terminate()],
    ['the node stops', () => api.stop.abort()],
    [
      'the client breaks the protocol',
      (client) => void (client as unknown as { _socket: Socket })._socket.write(Buffer.from([0xff, 0xff, 0xff])),
    ],
  ])('nothing is left when %s', async (_, end) => {
    const client = api.connect(all, 'v5.channel.k8s.io');
    await client.opened;
    await opened(4);
    end(client.ws);
    await Promise.all(api.sessions);
    await eventually(() => expect([api.connection.socket.destroyed, api.clients[0]!.destroyed]).toEqual([true, true]));
  });
});
