import { DecodeError, decodeValue } from '../../kube/decode.ts';
import { badRequest, type FieldError, invalid } from '../../kube/errors.ts';
import { forbidden, notSupported } from '../../kube/field-errors.ts';
import type { DeleteOptions } from '../../kube/generated/objects.ts';
import { decodeObjectBody, MalformedBody } from '../http/body.ts';
import type { RestRequest } from './context.ts';

/** What a DELETE asks for. */
export interface Deletion {
  /** Seconds; a negative wish counts as 1. */
  gracePeriodSeconds?: number;
  uid?: string;
  resourceVersion?: string;
  /** What becomes of the objects that it owns: Foreground, Background or Orphan. */
  propagation?: string;
  dryRun: boolean;
}

/**
 * Reads the options of a DELETE from its body or, when there is none, from its query.
 * @throws StatusError BadRequest, Invalid
 */
export async function readDeletion(request: RestRequest): Promise<Deletion> {
  const body = await request.http.readBody();
  return deletionOf(body.length > 0 ? await fromBody(request, body) : fromQuery(request.query), request.dryRun);
}

/**
 * What decoded options come to.
 * @throws StatusError Invalid
 */
export function deletionOf(options: DeleteOptions, dryRun: boolean): Deletion {
  const errors = check(options);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const { gracePeriodSeconds: grace, preconditions, orphanDependents } = options;
  const orphaned = orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background';
  const propagation = options.propagationPolicy ?? orphaned;
  return {
    ...(grace !== undefined && { gracePeriodSeconds: grace < 0 ? 1 : grace }),
    ...(preconditions?.uid !== undefined && { uid: preconditions.uid }),
    ...(preconditions?.resourceVersion !== undefined && { resourceVersion: preconditions.resourceVersion }),
    ...(propagation !== undefined && { propagation }),
    dryRun: dryRun || (options.dryRun ?? []).length > 0,
  };
}

async function fromBody(request: RestRequest, body: Buffer): Promise<DeleteOptions> {
  try {
    const expected = { kind: 'DeleteOptions', apiVersion: 'v1' };
    const { value } = await decodeObjectBody(body, request.http.headers['content-type'], expected);
    const { kind } = (value ?? {}) as { kind?: unknown };
    if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions')
      throw badRequest(`decoded object cannot be converted to DeleteOptions`);
    return decodeValue('DeleteOptions', value ?? {}).value as DeleteOptions;
  } catch (error) {
    if (error instanceof MalformedBody || error instanceof DecodeError)
      throw badRequest(`DeleteOptions cannot be decoded: ${error.message}`);
    throw error;
  }
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const options: DeleteOptions = {};
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && grace !== '') {
    if (!/^-?\d{1,15}$/.test(grace))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
    options.gracePeriodSeconds = Number(grace);
  }
  const propagation = query.get('propagationPolicy');
  if (propagation) options.propagationPolicy = propagation;
  if (query.has('orphanDependents')) options.orphanDependents = query.get('orphanDependents') === 'true';
  return options;
}

/** apimachinery `meta/v1/validation.ValidateDeleteOptions`. */
function check({ propagationPolicy, orphanDependents, dryRun = [] }: DeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    errors.push(forbidden('propagationPolicy', 'orphanDependents and deletionPropagation cannot be both set'));
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy))
    errors.push(notSupported('propagationPolicy', propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']));
  for (const value of dryRun) if (value !== 'All') errors.push(notSupported('dryRun', value, ['All']));
  return errors;
}
