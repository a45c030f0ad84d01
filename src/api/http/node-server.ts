import { constants } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { badRequest, StatusError } from '../../kube/errors.ts';
import { MAX_BODY_BYTES } from './body.ts';
import type { ApiRequest, ApiResponse, Peer, StreamResponse } from './exchange.ts';
import { writeBody } from './write-body.ts';

export interface ListenOptions {
  host: string;
  /** 0 for any free one. */
  port: number;
  /** PEM. Absent for plain HTTP, in tests only: kubectl sends no credentials over it. */
  tls?: ServerTls;
  /** How long clients may take to ask; the default is DEADLINES. */
  deadlines?: Deadlines;
}

/** Milliseconds. Who takes longer is answered 408 and cut off. Answers may take any time. */
interface Deadlines {
  headers: number;
  /** Headers and body. */
  request: number;
  /** How often connections are looked at. */
  check: number;
}

interface ServerTls {
  certificate: string;
  key: string;
  /** The authority whose client certificates are believed. */
  authority: string;
  /** Small clients such as BusyBox's wget are served too: see SMALL_CLIENTS. */
  smallClients?: boolean;
}

export interface Listening {
  /** `https://127.0.0.1:6443` */
  url: string;
  port: number;
  /** New connections get the new certificate. */
  renew(tls: ServerTls): void;
  /** Ends watches and streams, lets other requests finish for a moment, and closes every connection. Idempotent. */
  close(): Promise<void>;
}

/** What serves the requests of a socket. */
export interface Handlers {
  handle(request: ApiRequest): Promise<ApiResponse>;
  upgrade(request: ApiRequest, req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

/** Why the server cannot listen. `AddressInUse` and `AddressNotAvailable` are the user's to mend. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: 'AddressInUse' | 'AddressNotAvailable' | 'NotPermitted' | 'Failed';

  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** As kube-apiserver: 32 s for headers, a minute for all. */
const DEADLINES: Deadlines = { headers: 32_000, request: 60_000, check: 10_000 };
const KEEP_ALIVE_MS = 120_000;
/** How long requests may go on after close() has been called. */
const CLOSING_MS = 1_000;
/** How long a client may leave a watch unread. */
const STUCK_MS = 60_000;

/**
 * Serves HTTP/1.1, over TLS when there is a certificate.
 * @throws ListenError
 */
export async function listen(handlers: Handlers, options: ListenOptions): Promise<Listening> {
  const { host, port, tls, deadlines = DEADLINES } = options;
  const stopping = new AbortController();
  // Every request and stream listens to it.
  setMaxListeners(0, stopping.signal);
  const limits = {
    headersTimeout: deadlines.headers,
    requestTimeout: deadlines.request,
    connectionsCheckingInterval: deadlines.check,
  };
  const peers: Peers = new WeakMap();
  const server = tls
    ? createServer({ ...tlsOptions(tls), ...limits })
    : (createHttpServer({ noDelay: true, ...limits }) as Server);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    void respond(handlers, req, res, { peers, stopping: stopping.signal });
  });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    void handlers.upgrade(requestOf(req, peers, stopping.signal), req, socket, head).catch(() => socket.destroy());
  });
  await bind(server, host, port);
  const address = server.address() as AddressInfo;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls ? 'https' : 'http'}://${shown}:${address.port}`,
    port: address.port,
    renew: (next) => server.setSecureContext(tlsOptions({ ...tls, ...next })),
    close: () => close(server, stopping),
  };
}

/**
 * Clients that do not say which signatures they know get one of SHA-1 (RFC 5246 §7.4.1.4.1), which OpenSSL gives at this level only; kube-apiserver
 * v1.33 serves them. The ciphers are the strong ones alone, so that the level allows nothing else.
 */
const SMALL_CLIENTS =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:@SECLEVEL=0';

function tlsOptions({ certificate, key, authority, smallClients = false }: ServerTls) {
  return {
    ...(smallClients && { ciphers: SMALL_CLIENTS }),
    cert: certificate,
    key,
    ca: authority,
    requestCert: true,
    // Strangers may ask for health and version; the handlers tell them from the others.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2' as const,
    ALPNProtocols: ['http/1.1'],
    // A resumed session would have to remember whose certificate it was made with.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    noDelay: true,
  };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ListenError {
  const place = `${host}:${port}`;
  const texts: Record<string, [ListenError['code'], string]> = {
    EADDRINUSE: ['AddressInUse', `${place} is taken by another process`],
    EADDRNOTAVAIL: ['AddressNotAvailable', `this machine has no address ${host}: choose another host`],
    EACCES: ['NotPermitted', `not permitted to listen on ${place}: choose a port above 1023`],
  };
  const [code, message] = texts[error.code ?? ''] ?? ['Failed', `cannot listen on ${place}: ${error.message}`];
  return new ListenError(code, message, { cause: error });
}

async function close(server: Server, stopping: AbortController): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      server.closeAllConnections();
      // Connections that have changed their protocol are not the server's any more; nobody waits for one that hangs.
      timer = setTimeout(resolve, CLOSING_MS);
    }, CLOSING_MS);
  });
  await Promise.race([closed, late]);
  clearTimeout(timer);
}

async function respond(
  { handle }: Pick<Handlers, 'handle'>,
  req: IncomingMessage,
  res: ServerResponse,
  { peers, stopping }: { peers: Peers; stopping: AbortSignal },
): Promise<void> {
  const { signal } = untilGone(res, stopping);
  try {
    const response = await handle(requestOf(req, peers, signal));
    if (response.kind === 'raw') await response.serve(req, res);
    else if (response.kind === 'stream') await stream(response, res, signal);
    else writeBody(req, res, response);
  } catch {
    // The handler has answered and logged what can be; nothing more can be said on this connection.
    res.destroy();
  }
}

/**
 * Aborts when the client has gone or the server stops. Not `AbortSignal.any`: Node 20 never forgets the signals that were made from one
 * that lives on, so each request would leave something behind.
 */
function untilGone(res: ServerResponse, stopping: AbortSignal): AbortController {
  const over = new AbortController();
  const end = () => over.abort();
  stopping.addEventListener('abort', end, { once: true });
  res.once('close', () => {
    stopping.removeEventListener('abort', end);
    end();
  });
  if (stopping.aborted) end();
  return over;
}

async function stream(
  { status, headers, run }: StreamResponse,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  res.writeHead(status, headers).flushHeaders();
  await run((chunk) => write(res, chunk, signal), signal);
  res.end();
}

/** Resolves when the client has room for more, or has gone. One that takes nothing for long is cut off. */
function write(res: ServerResponse, chunk: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted || res.write(chunk)) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => res.destroy(), STUCK_MS).unref();
    const done = (): void => {
      clearTimeout(timer);
      res.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    res.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Who is at the other end of each connection. It stays the same, since nobody may renegotiate, and taking a certificate apart costs more than most requests. */
type Peers = WeakMap<TLSSocket, Peer | 'rejected' | 'nobody'>;

function requestOf(req: IncomingMessage, peers: Peers, signal: AbortSignal): ApiRequest {
  const socket = req.socket as TLSSocket;
  const known = peers.get(socket) ?? peerOf(socket);
  peers.set(socket, known);
  const peer = known === 'nobody' ? undefined : known;
  const { remoteAddress } = req.socket;
  return {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    headers: req.headers as Record<string, string | undefined>,
    ...(peer && { peer }),
    ...(remoteAddress !== undefined && { remoteAddress }),
    readBody: () => readBody(req),
    signal,
  };
}

function peerOf(socket: TLSSocket): Peer | 'rejected' | 'nobody' {
  if (!socket.encrypted) return 'nobody';
  const { subject } = socket.getPeerCertificate();
  if (!subject) return 'nobody';
  if (!socket.authorized) return 'rejected';
  const { CN, O = [] } = subject as { CN?: string | string[]; O?: string | string[] };
  return { commonName: [CN ?? ''].flat()[0]!, organizations: [O].flat() };
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof StatusError) throw error;
    // The client has gone in the middle, or was cut off: no fault of the server's.
    throw badRequest('unexpected EOF');
  }
  return Buffer.concat(chunks);
}

function tooLarge(): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`);
}
