import { type Decoded, DecodeError, decodeValue } from '../../kube/decode.ts';
import { badRequest, invalid } from '../../kube/errors.ts';
import { invalidValue } from '../../kube/field-errors.ts';
import { isRecord, jsonKind } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import type { CustomKind } from './custom-kind.ts';
import { prune } from './structural.ts';

/**
 * Decodes a document as an object of a custom resource: metadata by its type, all else by the schema.
 * @throws StatusError BadRequest and Invalid, as apiextensions-apiserver words them
 */
export function decodeCustom(resource: Resource, custom: CustomKind | undefined, value: unknown): Decoded {
  const { kind, apiVersion, ...body } = typed(resource, value);
  const { metadata, strictErrors } = decodeMetadata(resource, body.metadata);
  const { metadata: _, ...rest } = body;
  const pruned = custom ? prune(custom.schema, rest) : { value: rest, unknown: [] };
  const unknown = pruned.unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  return {
    object: { kind, apiVersion, metadata, ...(pruned.value as object) } as KubeObject,
    strictErrors: [...strictErrors, ...unknown],
  };
}

/** Kind and version must be said, and be the resource's own. */
function typed(resource: Resource, value: unknown): Record<string, unknown> & { kind: string; apiVersion: string } {
  if (!isRecord(value))
    throw badRequest(`json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`);
  const { kind, apiVersion } = value;
  if (typeof kind !== 'string' || kind === '')
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(value)}'`);
  const expected = apiVersionOf(resource);
  if (apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${String(apiVersion ?? '')}) does not match the expected API version (${expected})`,
    );
  if (kind !== resource.kind)
    throw invalid({ group: resource.group, kind: resource.kind }, '', [
      invalidValue('kind', kind, `must be ${resource.kind}`),
    ]);
  return { ...value, kind, apiVersion: expected };
}

function decodeMetadata(
  { kind, version }: Resource,
  value: unknown,
): { metadata: KubeObject['metadata']; strictErrors: string[] } {
  try {
    const { value: metadata, strictErrors } = decodeValue('ObjectMeta', value ?? {});
    return { metadata, strictErrors: strictErrors.map((text) => text.replace('"', '"metadata.')) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${error.message}`);
  }
}
