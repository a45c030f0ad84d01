import type { SelfSubjectReview, UserInfo } from '../../kube/generated/objects.ts';
import { formatTime } from '../../kube/time.ts';
import type { Identity } from '../auth/identity.ts';
import type { Answer, RestContext, RestRequest } from '../rest/context.ts';
import { readObject } from '../rest/read-object.ts';

/** Answers POST of a SelfSubjectReview: who asks (`kubectl auth whoami`). */
export async function reviewSelf(context: RestContext, request: RestRequest): Promise<Answer> {
  await readObject(context, request);
  const review: SelfSubjectReview = {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: formatTime(context.now()) },
    status: { userInfo: userInfo(request.identity) },
  };
  return { status: 201, object: { ...review } };
}

/** Somebody as reviews describe them. */
export function userInfo({ name, uid, groups, extra }: Identity): UserInfo {
  return {
    username: name,
    ...(uid !== undefined && { uid }),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(extra && { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
  };
}
