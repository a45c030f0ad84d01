import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { StatusError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import type { NodeFunctions } from '../node-functions.ts';
import { COMMAND_SPDY_PROTOCOL, relayCommand } from './command-channels.ts';
import { type CommandRequest, parseAttach, parseExec, parsePortForward } from './options.ts';
import { PORT_SPDY_PROTOCOL, relayPorts } from './port-channels.ts';
import { negotiateTransport, type StreamKind, type Transport } from './protocols.ts';
import { answerStatus, answerSwitching } from './raw-answer.ts';
import { connectRuntime, type RuntimeConnection } from './runtime-connection.ts';
import { joinSockets, tuneSocket } from './sockets.ts';
import { relayTunnel } from './tunnel.ts';
import { acceptWebSocket, type UpgradeSocket } from './websocket.ts';

export interface UpgradeRequest extends UpgradeSocket {
  kind: StreamKind;
  /** As it is in the store; the caller has found it and allowed the request. */
  pod: Pod;
  query: URLSearchParams;
  functions: Pick<NodeFunctions, 'exec' | 'attach' | 'portForward'>;
  log: Logger;
  /** Ends the session at once: both connections are destroyed. */
  signal?: AbortSignal;
}

/** What the query asks for, once it has been read. */
type Demand = { command: CommandRequest } | { ports: number[] };

/**
 * Serves one request for exec, attach or portforward that asks for an upgrade, from the handshake to the end of the session. `socket` and `head` are
 * those of the server's `upgrade` event, and nobody has read from the socket since. Whatever fails before the upgrade is answered here as a Status.
 * Resolves when the session is over and both connections are closed; never rejects.
 */
export async function serveUpgrade(request: UpgradeRequest): Promise<void> {
  const { socket, log, signal } = request;
  const end = () => socket.destroy();
  socket.on('error', (err) => log.debug({ ...nameOf(request), err }, 'stream: client connection failed'));
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  try {
    tuneSocket(socket);
    await serve(request);
    log.debug(nameOf(request), 'stream: ended');
  } catch (error) {
    refuse(request, error);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

async function serve(request: UpgradeRequest): Promise<void> {
  const transport = negotiateTransport(request.req.headers, request.kind);
  const demand = readDemand(request);
  const url = await openTarget(request, demand, transport);
  const runtime = await connectForClient(url, runtimeProtocols(transport, request.kind), request.socket);
  const end = () => runtime.socket.destroy();
  request.signal?.addEventListener('abort', end);
  try {
    await relay(request, transport, demand, runtime);
  } finally {
    request.signal?.removeEventListener('abort', end);
    end();
  }
}

/** Gives up when the client leaves. */
async function connectForClient(url: URL, protocols: string[], client: Duplex): Promise<RuntimeConnection> {
  const abort = new AbortController();
  const leave = () => abort.abort(new Error('the client has left'));
  if (client.destroyed) leave();
  client.once('close', leave);
  try {
    return await connectRuntime(url, protocols, abort.signal);
  } finally {
    client.off('close', leave);
  }
}

function readDemand({ kind, query, pod }: UpgradeRequest): Demand {
  if (kind === 'portforward') return { ports: parsePortForward(query, pod) };
  return { command: kind === 'exec' ? parseExec(query, pod) : parseAttach(query, pod) };
}

function openTarget({ kind, pod, functions }: UpgradeRequest, demand: Demand, transport: Transport): Promise<URL> {
  if ('ports' in demand) {
    if (transport.via === 'channels' && demand.ports.length === 0)
      throw new StatusError('BadRequest', 'query parameter "port" is required');
    return functions.portForward(pod, demand.ports);
  }
  const { container, command, streams } = demand.command;
  return kind === 'exec'
    ? functions.exec(pod, container, { ...streams, command })
    : functions.attach(pod, container, streams);
}

function runtimeProtocols(transport: Transport, kind: StreamKind): string[] {
  if (transport.via === 'spdy') return transport.protocols;
  if (transport.via === 'tunnel') return [transport.spdyProtocol];
  return [kind === 'portforward' ? PORT_SPDY_PROTOCOL : COMMAND_SPDY_PROTOCOL];
}

async function relay(
  request: UpgradeRequest,
  transport: Transport,
  demand: Demand,
  runtime: RuntimeConnection,
): Promise<void> {
  const client = request.socket;
  if (client.destroyed) return;
  if (transport.via === 'spdy') {
    answerSwitching(client, runtime.rawHeaders);
    client.write(runtime.head);
    runtime.socket.write(request.head);
    return joinSockets(client, runtime.socket);
  }
  const ws = await acceptWebSocket(request, transport.protocol);
  if (transport.via === 'tunnel') return relayTunnel({ ws, client, runtime });
  if ('ports' in demand) return relayPorts({ ws, client, runtime, transport, ports: demand.ports });
  return relayCommand({ ws, client, runtime, transport, streams: demand.command.streams });
}

function refuse(request: UpgradeRequest, error: unknown): void {
  const { socket, log } = request;
  if (socket.destroyed) {
    log.debug({ ...nameOf(request), err: error }, 'stream: the client left before it began');
    return;
  }
  const status = error instanceof StatusError ? error : new StatusError('InternalError', describe(error));
  const level = status.code >= 500 ? 'warn' : 'debug';
  log[level]({ ...nameOf(request), err: error, code: status.code }, 'stream: refused');
  answerStatus(socket, status);
}

function describe(error: unknown): string {
  return `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
}

function nameOf({ kind, pod }: UpgradeRequest): Record<string, string | undefined> {
  return { kind, namespace: pod.metadata?.namespace, pod: pod.metadata?.name };
}
