import { type CallOptions, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import protobuf, { type INamespace, type Method, type Root, type Type } from 'protobufjs/light.js';
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
  const root = protobuf.Root.fromJSON(descriptors as INamespace);
  const client = new Client(`unix://${socket}`, credentials.createInsecure(), CHANNEL);
  return {
    call: (method, request, options = {}) => call(client, methodOf(root, method), request, options),
    stream: (method, request, signal) => stream(client, methodOf(root, method), request, signal),
    decode: (type, bytes) => toMessage(typeOf(root, type), bytes),
    close: () => client.close(),
  };
}

const READING = { longs: String, enums: String, defaults: true } as const;
/** A restart of containerd takes 30 ms; the library would wait up to two minutes before it dials again. Lists and exec output may be large. */
const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.max_receive_message_length': 64 << 20,
};
/** containerd's own services are asked in the namespace of its CRI plugin; CRI ignores it. */
const NAMESPACE = 'k8s.io';

/** How a method is called. Types are looked up when they are first needed: most of them never are. */
interface Callable {
  path: string;
  serialize(request: object): Buffer;
  deserialize(bytes: Buffer): object;
}

function methodOf(root: Root, name: string): Callable {
  const [serviceName = '', methodName = ''] = name.split('/');
  const service = root.lookup(serviceName, protobuf.Service) as protobuf.Service | null;
  const method: Method | undefined = service?.methods[methodName];
  if (!service || !method) throw new Error(`no method ${name} in descriptors.json`);
  const requestType = service.lookupType(method.requestType);
  const responseType = service.lookupType(method.responseType);
  return {
    path: `/${name}`,
    serialize: (request) => toBytes(requestType, request),
    deserialize: (bytes) => toMessage(responseType, bytes),
  };
}

function typeOf(root: Root, name: string): Type {
  const found = root.lookup(name, protobuf.Type) as Type | null;
  if (!found) throw new Error(`no message ${name} in descriptors.json`);
  return found;
}

function toBytes(type: Type, message: object): Buffer {
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

function toMessage<Message>(type: Type, bytes: Buffer): Message {
  return type.toObject(type.decode(bytes), READING) as Message;
}

function call<Response>(
  client: Client,
  { path, serialize, deserialize }: Callable,
  request: object,
  { timeoutMs, signal }: UnaryOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const settings: CallOptions = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const pending = client.makeUnaryRequest(path, serialize, deserialize, request, metadata(), settings, done);
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
  { path, serialize, deserialize }: Callable,
  request: object,
  signal: AbortSignal,
): AsyncIterable<Response> {
  const messages = client.makeServerStreamRequest(path, serialize, deserialize, request, metadata());
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
  // The client's own words about the address, empty for a socket.
  const text = (error.details || error.message).replace(/ Resolution note: *$/, '');
  return new RuntimeError(codeOf(error), text, { cause: error });
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
