import type { Duplex } from 'node:stream';
import { closed, closeGently } from './sockets.ts';
import { encodeData, encodePing, encodeReset, type Frame, frameDecoder, synStreamEncoder } from './spdy-frames.ts';

/** What the owner of a stream is told. */
export interface StreamListener {
  data?(chunk: Buffer): void;
  /** The other side will send no more: it ended the stream, reset it (`reset`), or the connection is gone (`lost`). Comes once. */
  end?(how: StreamEnd): void;
}

export type StreamEnd = 'ended' | 'reset' | 'lost';

/** One stream of a connection, as its opener sees it. */
export interface SpdyStream {
  write(data: Buffer): void;
  /** Half-closes: the other side sees the end of what was written, and may go on sending. */
  end(): void;
}

/**
 * The client's side of a SPDY/3.1 connection that has been upgraded already. It has no flow control of its own, as Kubernetes' servers have none: whoever
 * cannot take more pauses the whole connection through its socket.
 */
export class SpdyConnection {
  /** Resolves when the socket is closed and every stream has been told. */
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #listeners = new Map<number, StreamListener>();
  readonly #encodeSynStream = synStreamEncoder();
  readonly #decode = frameDecoder();
  #nextStream = 1;
  #nextPing = 1;

  /** `head` is what arrived behind the answer to the upgrade. */
  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    this.closed = closed(socket).then(() => this.#loseStreams());
    socket.on('error', () => socket.destroy());
    socket.once('end', () => this.#loseStreams());
    if (head.length > 0) socket.unshift(head);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  /** Opens a stream. The runtime may refuse it: that is a `reset`. */
  open(headers: Record<string, string>, listener: StreamListener): SpdyStream {
    const id = this.#nextStream;
    this.#nextStream += 2;
    let writable = true;
    const onEnd = (how: StreamEnd) => {
      if (how !== 'ended') writable = false;
      listener.end?.(how);
    };
    this.#listeners.set(id, { ...listener, end: onEnd });
    this.#send([this.#encodeSynStream(id, headers)]);
    return {
      write: (data) => {
        if (writable) this.#send(encodeData(id, data));
      },
      end: () => {
        if (writable) this.#send(encodeData(id, Buffer.alloc(0), true));
        writable = false;
      },
    };
  }

  /** Keeps the connection from counting as idle. */
  ping(): void {
    this.#send([encodePing(this.#nextPing)]);
    this.#nextPing = (this.#nextPing + 2) % 0x80000000;
  }

  /** Ends the connection once what was written has been sent. The streams are told nothing any more. */
  close(): void {
    this.#listeners.clear();
    closeGently(this.#socket);
  }

  #send(parts: Buffer[]): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#decode(chunk)) this.#handle(frame);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #handle(frame: Frame): void {
    switch (frame.type) {
      case 'data':
        if (frame.payload.length > 0) this.#listeners.get(frame.stream)?.data?.(frame.payload);
        if (frame.last) this.#end(frame.stream, 'ended');
        break;
      case 'syn-reply':
        if (frame.last) this.#end(frame.stream, 'ended');
        break;
      case 'rst-stream':
        this.#end(frame.stream, 'reset');
        break;
      case 'syn-stream':
        this.#send([encodeReset(frame.stream)]);
        break;
      case 'ping':
        if (frame.id % 2 === 0) this.#send([frame.raw]);
        break;
      case 'other':
    }
  }

  #end(id: number, how: StreamEnd): void {
    const listener = this.#listeners.get(id);
    this.#listeners.delete(id);
    listener?.end?.(how);
  }

  #loseStreams(): void {
    for (const id of [...this.#listeners.keys()]) this.#end(id, 'lost');
  }
}
