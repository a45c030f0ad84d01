import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { type StreamApi, startStreamApi } from './stream-api.fake.ts';

let api: StreamApi;
beforeEach(async () => {
  api = await startStreamApi();
});
afterEach(() => api.close());

describe('SPDY passes through', () => {
  beforeEach(() => {
    api.runtime.raw = true;
  });

  it('with the client’s protocols and without its credentials', async () => {
    const { res } = await api.upgradeSpdy('exec?command=sh&command=-c&stdin=1&stdout=1&tty=1', {
      Authorization: 'Bearer secret',
      Cookie: 'a=b',
    });
    expect(res.headers['x-stream-protocol-version']).toBe('v5.channel.k8s.io');
    expect(api.calls).toEqual([
      ['exec', 'main', { command: ['sh', '-c'], stdin: true, stdout: true, stderr: false, tty: true }],
    ]);
    const { method, url, headers } = api.connection.request;
    expect({ method, url }).toEqual({ method: 'POST', url: '/exec/token' });
    expect(headers).toEqual({
      connection: 'Upgrade',
      'content-length': '0',
      upgrade: 'SPDY/3.1',
      host: api.runtime.url.host,
      'x-stream-protocol-version': 'v5.channel.k8s.io, v4.channel.k8s.io',
    });
  });

  it('bytes go both ways unchanged; the end of the runtime ends the client after all that was sent', async () => {
    const big = Buffer.alloc(5_000_000, 'x');
    const { socket } = await api.upgradeSpdy('exec?command=ls&stdout=1');
    const { socket: far } = api.connection;
    const got = far.toArray();
    socket.write('from the client');
    far.write(big);
    far.end('the last');
    const read = Buffer.concat(await socket.toArray());
    expect(read.equals(Buffer.concat([big, Buffer.from('the last')]))).toBe(true);
    socket.end();
    expect(Buffer.concat(await got).toString()).toBe('from the client');
    await Promise.all(api.sessions);
  });

  it('a slow reader gets everything although the runtime has long closed', async () => {
    const { socket } = await api.upgradeSpdy('exec?command=ls&stdout=1');
    const { socket: far } = api.connection;
    far.end(Buffer.alloc(20_000_000, 'x'));
    let size = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      size += chunk.length;
      socket.write('still typing');
      if (size < 1_000_000) await sleep(5);
    }
    expect(size).toBe(20_000_000);
    await Promise.all(api.sessions);
  });

  it('holds the runtime back while the client does not read', async () => {
    const { socket } = await api.upgradeSpdy('exec?command=ls&stdout=1');
    socket.pause();
    const { socket: far } = api.connection;
    for (let i = 0; i < 200; i++) far.write(Buffer.alloc(1_000_000));
    await sleep(300);
    expect(far.writableLength).toBeGreaterThan(100_000_000);
    expect(api.clients[0]!.writableLength).toBeLessThan(1_000_000);
    socket.destroy();
    await Promise.all(api.sessions);
  });

  it.each<[string, (client: Socket, far: Socket) => void]>([
    ['the client is killed', (client) => client.destroy()],
    ['the client resets', (client) => client.resetAndDestroy()],
    ['the runtime is killed', (_, far) => far.destroy()],
    ['the runtime resets', (_, far) => far.resetAndDestroy()],
    ['the node stops', () => api.stop.abort()],
  ])('nothing is left when %s', async (_, end) => {
    const { socket } = await api.upgradeSpdy('exec?command=ls&stdout=1');
    socket.on('error', () => {}).resume();
    const { socket: far } = api.connection;
    far.resume();
    end(socket, far);
    await Promise.all(api.sessions);
    await eventually(() =>
      expect([socket.destroyed, far.destroyed, api.clients[0]!.destroyed]).toEqual([true, true, true]),
    );
  });
});
