import { describe, expect, it } from 'vitest';
import { StatusError } from '../../kube/errors.ts';
import { negotiateTransport, type StreamKind } from './protocols.ts';

const channels = { via: 'channels', encoding: 'binary', halfClose: false, jsonStatus: true };
const webSocket = (...protocols: string[]) => ({
  upgrade: 'websocket',
  'sec-websocket-protocol': protocols.join(', '),
});

describe('what is chosen', () => {
  it.each<[string, StreamKind, Record<string, string>, unknown]>([
    [
      'kubectl over SPDY',
      'exec',
      { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v5.channel.k8s.io, v4.channel.k8s.io' },
      { via: 'spdy', protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'] },
    ],
    ['SPDY before versions', 'exec', { upgrade: 'spdy/3.1' }, { via: 'spdy', protocols: [] }],
    [
      'kubectl 1.30',
      'exec',
      webSocket('v5.channel.k8s.io'),
      { ...channels, protocol: 'v5.channel.k8s.io', halfClose: true },
    ],
    [
      'the first of the client that is known',
      'attach',
      webSocket('v9.channel.k8s.io', 'v4.channel.k8s.io', 'v5.channel.k8s.io'),
      { ...channels, protocol: 'v4.channel.k8s.io' },
    ],
    [
      'a browser with a token',
      'exec',
      webSocket('base64url.bearer.authorization.k8s.io.c2VjcmV0', 'v4.base64.channel.k8s.io'),
      { ...channels, protocol: 'v4.base64.channel.k8s.io', encoding: 'base64' },
    ],
    ['none named', 'exec', { upgrade: 'WebSocket' }, { ...channels, protocol: '', jsonStatus: false }],
    [
      'the oldest',
      'exec',
      webSocket('base64.channel.k8s.io'),
      { ...channels, protocol: 'base64.channel.k8s.io', encoding: 'base64', jsonStatus: false },
    ],
    [
      'port-forward of kubectl 1.31',
      'portforward',
      webSocket('SPDY/3.1+portforward.k8s.io'),
      { via: 'tunnel', protocol: 'SPDY/3.1+portforward.k8s.io', spdyProtocol: 'portforward.k8s.io' },
    ],
    [
      'port-forward of the JavaScript client, which offers what exec knows',
      'portforward',
      webSocket('v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io'),
      { ...channels, protocol: 'v4.channel.k8s.io' },
    ],
  ])('%s', (_, kind, headers, expected) => expect(negotiateTransport(headers, kind)).toEqual(expected));
});

describe('what is refused', () => {
  it.each<[StreamKind, Record<string, string>, number, string]>([
    ['exec', {}, 400, 'Upgrade request required'],
    ['exec', { upgrade: 'h2c' }, 400, 'unable to upgrade: unknown protocol "h2c", expected SPDY/3.1 or websocket'],
    [
      'exec',
      webSocket('v6.channel.k8s.io', 'SPDY/3.1+portforward.k8s.io'),
      403,
      'requested protocol(s) are not supported: [v6.channel.k8s.io SPDY/3.1+portforward.k8s.io]; supports [channel.k8s.io base64.channel.k8s.io v4.channel.k8s.io v4.base64.channel.k8s.io v5.channel.k8s.io]',
    ],
    [
      'portforward',
      webSocket('v5.channel.k8s.io'),
      403,
      'requested protocol(s) are not supported: [v5.channel.k8s.io]; supports [v4.channel.k8s.io v4.base64.channel.k8s.io SPDY/3.1+portforward.k8s.io]',
    ],
  ])('%s with %j', (kind, headers, code, message) => {
    const refuse = () => negotiateTransport(headers, kind);
    expect(refuse).toThrow(StatusError);
    expect(refuse).toThrow(expect.objectContaining({ code, message }));
  });
});
