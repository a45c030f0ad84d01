import { Readable, Writable } from 'node:stream';
import WebSocket, { type ClientOptions } from 'ws';
import type { Status } from '../../kube/generated/objects.ts';
import { Failure } from '../command.ts';
import { bodyOf } from './cluster.ts';
import { ServerError } from './server-error.ts';

/** Bytes on their way to the server after which the source has to wait. */
const HIGH_WATER = 1 << 20;
const DRAIN_POLL_MS = 5;

/**
 * Opens the library's WebSockets so that a refusal carries the server's Status (the library tells the HTTP code only), and keeps the socket
 * at hand for back pressure.
 */
export function socketFactory(onSocket: (socket: WebSocket) => void) {
  return (url: string, protocols: string[], options: ClientOptions): WebSocket => {
    const socket = new WebSocket(url, protocols, options);
    socket.on('unexpected-response', (_request, response) => {
      void bodyOf(response).then((body) => socket.emit('error', refusal(body, response.statusCode ?? 0)));
    });
    onSocket(socket);
    return socket;
  };
}

/** The error of a connection that could not be made, from the library's ErrorEvent or anything else. */
export function connectionError(event: unknown): Error {
  const error = (event as { error?: unknown }).error ?? event;
  if (error instanceof Failure) return error;
  return new Failure(`Unable to connect to the server: ${(error as Error).message ?? String(error)}`, {
    whole: true,
    cause: error,
  });
}

function refusal(body: string, code: number): ServerError {
  try {
    const status = JSON.parse(body) as Status;
    if (status.kind === 'Status') return new ServerError(status);
  } catch {
    // Not a Status: the text is the message.
  }
  return new ServerError({ code, message: body.trim() || `the server refused the connection with code ${code}` });
}

/** Writes to `target`, and makes the WebSocket wait while `target` cannot take more. `end` leaves `target` open. */
export function slowingWriter(target: Writable, socket: () => WebSocket | undefined): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      if (!target.write(chunk)) {
        socket()?.pause();
        target.once('drain', () => socket()?.resume());
      }
      done();
    },
  });
}

/**
 * Reads from `source` only as fast as the WebSocket takes it. The library closes the WebSocket when what it reads has ended, and with it the
 * other direction: `linger` is waited for before that.
 */
export function slowingReader(
  source: Readable,
  socket: () => WebSocket | undefined,
  linger: () => Promise<void> = async () => {},
): Readable {
  return Readable.from(
    (async function* () {
      // Iterated plainly, a socket that can only be written to any more would be destroyed.
      for await (const chunk of source.iterator({ destroyOnReturn: false })) {
        yield chunk as Buffer;
        while ((socket()?.bufferedAmount ?? 0) > HIGH_WATER)
          await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
      }
      await linger();
    })(),
    { objectMode: false },
  );
}
