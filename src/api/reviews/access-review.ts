import { badRequest, type FieldError, invalid } from '../../kube/errors.ts';
import { invalidValue } from '../../kube/field-errors.ts';
import type {
  LocalSubjectAccessReview,
  ObjectMeta,
  SelfSubjectAccessReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '../../kube/generated/objects.ts';
import type { Attempt } from '../auth/authorizer.ts';
import type { Identity } from '../auth/identity.ts';
import type { Answer, RestContext, RestRequest } from '../rest/context.ts';
import { readObject } from '../rest/read-object.ts';

type Review = SubjectAccessReview | LocalSubjectAccessReview | SelfSubjectAccessReview;

/** Answers POST of a SelfSubjectAccessReview: may who asks do this (`kubectl auth can-i`)? @throws StatusError Invalid */
export async function reviewOwnAccess(context: RestContext, request: RestRequest): Promise<Answer> {
  const review = await readReview<SelfSubjectAccessReview>(context, request);
  refuse(request, [...attemptFaults(review.spec), ...metadataFaults(review.metadata)]);
  return answer(context, review, request.identity);
}

/** Answers POST of a SubjectAccessReview: may somebody do this? @throws StatusError Invalid */
export async function reviewAccess(context: RestContext, request: RestRequest): Promise<Answer> {
  const review = await readReview<SubjectAccessReview>(context, request);
  refuse(request, [...specFaults(review.spec), ...metadataFaults(review.metadata)]);
  return answer(context, review, subjectOf(review.spec));
}

/** Answers POST of a LocalSubjectAccessReview: may somebody do this in this namespace? @throws StatusError Invalid, BadRequest */
export async function reviewLocalAccess(context: RestContext, request: RestRequest): Promise<Answer> {
  const review = await readReview<LocalSubjectAccessReview>(context, request);
  const { namespace: _, ...metadata } = review.metadata ?? {};
  refuse(request, [...specFaults(review.spec), ...metadataFaults(metadata), ...localFaults(review, request)]);
  return answer(context, review, subjectOf(review.spec));
}

async function readReview<T extends Review>(context: RestContext, request: RestRequest): Promise<T> {
  const review = (await readObject(context, request)) as unknown as T;
  return { ...review, spec: review.spec ?? {} };
}

function answer({ authorizer }: RestContext, review: Review, identity: Identity): Answer {
  const { status: _, ...asked } = review;
  const allowed = authorizer.allows(identity, attemptOf(review.spec));
  const reason = allowed ? '' : authorizer.reason(identity);
  const status: SubjectAccessReviewStatus = { allowed, ...(reason !== '' && { reason }) };
  return { status: 201, object: { ...asked, status } };
}

function attemptOf({ resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec): Attempt {
  if (!resourceAttributes) {
    const { verb = '', path = '' } = nonResourceAttributes ?? {};
    return { verb, path };
  }
  const { verb = '', group = '', resource = '', subresource, namespace, name } = resourceAttributes;
  return { verb, group, resource, subresource, namespace, name };
}

function subjectOf({ user = '', groups = [], uid, extra }: SubjectAccessReviewSpec): Identity {
  return { name: user, groups, ...(uid !== undefined && { uid }), ...(extra && { extra }) };
}

/** `pkg/apis/authorization/validation`. */
function specFaults(spec: SubjectAccessReviewSpec): FieldError[] {
  const isNobody = !spec.user && !spec.groups?.length;
  return [
    ...attemptFaults(spec),
    ...(isNobody ? [invalidValue('spec.user', '', 'at least one of user or group must be specified')] : []),
  ];
}

function attemptFaults({ resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec): FieldError[] {
  if (resourceAttributes && nonResourceAttributes)
    return [
      invalidValue(
        'spec.nonResourceAttributes',
        nonResourceAttributes,
        'cannot be specified in combination with resourceAttributes',
      ),
    ];
  if (resourceAttributes || nonResourceAttributes) return [];
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalidValue('spec.resourceAttributes', undefined, why)];
}

function localFaults({ spec }: LocalSubjectAccessReview, { namespace = '' }: RestRequest): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes && (resourceAttributes.namespace ?? '') !== namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  if (!nonResourceAttributes) return [];
  return [invalidValue('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request')];
}

function metadataFaults({ managedFields: _, ...metadata }: ObjectMeta = {}): FieldError[] {
  return Object.keys(metadata).length === 0 ? [] : [invalidValue('metadata', metadata, 'must be empty')];
}

function refuse({ resource: { group, kind } }: RestRequest, errors: FieldError[]): void {
  if (errors.length > 0) throw invalid({ group, kind }, '', errors);
}
