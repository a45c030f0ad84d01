import { badRequest } from '../../kube/errors.ts';
import type { Eviction, Pod, PodCondition } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import { formatTime } from '../../kube/time.ts';
import { withCondition } from './binding.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { checkPlace } from './create.ts';
import { carryOut, checkPreconditions } from './delete.ts';
import { type Deletion, deletionOf } from './delete-options.ts';
import { done } from './done.ts';
import { find, keyOf } from './key.ts';
import { readObject } from './read-object.ts';

/** What the body is; `pods/eviction` says so in discovery. */
const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction', definition: 'Eviction' };

const CONDITION: PodCondition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
};

/**
 * Answers POST to `pods/eviction` (Kubernetes' `EvictionREST`), which is how `kubectl drain` empties a node: the Pod is told why by a condition, and
 * deleted by the options given. There are no PodDisruptionBudgets here, so nothing ever has to wait (429).
 * @throws StatusError BadRequest, Invalid, NotFound, Conflict
 */
export async function evict(context: RestContext, request: RestRequest): Promise<Answer> {
  const resource: Resource = { ...request.resource, ...EVICTION };
  const eviction = (await readObject(context, { ...request, resource })) as KubeObject & Eviction;
  if (eviction.metadata.name !== request.name) throw badRequest('name in URL does not match name in Eviction object');
  checkPlace(request, eviction);
  const deletion = deletionOf(eviction.deleteOptions ?? {}, request.dryRun);
  const pod = find(context, request) as Pod;
  const marked = deletion.dryRun || isEnding(pod) ? deletion : await mark(context, request, deletion);
  await carryOut(context, request, marked);
  return done();
}

/** Pods that have not begun or are over: nothing is disrupted. */
function isEnding({ metadata, status }: Pod): boolean {
  return status?.phase !== 'Running' || metadata?.deletionTimestamp !== undefined;
}

/** Says on the Pod that it is evicted; a resourceVersion that was asked for is then the one that this made. */
async function mark(context: RestContext, request: RestRequest, deletion: Deletion): Promise<Deletion> {
  const now = formatTime(context.now());
  const written = await context.store.update(keyOf(request), (object) => {
    checkPreconditions(request, deletion, object);
    const { status } = object as Pod;
    return { ...object, status: { ...status, conditions: withCondition(status?.conditions, CONDITION, now) } };
  });
  const { resourceVersion = '' } = written.metadata;
  return { ...deletion, ...(deletion.resourceVersion !== undefined && { resourceVersion }) };
}
