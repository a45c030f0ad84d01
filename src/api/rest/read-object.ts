import { type Decoded, decodeObject, strictDecodingError } from '../../kube/decode.ts';
import { badRequest, invalid } from '../../kube/errors.ts';
import { notSupported } from '../../kube/field-errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import { customKindOf } from '../custom/custom-kind.ts';
import { decodeCustom } from '../custom/decode-custom.ts';
import { type DecodedBody, decodeObjectBody, MalformedBody, mediaType, summarize } from '../http/body.ts';
import type { RestContext, RestRequest } from './context.ts';
import { checkFieldManager } from './field-manager.ts';

/**
 * The object of a POST or PUT body. Unknown and repeated fields are refused, warned of or dropped, as `fieldValidation` says.
 * @throws StatusError BadRequest, UnsupportedMediaType, RequestEntityTooLarge
 */
export async function readObject(
  { customKinds }: Pick<RestContext, 'customKinds'>,
  request: RestRequest,
): Promise<KubeObject> {
  const { resource, http } = request;
  const { value, duplicates } = await decodeBody(await http.readBody(), http.headers['content-type'], resource);
  const decoded = resource.custom
    ? decodeCustom(resource, customKindOf(customKinds, resource), value)
    : decodeObject(resource, value);
  return checkedObject(request, decoded, duplicates);
}

/** Applies `fieldValidation` to what does not belong into an object. */
function checkedObject(request: RestRequest, { object, strictErrors }: Decoded, duplicates: string[]): KubeObject {
  const faults = [...strictErrors, ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)];
  if (faults.length === 0) return object;
  const validation = request.query.get('fieldValidation') || 'Warn';
  if (validation === 'Strict') throw strictDecodingError(request.resource, faults);
  if (validation === 'Warn') request.warnings.push(...faults);
  return object;
}

const OPTIONS: Record<string, string> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

/**
 * Reads `dryRun` and checks it, `fieldManager` and `fieldValidation`.
 * @returns whether nothing is to be written
 * @throws StatusError Invalid
 */
export function readWriteOptions(method: string, query: URLSearchParams): boolean {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const validation = query.get('fieldValidation') ?? '';
  const errors = [
    ...(method === 'DELETE' ? [] : checkFieldManager(query.get('fieldManager') ?? '')),
    ...dryRun.filter((value) => value !== 'All').map((value) => notSupported('dryRun', value, ['All'])),
    ...(['', 'Ignore', 'Strict', 'Warn'].includes(validation)
      ? []
      : [notSupported('fieldValidation', validation, ['Ignore', 'Strict', 'Warn'])]),
  ];
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: OPTIONS[method] ?? 'ListOptions' }, '', errors);
  return dryRun.length > 0;
}

async function decodeBody(body: Buffer, contentType: string | undefined, resource: Resource): Promise<DecodedBody> {
  const { kind } = resource;
  try {
    return await decodeObjectBody(body, contentType, { kind, apiVersion: apiVersionOf(resource) });
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    const json = ['', 'application/json'].includes(mediaType(contentType));
    const place = json ? "couldn't get version/kind; json parse error: " : '';
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${place}${error.message} (${summarize(body)})`,
    );
  }
}
