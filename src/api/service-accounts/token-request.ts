import type { TokenRequest } from '../../kube/generated/objects.ts';
import type { Answer, RestContext, RestRequest } from '../rest/context.ts';
import { readObject } from '../rest/read-object.ts';
import { grantToken } from './grant-token.ts';

/** Answers POST to serviceaccounts/token. @throws StatusError */
export async function requestToken(context: RestContext, request: RestRequest): Promise<Answer> {
  const { resource, namespace = '', name = '', warnings } = request;
  const type = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', definition: 'TokenRequest' };
  const body = await readObject(context, { ...request, resource: { ...resource, ...type } });
  const { metadata, spec = { audiences: [] } } = body as unknown as TokenRequest;
  const granted = grantToken(
    { ...context, warn: (sentence) => warnings.push(sentence) },
    { namespace, name },
    { ...(metadata && { metadata }), spec },
  );
  return { status: 201, object: { ...granted } };
}
