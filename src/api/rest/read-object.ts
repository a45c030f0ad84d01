import { decodeObject, strictDecodingError } from '../../kube/decode.ts';
import { badRequest, invalid } from '../../kube/errors.ts';
import { notSupported } from '../../kube/field-errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import { type DecodedBody, decodeObjectBody, MalformedBody, mediaType, summarize } from '../http/body.ts';
import type { RestRequest } from './context.ts';

/** What decides how a body is decoded. */
export type BodyType = Pick<Resource, 'group' | 'version' | 'kind' | 'definition'>;

/**
 * The object of a POST or PUT body. Unknown and repeated fields are refused, warned of or dropped, as `fieldValidation` says.
 * @throws StatusError BadRequest, UnsupportedMediaType, RequestEntityTooLarge
 */
export async function readObject(request: RestRequest, type: BodyType): Promise<KubeObject> {
  const body = await request.http.readBody();
  const decoded = await decodeBody(body, request.http.headers['content-type'], type);
  return checkedObject(request, type, decoded);
}

/** Decodes a value as an object of the type and applies `fieldValidation` to what does not belong there. */
function checkedObject(request: RestRequest, type: BodyType, { value, duplicates }: DecodedBody): KubeObject {
  const { object, strictErrors } = decodeObject(type, value);
  const faults = [...strictErrors, ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)];
  if (faults.length === 0) return object;
  const validation = request.query.get('fieldValidation') || 'Warn';
  if (validation === 'Strict') throw strictDecodingError(type, faults);
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
 * Reads `dryRun` and checks it and `fieldValidation`.
 * @returns whether nothing is to be written
 * @throws StatusError Invalid
 */
export function readWriteOptions(method: string, query: URLSearchParams): boolean {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const validation = query.get('fieldValidation') ?? '';
  const errors = [
    ...dryRun.filter((value) => value !== 'All').map((value) => notSupported('dryRun', value, ['All'])),
    ...(['', 'Ignore', 'Strict', 'Warn'].includes(validation)
      ? []
      : [notSupported('fieldValidation', validation, ['Ignore', 'Strict', 'Warn'])]),
  ];
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: OPTIONS[method] ?? 'ListOptions' }, '', errors);
  return dryRun.length > 0;
}

async function decodeBody(body: Buffer, contentType: string | undefined, { kind }: BodyType): Promise<DecodedBody> {
  try {
    return await decodeObjectBody(body, contentType);
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    const place = mediaType(contentType) === 'application/yaml' ? '' : "couldn't get version/kind; json parse error: ";
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${place}${error.message} (${summarize(body)})`,
    );
  }
}
