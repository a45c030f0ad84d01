import { badRequest, StatusError } from '../../kube/errors.ts';
import { BadProtobuf, decodeProtobuf, type TypeMeta, UnknownMessage } from '../protobuf/decode-protobuf.ts';
import { findJsonFaults } from './json-fault.ts';

/** The most that a request body may have, as in kube-apiserver. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** No manifest is nested deeper by far; the code that walks objects may then recurse. */
const MAX_DEPTH = 200;

/** What a body says, before anything is known of its kind. */
export interface DecodedBody {
  value: unknown;
  /** Fields that occur twice, which strict decoding refuses. */
  duplicates: string[];
}

/** Kinds of bodies that hold one object. Nothing said means JSON. */
const OBJECT_MEDIA = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/**
 * Reads a body that holds one object: JSON, YAML or Kubernetes' protobuf.
 * @param contentType the header, parameters included
 * @param expected the kind of a protobuf body that does not name it
 * @throws StatusError UnsupportedMediaType for a format that is not read
 * @throws MalformedBody
 */
export async function decodeObjectBody(
  body: Buffer,
  contentType: string | undefined,
  expected?: TypeMeta,
): Promise<DecodedBody> {
  const media = mediaType(contentType) || 'application/json';
  if (media === 'application/json') return parseJson(body);
  if (media === 'application/yaml') return parseYaml(body);
  if (media === 'application/vnd.kubernetes.protobuf') return parseProtobuf(body, expected);
  throw unsupportedMediaType(OBJECT_MEDIA);
}

/** A body that is not what its Content-Type says. `message` is in the words of the parser. */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';
}

/** The type of a Content-Type header without parameters, in lower case. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]!.trim().toLowerCase();
}

/** 415 that names what would be read; `because` adds a reason. */
export function unsupportedMediaType(accepted: readonly string[], because = ''): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}${because}`,
  );
}

/** @throws MalformedBody in the words of Go's encoding/json */
export function parseJson(body: Buffer): DecodedBody {
  const text = decodeUtf8(body);
  const { syntax, duplicates } = findJsonFaults(text, MAX_DEPTH);
  if (syntax !== undefined) throw new MalformedBody(syntax);
  return { value: JSON.parse(text) as unknown, duplicates };
}

/** Strict decoding knows nothing to say of protobuf: what has no number is passed over, as in Kubernetes. */
function parseProtobuf(body: Buffer, expected: TypeMeta | undefined): DecodedBody {
  try {
    return { value: decodeProtobuf(body, expected), duplicates: [] };
  } catch (error) {
    if (error instanceof BadProtobuf) throw new MalformedBody(error.message);
    if (error instanceof UnknownMessage)
      throw unsupportedMediaType(OBJECT_MEDIA.slice(0, 2), ` (no protobuf message is known for ${error.message})`);
    throw error;
  }
}

async function parseYaml(body: Buffer): Promise<DecodedBody> {
  const { parseDocument } = await import('./yaml-library.ts');
  const document = parseDocument(decodeUtf8(body), {
    version: '1.1',
    schema: 'yaml-1.1',
    merge: true,
    // Kubernetes' YAML knows neither times nor numbers to the base of sixty.
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || !NOT_KUBERNETES.test(tag.tag + (tag.format ?? ''))),
  });
  const [error] = document.errors;
  if (error) throw new MalformedBody(`error converting YAML to JSON: yaml: ${error.message.split('\n')[0]}`);
  return parseJson(Buffer.from(toJson(document)));
}

const NOT_KUBERNETES = /timestamp|TIME/;

/** Aliases are expanded; those that explode or contain themselves are refused. */
function toJson(document: { toJS(options: { maxAliasCount: number }): unknown }): string {
  try {
    return JSON.stringify(document.toJS({ maxAliasCount: 100 })) ?? 'null';
  } catch (error) {
    throw new MalformedBody(`error converting YAML to JSON: yaml: ${(error as Error).message.split('\n')[0]}`);
  }
}

function decodeUtf8(body: Buffer): string {
  // kube-apiserver does not unpack bodies either.
  if (body[0] === 0x1f && body[1] === 0x8b)
    throw badRequest(
      'the body of the request is compressed with gzip, which is only read of answers: send it as it is',
    );
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw badRequest('the body of the request is not valid UTF-8');
  }
}

/** The beginning of a body as error messages quote it (apiserver `endpoints/handlers/rest.go`). */
export function summarize(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const shown = body.subarray(0, 30);
  const text = body[0] === 0x7b ? shown.toString('utf8') : shown.toString('hex');
  return body.length > 30 ? `${text} ...` : text;
}
