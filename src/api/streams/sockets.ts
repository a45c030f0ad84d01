import { Socket } from 'node:net';
import type { Duplex, Writable } from 'node:stream';

/** How long a peer may take to end its side after it was told that this is the end, ms. */
const LINGER = 5_000;
/**
 * How long a client may take to read what is still on its way to it after the other side has ended, ms. Closing sooner would make the kernel reset the
 * connection on the client's next packet and throw away what a slow reader has not read yet (kubernetes `util/proxy/websocket.go`, finish).
 */
export const DRAIN = 15 * 60_000;

/** Prepares a connection for streams: no delay of small packets (without it a keystroke takes 40 ms), a probe of silent peers, no time-out. */
export function tuneSocket(socket: Duplex): void {
  if (!(socket instanceof Socket)) return;
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  socket.setTimeout(0);
}

/**
 * Holds back `source` while `sink` has more to write than it should keep in memory. Call the result after each write.
 */
export function holdWhileFull(source: { pause(): unknown; resume(): unknown }, sink: Writable): () => void {
  let held = false;
  return () => {
    if (held || !sink.writableNeedDrain) return;
    held = true;
    source.pause();
    sink.once('drain', () => {
      held = false;
      source.resume();
    });
  };
}

/** Ends a socket after what was written has been sent, reads on to nowhere, and destroys it when the peer has not ended within `linger` ms. */
export function closeGently(socket: Duplex, linger = LINGER): void {
  if (socket.destroyed) return;
  if (!socket.writableEnded) socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), linger).unref();
  socket.once('close', () => clearTimeout(timer));
}

/**
 * Joins a client with a runtime until either has ended: bytes flow both ways with back-pressure, the end of one ends the other after what is on its way
 * has arrived, an error of one destroys both. Resolves when both are closed.
 */
export async function joinSockets(client: Duplex, runtime: Duplex): Promise<void> {
  const destroyBoth = () => {
    client.destroy();
    runtime.destroy();
  };
  pipeUntilEnd(client, runtime, LINGER);
  pipeUntilEnd(runtime, client, DRAIN);
  client.on('error', destroyBoth);
  runtime.on('error', destroyBoth);
  await Promise.all([closed(client), closed(runtime)]);
}

/** When `source` has ended nothing more can go to it either: a stream of bytes that carries frames is over when one side is. */
function pipeUntilEnd(source: Duplex, sink: Duplex, linger: number): void {
  source.pipe(sink);
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    if (!source.allowHalfOpen || source.destroyed) sink.unpipe(source);
    closeGently(sink, linger);
  };
  source.once('end', end);
  source.once('close', end);
}

/** Resolves when a socket is closed, however. */
export function closed(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
