import { createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

/** The port of a Pod that a local connection goes to. */
export interface ForwardTarget {
  namespace: string;
  pod: string;
  port: number;
}

/** @throws the system's error: EADDRINUSE, EACCES, EADDRNOTAVAIL */
export function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => resolve(server));
  });
}

/** Why it cannot listen, in the words of kubectl. */
export function listenError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const texts: Record<string, string> = {
    EADDRINUSE: 'bind: address already in use',
    EACCES: 'bind: permission denied',
    EADDRNOTAVAIL: 'bind: cannot assign requested address',
  };
  return texts[code ?? ''] ?? message;
}

/**
 * A client that has said all it has to say may still wait for the answer, and cannot be told from one that has gone: its side is closed only when
 * nothing has come for it for some seconds.
 */
async function untilQuiet(socket: Socket): Promise<void> {
  for (let before = -1; !socket.destroyed && before !== socket.bytesWritten; ) {
    before = socket.bytesWritten;
    await Promise.race([
      sleep(QUIET_MS, undefined, { ref: false }),
      new Promise((resolve) => socket.once('close', resolve)),
    ]);
  }
}

const QUIET_MS = 5_000;

/** One local connection over one WebSocket; ends both when one ends. Never rejects: what goes wrong is told. */
export async function carry(
  socket: Socket,
  cluster: Cluster,
  target: ForwardTarget,
  tellFault: (text: string) => void,
): Promise<void> {
  const { PortForward } = await import('@kubernetes/client-node/dist/portforward.js');
  const { WebSocketHandler } = await import('@kubernetes/client-node/dist/web-socket-handler.js');
  const { connectionError, slowingReader, slowingWriter, socketFactory } = await import('./session.ts');
  const { namespace, pod, port } = target;
  let webSocket: import('ws').WebSocket | undefined;
  const factory = socketFactory((opened) => {
    webSocket = opened;
    opened.on('close', () => socket.end());
  });
  socket.on('error', () => webSocket?.close());
  socket.on('close', () => webSocket?.close());
  const output = slowingWriter(socket, () => webSocket);
  const input = slowingReader(
    socket,
    () => webSocket,
    () => untilQuiet(socket),
  );
  const errors = new Writable({
    write(chunk, _encoding, done) {
      if (chunk.length > 0)
        tellFault(
          `an error occurred forwarding ${socket.localPort} -> ${port}: error forwarding port ${port} to pod ${pod}, ${chunk}`,
        );
      done();
    },
  });
  const handler = new WebSocketHandler(
    cluster.kubeConfig,
    factory as never,
    { stdin: socket, stdout: output, stderr: errors } as never,
  );
  try {
    await new PortForward(cluster.kubeConfig, false, handler).portForward(
      namespace,
      pod,
      [port],
      output,
      errors,
      input,
    );
  } catch (error) {
    const failure = connectionError(error);
    tellFault(`error forwarding port ${port} to pod ${pod}: ${failure.message}`);
    socket.destroy();
  }
}
