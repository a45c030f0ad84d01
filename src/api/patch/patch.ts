import { badRequest, invalid, StatusError } from '../../kube/errors.ts';
import { invalidValue } from '../../kube/field-errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import {
  type DecodedBody,
  decodeObjectBody,
  MalformedBody,
  mediaType,
  parseJson,
  unsupportedMediaType,
} from '../http/body.ts';
import { applyJsonPatch, type JsonPatchOperation } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch, BadStrategicPatch } from './strategic-merge.ts';

type Json = Record<string, unknown>;

/** A patch that has been read and can be applied to any version of the object. */
export interface Patch {
  apply(current: KubeObject, resource: Resource): unknown;
  /** Fields that the body has twice. */
  duplicates: string[];
}

const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
/** Server-side apply, whose body is a configuration and no patch. */
export const APPLY = 'application/apply-patch+yaml';
/** apiserver `endpoints/handlers/patch.go`. */
const MAX_OPERATIONS = 10_000;

/**
 * Reads a patch by its Content-Type. Custom resources take no strategic merge patch: nothing is known of how their lists merge.
 * @throws StatusError BadRequest, UnsupportedMediaType, RequestEntityTooLarge
 */
export function readPatch(
  body: Buffer,
  contentType: string | undefined,
  { custom }: Pick<Resource, 'custom'> = {},
): Patch {
  const media = mediaType(contentType);
  if (custom && media === STRATEGIC) throw unsupportedMediaType([JSON_PATCH, MERGE, APPLY]);
  switch (media) {
    case JSON_PATCH: {
      const { value, duplicates } = read(body);
      const operations = readOperations(value);
      return { duplicates, apply: (current) => applied(() => applyJsonPatch(current, operations)) };
    }
    case MERGE: {
      const { value, duplicates } = read(body);
      return { duplicates, apply: (current) => applyMergePatch(current, value) };
    }
    case STRATEGIC: {
      const { value, duplicates } = read(body);
      const patch = requireObject(value);
      return { duplicates, apply: (current, { definition }) => strategic(current, patch, definition) };
    }
    default:
      throw unsupportedMediaType([JSON_PATCH, MERGE, STRATEGIC, APPLY]);
  }
}

/**
 * Reads a configuration for server-side apply: YAML, which kubectl writes as JSON.
 * @throws StatusError BadRequest
 */
export async function readConfiguration(body: Buffer): Promise<DecodedBody> {
  try {
    return parseJson(body);
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
  }
  try {
    return await decodeObjectBody(body, 'application/yaml');
  } catch (error) {
    if (error instanceof MalformedBody) throw badRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
}

/** 422 for a patch whose result is no object of the kind; `why` comes from the decoder. */
export function invalidResult(result: unknown, why: string): StatusError {
  return invalid({ group: '', kind: '' }, '', [invalidValue('patch', JSON.stringify(result), why)]);
}

function read(body: Buffer): DecodedBody {
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof MalformedBody) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}

function readOperations(value: unknown): JsonPatchOperation[] {
  if (!Array.isArray(value))
    throw badRequest(
      `json: cannot unmarshal ${value === null ? 'null' : typeof value} into Go value of type jsonpatch.Patch`,
    );
  if (value.length > MAX_OPERATIONS)
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${value.length}`,
    );
  return value.map(readOperation);
}

const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

function readOperation(value: unknown): JsonPatchOperation {
  const operation = requireObject(value) as Partial<JsonPatchOperation>;
  if (!OPERATIONS.includes(operation.op ?? '')) throw rejected();
  if (typeof operation.path !== 'string') throw rejected();
  if ((operation.op === 'move' || operation.op === 'copy') && typeof operation.from !== 'string') throw rejected();
  if ((operation.op === 'add' || operation.op === 'replace') && !Object.hasOwn(operation, 'value')) throw rejected();
  return operation as JsonPatchOperation;
}

function applied(apply: () => unknown): unknown {
  try {
    return apply();
  } catch {
    throw rejected();
  }
}

/** What kube-apiserver says of every JSON patch that cannot be applied. */
function rejected(): StatusError {
  return new StatusError('Invalid', 'the server rejected our request due to an error in our request', {});
}

/** Faults of directives are 500 or 400 in Kubernetes; they are the client's, so here they are 400. */
function strategic(current: KubeObject, patch: Json, definition: string): unknown {
  try {
    return applyStrategicMergePatch(current as Json, patch, definition);
  } catch (error) {
    if (error instanceof BadStrategicPatch) throw badRequest(error.message);
    throw error;
  }
}

function requireObject(value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  throw badRequest(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
}
