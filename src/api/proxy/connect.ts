import { type ClientRequest, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { goError } from '../../kube/go-errors.ts';
import type { ProxyAddress } from './address.ts';
import type { RawHeaders } from './headers.ts';

/** Opens a connection to a Pod; tests reach others with it. */
export type Dial = (address: { host: string; port: number }) => Socket;

export interface ProxiedRequest {
  address: ProxyAddress;
  method: string;
  /** Escaped, with the query. */
  path: string;
  headers: RawHeaders;
  dial: Dial;
}

/** How long a Pod may take to accept a connection, ms (the dialer of kube-apiserver's proxy transport). */
const DIAL_TIMEOUT = 30_000;

export const dialTcp: Dial = ({ host, port }) => connect({ host, port });

/** Begins a request to a Pod on a connection of its own. A Pod's certificate is not verified, as kube-apiserver does not. */
export function connectPod({ address, method, path, headers, dial }: ProxiedRequest): ClientRequest {
  const open = (): Socket => {
    const tcp = dial(address);
    tcp.setNoDelay(true);
    const timer = setTimeout(() => tcp.destroy(new Error(`dial tcp ${address.text}: i/o timeout`)), DIAL_TIMEOUT);
    const settled = () => clearTimeout(timer);
    tcp.once('connect', settled).once('close', settled);
    if (address.scheme === 'http') return tcp;
    const options: ConnectionOptions = { socket: tcp, rejectUnauthorized: false };
    return connectTls(options);
  };
  return request({ method, path, headers, host: address.host, port: address.port, createConnection: open });
}

/** A failure to reach a Pod in Go's words. */
export function unreachable(error: unknown, { text }: ProxyAddress, socket: Socket | null): string {
  const { code = '', message } = error as Error & { code?: string };
  if (message === 'socket hang up') return 'EOF';
  if (/wrong version number|packet length too long/.test(message))
    return 'http: server gave HTTP response to HTTPS client';
  if (code.startsWith('HPE_'))
    return `net/http: HTTP/1.x transport connection broken: malformed HTTP response (${message})`;
  return goError(error, text, socket);
}
