import { admitClaim } from '../../kube/defaults/claim-admission.ts';
import { withDefaults } from '../../kube/defaults/defaults.ts';
import { admitPod, admitPodUpdate } from '../../kube/defaults/pod-admission.ts';
import { type FieldError, invalid } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import { podWarnings } from '../../kube/validation/pod-warnings.ts';
import { validateObject, validateObjectUpdate, validateSubresourceUpdate } from '../../kube/validation/validate.ts';
import { customKindOf, type Verdict } from '../custom/custom-kind.ts';
import { admitServiceAccount } from '../service-accounts/pod-admission.ts';
import type { AdmissionRequest, RestContext, RestRequest } from './context.ts';

/** A write that is to be admitted. `object` is as it would be stored. */
export interface Change {
  operation: 'CREATE' | 'UPDATE';
  object: KubeObject;
  previous?: KubeObject;
}

/** The object with the defaults of its kind. */
export function withResourceDefaults({ storage }: Resource, object: KubeObject): KubeObject {
  return withDefaults(storage, object);
}

/**
 * Admission, the node's own and the composition root's, and then validation, as in kube-apiserver's order. Warnings go to the request.
 * @throws StatusError Forbidden, Invalid
 */
export async function admitAndCheck(context: RestContext, request: RestRequest, change: Change): Promise<KubeObject> {
  const own =
    change.operation === 'CREATE' ? admitCreate(context, request, change.object) : admitUpdate(request, change);
  const admitted = await context.admit(own, admissionRequest(request, change));
  const object = admitted === own ? own : admitAgain(context, request, { ...change, object: admitted });
  const { resource, warnings } = request;
  const custom = checkCustom(context, request, { ...change, object });
  const errors = [...validate(request, { ...change, object }), ...custom.errors];
  if (errors.length > 0)
    throw invalid({ group: resource.group, kind: resource.kind }, object.metadata.name ?? '', errors);
  warnings.push(...custom.warnings);
  warnings.push(...adviceOn(context, request, { ...change, object }));
  return object;
}

/** What a webhook has changed meets the plugins before it once more, as in a cluster: containers that it brought get what all containers get. */
function admitAgain(context: RestContext, request: RestRequest, { operation, object }: Change): KubeObject {
  const complete = withResourceDefaults(request.resource, object);
  return operation === 'CREATE' ? admitCreate(context, request, complete) : complete;
}

/** Warnings on what was accepted. Of ephemeral containers only those count that have come. */
function adviceOn(
  { warningsFor }: RestContext,
  { resource, subresource }: RestRequest,
  { object, previous }: Change,
): string[] {
  if (subresource?.name === 'ephemeralcontainers') {
    const known = previous ? warningsFor(previous, resource) : [];
    return warningsFor(object, resource).filter((sentence) => !known.includes(sentence));
  }
  if (subresource) return [];
  const usual = resource.storage.resource === 'pods' ? podWarnings(object as Pod) : [];
  return [...usual, ...warningsFor(object, resource)];
}

function admissionRequest(request: RestRequest, { operation, object, previous }: Change): AdmissionRequest {
  const { resource, subresource, namespace = '', identity, dryRun, warnings } = request;
  return {
    operation,
    resource,
    ...(subresource && { subresource: subresource.name }),
    namespace,
    name: object.metadata.name ?? '',
    identity,
    dryRun,
    ...(previous && { previous }),
    warn: (sentence) => warnings.push(sentence),
  };
}

/** What the plugins of a cluster would do that every Pod meets. */
function admitCreate(
  { store, ids }: RestContext,
  { resource, namespace = '' }: RestRequest,
  object: KubeObject,
): KubeObject {
  if (resource.storage.resource === 'persistentvolumeclaims') return admitClaim(object) as KubeObject;
  if (resource.storage.resource !== 'pods') return object;
  const pod = admitServiceAccount(object as Pod, { store, namespace, random: () => ids.random() });
  return admitPod(pod) as KubeObject;
}

function admitUpdate({ resource, subresource }: RestRequest, { object, previous }: Change): KubeObject {
  if (resource.storage.resource !== 'pods' || subresource || !previous) return object;
  return admitPodUpdate(object as Pod, previous as Pod) as KubeObject;
}

/** Of a subresource only the part counts that it changes. */
function checkCustom({ customKinds }: RestContext, request: RestRequest, { object, previous }: Change): Verdict {
  const { errors, warnings } = customKindOf(customKinds, request.resource)?.check(object, previous) ?? FINE;
  const { subresource } = request;
  if (!subresource) return { errors: errors.filter(({ field }) => field !== 'metadata.name'), warnings };
  return { errors: errors.filter(({ field }) => field.startsWith(subresource.name)), warnings: [] };
}

const FINE: Verdict = { errors: [], warnings: [] };

/** Events are validated in their stored form, by the rules of the API group that they came through. */
function validate({ resource, subresource }: RestRequest, { operation, object, previous }: Change): FieldError[] {
  if (operation === 'CREATE' || !previous) return validateObject(resource, object);
  if (subresource) return validateSubresourceUpdate(resource, subresource.name, object, previous);
  return validateObjectUpdate(resource, object, previous);
}
