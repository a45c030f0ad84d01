import protobuf, { type Reader } from 'protobufjs/light.js';
import { MessageReader } from './message-reader.ts';

/** `k8s` and a NUL: what every protobuf body of Kubernetes begins with. */
const PREFIX = Buffer.from('k8s\0');

/** What a body is said to hold. */
export interface TypeMeta {
  apiVersion: string;
  kind: string;
}

/** A body that is no protobuf message of Kubernetes. */
export class BadProtobuf extends Error {
  override readonly name = 'BadProtobuf';
}

/** A message of a kind whose fields are not known. */
export class UnknownMessage extends Error {
  override readonly name = 'UnknownMessage';
}

/**
 * The JSON of an object that a client sends as protobuf: the prefix, then a `runtime.Unknown` that names the kind and holds the message
 * (apimachinery `runtime/serializer/protobuf`). Fields that Go could not leave out and that say nothing are left out, as a JSON body would.
 * Fields with unknown numbers are passed over.
 * @param expected the kind, should the body not name it
 * @throws BadProtobuf
 * @throws UnknownMessage
 */
export function decodeProtobuf(body: Buffer, expected: TypeMeta = { apiVersion: '', kind: '' }): object {
  if (!body.subarray(0, PREFIX.length).equals(PREFIX))
    throw new BadProtobuf(
      `the provided data does not appear to be a protobuf message, expected prefix [${[...PREFIX].join(' ')}]`,
    );
  return wellFormed(() => {
    const unknown = readUnknown(body.subarray(PREFIX.length));
    if (unknown.contentEncoding !== '')
      throw new BadProtobuf(`the content encoding ${unknown.contentEncoding} is not read`);
    const type = { apiVersion: unknown.apiVersion || expected.apiVersion, kind: unknown.kind || expected.kind };
    const message = messageOf(type);
    const reader = new MessageReader();
    if (message === undefined || !reader.knows(message))
      throw new UnknownMessage(`${type.apiVersion || '""'}, Kind=${type.kind || '""'}`);
    return { ...type, ...reader.read(message, unknown.raw) };
  });
}

/** core.v1.Pod, coordination.v1.Lease: DeleteOptions belong to every group. */
function messageOf({ apiVersion, kind }: TypeMeta): string | undefined {
  if (kind === 'DeleteOptions') return 'meta.v1.DeleteOptions';
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  if (group !== 'core' && group !== 'policy' && !group?.endsWith('.k8s.io')) return undefined;
  return `${group.replace(/\.k8s\.io$/, '')}.${version}.${kind}`;
}

interface Unknown extends TypeMeta {
  raw: Uint8Array;
  contentEncoding: string;
}

function readUnknown(bytes: Uint8Array): Unknown {
  const reader = protobuf.Reader.create(bytes);
  const unknown: Unknown = { apiVersion: '', kind: '', raw: new Uint8Array(), contentEncoding: '' };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) Object.assign(unknown, readTypeMeta(reader));
    else if (tag === 0x12) unknown.raw = reader.bytes();
    else if (tag === 0x1a) unknown.contentEncoding = reader.string();
    else reader.skipType(tag & 7);
  }
  return unknown;
}

function readTypeMeta(outer: Reader): Partial<TypeMeta> {
  const reader = protobuf.Reader.create(outer.bytes());
  const type: Partial<TypeMeta> = {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) type.apiVersion = reader.string();
    else if (tag === 0x12) type.kind = reader.string();
    else reader.skipType(tag & 7);
  }
  return type;
}

/** Whatever the reader meets, the fault is the body's. */
function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadProtobuf || error instanceof UnknownMessage) throw error;
    throw new BadProtobuf(`proto: ${(error as Error).message}`);
  }
}
