import { type Decoded, DecodeError, decodeValue } from '../../kube/decode.ts';
import { invalid } from '../../kube/errors.ts';
import { forbidden } from '../../kube/field-errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import { customKindOf } from '../custom/custom-kind.ts';
import { decodeCustom } from '../custom/decode-custom.ts';
import { mediaType } from '../http/body.ts';
import { APPLY, invalidResult, readConfiguration, readPatch } from '../patch/patch.ts';
import { applyConfiguration, requireConfig } from './apply.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { modify } from './update.ts';

/** Answers PATCH of an object or of a subresource that is a view of it. */
export async function patch(context: RestContext, request: RestRequest): Promise<Answer> {
  const { resource } = request;
  if (mediaType(request.http.headers['content-type']) === APPLY) return applyPatch(context, request);
  if (request.query.has('force'))
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      forbidden('force', 'may not be specified for non-apply patch'),
    ]);
  const change = readPatch(await request.http.readBody(), request.http.headers['content-type'], resource);
  return modify(context, request, (current) =>
    decodeResult(context, request, change.apply(current, resource), change.duplicates),
  );
}

async function applyPatch(context: RestContext, request: RestRequest): Promise<Answer> {
  const { value, duplicates } = await readConfiguration(await request.http.readBody());
  return applyConfiguration(context, request, requireConfig(value), (result) =>
    decodeResult(context, request, result, duplicates),
  );
}

/** What a patch has made must still be an object of the kind; `fieldValidation` says what happens to fields that do not belong. */
function decodeResult(
  { customKinds }: RestContext,
  { resource, query, warnings }: RestRequest,
  result: unknown,
  duplicates: string[],
): KubeObject {
  const { object, strictErrors } = resource.custom
    ? decodeCustom(resource, customKindOf(customKinds, resource), result)
    : decodeAs(resource, result);
  const faults = [...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`), ...strictErrors];
  const validation = query.get('fieldValidation') || 'Warn';
  if (faults.length > 0 && validation === 'Strict')
    throw invalidResult(result, `strict decoding error: ${faults.join(', ')}`);
  if (validation === 'Warn') warnings.push(...faults);
  return object;
}

function decodeAs(resource: Resource, result: unknown): Decoded {
  try {
    const { value, strictErrors } = decodeValue(resource.definition, result);
    const type = { kind: resource.kind, apiVersion: apiVersionOf(resource) };
    return { object: { ...type, metadata: {}, ...value } as KubeObject, strictErrors };
  } catch (error) {
    if (error instanceof DecodeError) throw invalidResult(result, error.message);
    throw error;
  }
}
