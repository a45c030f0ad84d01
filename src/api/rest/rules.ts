import { withDefaults } from '../../kube/defaults/defaults.ts';
import { admitPod } from '../../kube/defaults/pod-admission.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { AdmissionRequest, RestContext, RestRequest } from './context.ts';

/** The object with the defaults of its kind. */
export function prepared({ resource }: RestRequest, object: KubeObject): KubeObject {
  return withDefaults(resource.storage, object);
}

/**
 * Admission, the node's own and the composition root's, and then validation. Warnings go to the request.
 * @throws StatusError Forbidden, Invalid
 */
export async function admitAndCheck(
  context: RestContext,
  request: RestRequest,
  object: KubeObject,
  change: Pick<AdmissionRequest, 'operation' | 'name' | 'previous'>,
): Promise<KubeObject> {
  const { resource, subresource, identity, dryRun, namespace = '' } = request;
  const own = builtIn(request, object, change.operation);
  const admitted = await context.admit(own, {
    ...change,
    resource,
    ...(subresource && { subresource: subresource.name }),
    namespace,
    identity,
    dryRun,
  });
  const complete = prepared(request, admitted);
  request.warnings.push(...context.warningsFor(complete, resource));
  return complete;
}

function builtIn({ resource }: RestRequest, object: KubeObject, operation: AdmissionRequest['operation']): KubeObject {
  if (operation !== 'CREATE' || resource.storage.resource !== 'pods') return object;
  return admitPod(object as Pod) as KubeObject;
}
