import { badRequest } from '../../kube/errors.ts';
import type { TokenReview, TokenReviewStatus } from '../../kube/generated/objects.ts';
import { authenticated } from '../auth/identity.ts';
import type { Answer, RestContext, RestRequest } from '../rest/context.ts';
import { readObject } from '../rest/read-object.ts';
import { userInfo } from './self-subject-review.ts';

/**
 * Answers POST of a TokenReview: whose token it is, for which of the audiences that were asked for (`pkg/registry/authentication/tokenreview`).
 * @throws StatusError BadRequest
 */
export async function reviewToken(context: RestContext, request: RestRequest): Promise<Answer> {
  const { metadata, spec, ...rest } = (await readObject(context, request)) as unknown as TokenReview;
  const { token = '', audiences = [] } = spec ?? {};
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const status = statusOf(context, token, audiences);
  return { status: 201, object: { ...rest, metadata: metadata ?? {}, spec, status } };
}

function statusOf({ tokens }: RestContext, token: string, audiences: readonly string[]): TokenReviewStatus {
  const verdict = audiences.length > 0 ? tokens.verify(token, audiences) : tokens.verify(token);
  if ('error' in verdict) return { user: {}, error: verdict.error };
  return { authenticated: true, user: userInfo(authenticated(verdict.identity)), audiences: verdict.audiences };
}
