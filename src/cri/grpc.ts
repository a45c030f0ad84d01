import { type CallOptions, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { fromJSON, type MethodDefinition, type PackageDefinition } from '@grpc/proto-loader';
import descriptors from './proto/descriptors.json' with { type: 'json' };
import { RuntimeError, type RuntimeErrorCode } from './runtime.ts';

export interface UnaryOptions {
  /** Milliseconds; undefined waits for ever. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** One connection to a runtime's socket, over which several services are called. Calls reject with RuntimeError. */
export interface Connection {
  /** @param method as `RuntimeService/Version` with the service's full name, e.g. `runtime.v1.RuntimeService/Version` */
  call<Response>(method: string, request: object, options?: UnaryOptions): Promise<Response>;
  /** The messages of a stream; ends with the stream, throws when it breaks, is cancelled by `signal` or by leaving the loop. */
  stream<Response>(method: string, request: object, signal: AbortSignal): AsyncIterable<Response>;
  /** Reads a message that came packed in another. */
  decode<Message>(type: string, bytes: Buffer): Message;
  close(): void;
}

/** Opens nothing yet: the socket is dialled at the first call, and again by itself when it was lost. */
export function connect(socket: string): Connection {
  const definitions = fromJSON(descriptors as Parameters<typeof fromJSON>[0], LOADING);
  const client = new Client(`unix://${socket}`, credentials.createInsecure(), CHANNEL);
  return {
    call: (method, request, options = {}) => call(client, methodOf(definitions, method), request, options),
    stream: (method, request, signal) => stream(client, methodOf(definitions, method), request, signal),
    decode: (type, bytes) => decode(definitions, type, bytes),
    close: () => client.close(),
  };
}

const LOADING = { longs: String, enums: String, defaults: true } as const;
/** A restart of containerd takes 30 ms; the library would wait up to two minutes before it dials again. Lists and exec output may be large. */
const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.max_receive_message_length': 64 << 20,
};
/** containerd's own services are asked in the namespace of its CRI plugin; CRI ignores it. */
const NAMESPACE = 'k8s.io';

function methodOf(definitions: PackageDefinition, name: string): MethodDefinition<object, object> {
  const [service = '', method = ''] = name.split('/');
  const found = (definitions[service] as Record<string, MethodDefinition<object, object>> | undefined)?.[method];
  if (!found) throw new Error(`no method ${name} in descriptors.json`);
  return found;
}

function decode<Message>(definitions: PackageDefinition, type: string, bytes: Buffer): Message {
  const found = definitions[type] as { deserialize?(bytes: Buffer): object } | undefined;
  if (!found?.deserialize) throw new Error(`no message ${type} in descriptors.json`);
  return found.deserialize(bytes) as Message;
}

function call<Response>(
  client: Client,
  method: MethodDefinition<object, object>,
  request: object,
  { timeoutMs, signal }: UnaryOptions,
): Promise<Response> {
  const { path, requestSerialize, responseDeserialize } = method;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const settings: CallOptions = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const pending = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata(),
      settings,
      done,
    );
    const abort = () => pending.cancel();
    signal?.addEventListener('abort', abort, { once: true });
    function done(error: ServiceError | null, response?: object) {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted && error) reject(signal.reason);
      else if (error) reject(runtimeError(error));
      else resolve(response as Response);
    }
  });
}

async function* stream<Response>(
  client: Client,
  method: MethodDefinition<object, object>,
  request: object,
  signal: AbortSignal,
): AsyncIterable<Response> {
  const { path, requestSerialize, responseDeserialize } = method;
  const messages = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata());
  const abort = () => messages.cancel();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for await (const message of messages) yield message as Response;
  } catch (error) {
    if (!signal.aborted) throw runtimeError(error as ServiceError);
  } finally {
    signal.removeEventListener('abort', abort);
    messages.cancel();
  }
}

function metadata(): Metadata {
  const entries = new Metadata();
  entries.set('containerd-namespace', NAMESPACE);
  return entries;
}

const CODES: Partial<Record<status, RuntimeErrorCode>> = {
  [status.CANCELLED]: 'Cancelled',
  [status.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
  [status.NOT_FOUND]: 'NotFound',
  [status.ALREADY_EXISTS]: 'AlreadyExists',
  [status.UNIMPLEMENTED]: 'Unimplemented',
  [status.UNAVAILABLE]: 'Unavailable',
};

function runtimeError(error: ServiceError): RuntimeError {
  return new RuntimeError(codeOf(error), error.details || error.message, { cause: error });
}

function codeOf({ code, details = '' }: ServiceError): RuntimeErrorCode {
  return CODES[code] ?? UNCODED.find(([text]) => text.test(details))?.[1] ?? 'Failed';
}

/** What containerd (1.6 to 2.x) gives no code of its own: a name that is taken, an exec that ran out of time, CRI still recovering after a start. */
const UNCODED: [RegExp, RuntimeErrorCode][] = [
  [/name .* is reserved for /, 'AlreadyExists'],
  [/timeout .* exceeded|deadline exceeded/, 'DeadlineExceeded'],
  [/server is not initialized yet/, 'Unavailable'],
];
