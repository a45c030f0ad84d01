import { badRequest, conflict, invalid } from '../../kube/errors.ts';
import type { Binding, Pod, PodCondition } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { findResource } from '../../kube/resources.ts';
import { formatTime } from '../../kube/time.ts';
import { validateBinding } from '../../kube/validation/validate.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { checkPlace } from './create.ts';
import { done } from './done.ts';
import { find, keyOf } from './key.ts';
import { readObject } from './read-object.ts';

const PODS = findResource('', 'v1', 'pods')!;
const BINDINGS = findResource('', 'v1', 'bindings')!;

/**
 * Answers POST to `pods/binding`, and to `bindings` as schedulers did it once: a Pod gets its node (Kubernetes' `BindingREST`). A Binding is never
 * stored. Where Kubernetes answers 500 for one without a target, this is 422 in the same words.
 * @throws StatusError BadRequest, Invalid, NotFound, Conflict
 */
export async function bind(context: RestContext, request: RestRequest): Promise<Answer> {
  const binding = (await readObject(context, { ...request, resource: BINDINGS })) as KubeObject & Binding;
  const name = request.name ?? binding.metadata.name ?? '';
  if (name !== binding.metadata.name) throw badRequest('name in URL does not match name in Binding object');
  checkPlace(request, binding);
  const errors = validateBinding(binding);
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, name, errors);
  const ofPod = { ...request, resource: PODS, name };
  const now = formatTime(context.now());
  const assign = (pod: KubeObject): KubeObject => {
    refuse(pod, binding);
    return assigned(pod, binding, now);
  };
  if (request.dryRun) assign(find(context, ofPod));
  else {
    find(context, ofPod);
    await context.store.update(keyOf(ofPod), assign);
  }
  return done();
}

function refuse(pod: Pod, { metadata: wanted }: Binding): void {
  const { name = '', uid, resourceVersion, deletionTimestamp } = pod.metadata ?? {};
  const precondition = (what: string, asked: string | undefined, is: string | undefined): void => {
    if (!asked || asked === is) return;
    const why = `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${is}`;
    throw conflict({ group: '', resource: 'pods' }, name, why);
  };
  precondition('UID', wanted?.uid, uid);
  precondition('ResourceVersion', wanted?.resourceVersion, resourceVersion);
  const no = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why);
  const { nodeName, schedulingGates = [] } = pod.spec ?? {};
  if (deletionTimestamp) throw no(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (nodeName) throw no(`pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`);
  if (schedulingGates.length > 0) throw no(`pod ${name} has non-empty .spec.schedulingGates`);
}

function assigned(object: KubeObject, { target, metadata }: Binding, now: string): KubeObject {
  const { spec, status } = object as Pod;
  const annotations = { ...object.metadata.annotations, ...metadata?.annotations };
  return {
    ...object,
    metadata: { ...object.metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...spec, nodeName: target.name },
    status: { ...status, conditions: withCondition(status?.conditions, { type: 'PodScheduled', status: 'True' }, now) },
  };
}

/** The conditions with one of them made or changed (`UpdatePodCondition`): its time moves only when its status does. */
export function withCondition(conditions: PodCondition[] = [], wanted: PodCondition, now: string): PodCondition[] {
  const old = conditions.find(({ type }) => type === wanted.type);
  const since = old?.status === wanted.status ? old.lastTransitionTime : undefined;
  const made = { lastProbeTime: null as unknown as string, lastTransitionTime: since ?? now, ...wanted };
  return old ? conditions.map((one) => (one === old ? made : one)) : [...conditions, made];
}
