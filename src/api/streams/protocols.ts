import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, StatusError } from '../../kube/errors.ts';

/** The three subresources of a Pod that are streams. */
export type StreamKind = 'exec' | 'attach' | 'portforward';

/** How a client wants to speak. `protocol` is the WebSocket subprotocol that was chosen, '' when the client named none. */
export type Transport =
  | { via: 'spdy'; protocols: string[] }
  | { via: 'channels'; protocol: string; encoding: Encoding; halfClose: boolean; jsonStatus: boolean }
  | { via: 'tunnel'; protocol: string; spdyProtocol: string };

export type ChannelTransport = Extract<Transport, { via: 'channels' }>;

/** How a WebSocket message carries its channel: a byte, or a digit before base64. */
export type Encoding = 'binary' | 'base64';

const TUNNEL = 'SPDY/3.1+';
const BEARER_TOKEN = 'base64url.bearer.authorization.k8s.io.';
const TUNNELLED = 'portforward.k8s.io';

const COMMAND_PROTOCOLS = [
  '',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'v5.channel.k8s.io',
];
const FORWARD_PROTOCOLS = ['', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', TUNNEL + TUNNELLED];

/**
 * Finds the way to speak from the headers of an upgrade request. SPDY protocol names are not judged here: the runtime picks among them, and refuses
 * in its own words.
 * @throws StatusError BadRequest when no known upgrade is asked for, Forbidden when none of the WebSocket subprotocols is known
 */
export function negotiateTransport(headers: IncomingHttpHeaders, kind: StreamKind): Transport {
  const upgrade = headers.upgrade?.toLowerCase() ?? '';
  if (upgrade === 'spdy/3.1') return { via: 'spdy', protocols: list(headers['x-stream-protocol-version']) };
  if (upgrade === 'websocket') return negotiateSubprotocol(list(headers['sec-websocket-protocol']), kind);
  throw upgrade === ''
    ? upgradeRequired()
    : badRequest(`unable to upgrade: unknown protocol ${JSON.stringify(upgrade)}, expected SPDY/3.1 or websocket`);
}

/** What a request to exec, attach or portforward gets that does not ask for an upgrade. */
export function upgradeRequired(): StatusError {
  return badRequest('Upgrade request required');
}

/** The client's order counts (`wsstream.handshake`). A bearer token that a browser had to put among the subprotocols is not one. */
function negotiateSubprotocol(offered: string[], kind: StreamKind): Transport {
  const wanted = offered.filter((name) => !name.startsWith(BEARER_TOKEN));
  const known = kind === 'portforward' ? FORWARD_PROTOCOLS : COMMAND_PROTOCOLS;
  const protocol = (wanted.length === 0 ? [''] : wanted).find((name) => known.includes(name));
  if (protocol === undefined) throw unsupported(wanted, known);
  if (protocol.startsWith(TUNNEL)) return { via: 'tunnel', protocol, spdyProtocol: protocol.slice(TUNNEL.length) };
  return {
    via: 'channels',
    protocol,
    encoding: protocol.includes('base64') ? 'base64' : 'binary',
    halfClose: protocol.startsWith('v5.'),
    jsonStatus: /^v[45]\./.test(protocol),
  };
}

function unsupported(wanted: string[], known: string[]): StatusError {
  const names = known.filter((name) => name !== '').join(' ');
  return new StatusError(
    'Forbidden',
    `requested protocol(s) are not supported: [${wanted.join(' ')}]; supports [${names}]`,
  );
}

function list(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((line) => line.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
