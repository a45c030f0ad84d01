import { badRequest } from '../../kube/errors.ts';
import type { SelfSubjectRulesReview, SubjectRulesReviewStatus } from '../../kube/generated/objects.ts';
import type { Answer, RestContext, RestRequest } from '../rest/context.ts';
import { readObject } from '../rest/read-object.ts';

/**
 * Answers POST of a SelfSubjectRulesReview: all that who asks may do in a namespace (`kubectl auth can-i --list`).
 * @throws StatusError BadRequest
 */
export async function reviewRules(context: RestContext, request: RestRequest): Promise<Answer> {
  const { metadata, spec, ...rest } = (await readObject(context, request)) as unknown as SelfSubjectRulesReview;
  const namespace = spec?.namespace ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = context.authorizer.rules(request.identity, namespace);
  const status: SubjectRulesReviewStatus = {
    resourceRules: rules.flatMap(({ verbs, apiGroups, resources }) =>
      resources ? [{ verbs: [...verbs], apiGroups: [...(apiGroups ?? [])], resources: [...resources] }] : [],
    ),
    nonResourceRules: rules.flatMap(({ verbs, nonResourceURLs }) =>
      nonResourceURLs ? [{ verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] }] : [],
    ),
    incomplete: false,
  };
  return { status: 201, object: { ...rest, metadata: metadata ?? {}, spec: {}, status } };
}
