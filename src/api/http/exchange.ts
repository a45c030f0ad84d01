import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is asked, free of sockets so that tests can ask in memory. */
export interface ApiRequest {
  method: string;
  /** Undecoded path and query, as in the request line. */
  url: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>;
  /** Who the TLS handshake has proven the client to be; `rejected` when its certificate is not one of ours. */
  peer?: Peer | 'rejected';
  /** The address that the connection comes from. */
  remoteAddress?: string;
  /**
   * The whole body.
   * @throws StatusError RequestEntityTooLarge
   */
  readBody(): Promise<Buffer>;
  /** Aborts when the client has gone or the server stops. */
  signal: AbortSignal;
}

/** Subject of a client certificate that the authority has signed. */
export interface Peer {
  commonName: string;
  organizations: string[];
}

export type Headers = Record<string, string | string[]>;

/** A whole answer. */
export interface BodyResponse {
  kind: 'body';
  status: number;
  headers: Headers;
  body: string | Buffer;
}

/** An answer that goes on (watch). `run` ends when the answer does; it waits for each chunk to be taken, and ends when `signal` aborts. */
export interface StreamResponse {
  kind: 'stream';
  status: number;
  headers: Headers;
  run(write: (chunk: string) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** An answer that somebody else writes (logs). */
export interface RawResponse {
  kind: 'raw';
  serve(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

export type ApiResponse = BodyResponse | StreamResponse | RawResponse;
