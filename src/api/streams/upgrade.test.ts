import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { badRequest } from '../../kube/errors.ts';
import { type StreamApi, startStreamApi } from './stream-api.fake.ts';

let api: StreamApi;
beforeEach(async () => {
  api = await startStreamApi();
});
afterEach(() => api.close());

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
        api.functions = { ...api.functions, attach: () => Promise.reject(badRequest('container main is not running')) };
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
        api.functions = { ...api.functions, attach: () => Promise.reject(new Error('boom')) };
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
        api.runtime.refuse = { status: 403, body: 'unable to upgrade: unable to negotiate protocol\n' };
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
        api.runtime.refuse = { status: 404, body: '' };
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
    expect(await api.refused(path, headers)).toEqual({
      code,
      body: expect.objectContaining({ kind: 'Status', status: 'Failure', code, reason, message }),
    });
    await Promise.all(api.sessions);
  });

  it('nobody listens', async () => {
    const { url } = api.runtime;
    await api.runtime.close();
    const { code, body } = await api.refused('exec?command=ls&stdout=1', spdy);
    expect(code).toBe(500);
    expect(body.message).toMatch(`error dialing backend: ${url.host}: `);
  });

  it('a client that leaves while the runtime thinks leaves nothing', async () => {
    let answer = (_: URL): void => {};
    api.functions = {
      ...api.functions,
      exec: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    };
    const req = api.request('exec?command=ls&stdout=1', spdy);
    req.on('error', () => {}).end();
    await eventually(() => expect(api.clients).toHaveLength(1));
    api.clients[0]!.destroy();
    answer(api.runtime.url);
    await Promise.all(api.sessions);
    expect(api.runtime.connections.filter(({ socket }) => !socket.destroyed)).toEqual([]);
  });
});
