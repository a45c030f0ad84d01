import { badRequest, StatusError } from '../../kube/errors.ts';
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
const OBJECT_MEDIA = ['application/json', 'application/yaml'];

/**
 * Reads a body that holds one object, JSON or YAML.
 * @param contentType the header, parameters included
 * @throws StatusError UnsupportedMediaType for a format that is not read
 * @throws MalformedBody
 */
export async function decodeObjectBody(body: Buffer, contentType: string | undefined): Promise<DecodedBody> {
  const media = mediaType(contentType) || 'application/json';
  if (media === 'application/json') return parseJson(body);
  if (media === 'application/yaml') return parseYaml(body);
  throw unsupportedMediaType(media, OBJECT_MEDIA);
}

/** A body that is not what its Content-Type says. `message` is in the words of the parser. */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';
}

/** The type of a Content-Type header without parameters, in lower case. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]!.trim().toLowerCase();
}

/** 415 that names what would be read. */
export function unsupportedMediaType(media: string, accepted: readonly string[]): StatusError {
  const hint = media.includes('protobuf')
    ? ' (protobuf bodies are not read yet; with kubectl, add --dry-run=client -o yaml | kubectl create -f -)'
    : '';
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}${hint}`,
  );
}

/** @throws MalformedBody in the words of Go's encoding/json */
export function parseJson(body: Buffer): DecodedBody {
  const text = decodeUtf8(body);
  const { syntax, duplicates } = findJsonFaults(text, MAX_DEPTH);
  if (syntax !== undefined) throw new MalformedBody(syntax);
  return { value: JSON.parse(text) as unknown, duplicates };
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
