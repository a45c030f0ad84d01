import { DecodeError, decodeValue } from './decoder.ts';
import { badRequest, type StatusError } from './errors.ts';
import { isRecord, jsonKind } from './json.ts';
import type { KubeObject } from './object.ts';
import { apiVersionOf, findKind, type Resource } from './resources.ts';

export { DecodeError, decodeValue, definitionOf } from './decoder.ts';

/** A client's object as the API keeps it. */
export interface Decoded {
  /** Without unknown fields, nulls and the empty values that Kubernetes does not write back; quantities and times in canonical form. */
  object: KubeObject;
  /** `unknown field "spec.containers[0].imagee"`, in the order of the document; what strict validation refuses and Warn warns of. */
  strictErrors: string[];
}

/**
 * Decodes a request body for a resource or, with `definition` and `kind`, for a subresource of another kind.
 * @throws StatusError BadRequest in the words of kube-apiserver
 */
export function decodeObject(
  resource: Pick<Resource, 'group' | 'version' | 'kind' | 'definition'>,
  value: unknown,
): Decoded {
  const body = value ?? {};
  const { kind, apiVersion } = readTypeMeta(resource.kind, body);
  const expected = apiVersionOf(resource);
  const said = { kind: kind || resource.kind, apiVersion: apiVersion || expected };
  const fail = (why: string): never => {
    throw badRequest(
      `${said.kind} in version ${JSON.stringify(said.apiVersion.replace(/^.*\//, ''))} cannot be handled as a ${resource.kind}: ${why}`,
    );
  };
  if (said.kind !== resource.kind || said.apiVersion !== expected) {
    if (findKind(said.apiVersion, said.kind) !== undefined)
      fail(`converting (v1.${said.kind}) to (core.${resource.kind}): unknown conversion`);
    fail(
      `no kind "${said.kind}" is registered for version "${said.apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  try {
    const { value: object, strictErrors } = decodeValue(resource.definition, body);
    return { object: { ...said, metadata: {}, ...object } as KubeObject, strictErrors };
  } catch (error) {
    if (error instanceof DecodeError) return fail(error.message);
    throw error;
  }
}

/** The 400 that `fieldValidation=Strict` answers. */
export function strictDecodingError(
  { version, kind }: Pick<Resource, 'version' | 'kind'>,
  strictErrors: readonly string[],
): StatusError {
  return badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${strictErrors.join(', ')}`,
  );
}

/** kube-apiserver looks at kind and apiVersion before anything else. */
function readTypeMeta(wanted: string, body: unknown): { kind: string; apiVersion: string } {
  const fail = (why: string): never => {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${wanted}): couldn't get version/kind; json parse error: json: cannot unmarshal ${why} (${summary(body)})`,
    );
  };
  if (!isRecord(body))
    return fail(
      `${jsonKind(body)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  const read = (field: string): string => {
    const value = Object.hasOwn(body, field) ? body[field] : undefined;
    if (value === undefined || value === null) return '';
    return typeof value === 'string' ? value : fail(`${jsonKind(value)} into Go struct field .${field} of type string`);
  };
  return { kind: read('kind'), apiVersion: read('apiVersion') };
}

/** The beginning of a body, as text if it is an object and in hex otherwise. */
function summary(body: unknown): string {
  const text = JSON.stringify(body);
  const start = text.slice(0, 30);
  const shown = text.startsWith('{')
    ? start
    : [...new TextEncoder().encode(start)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return text.length > 30 ? `${shown} ...` : shown;
}
