import { conflict } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { forbidden } from '../auth/authorize.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { type Deletion, readDeletion } from './delete-options.ts';
import { type DeletePlan, planDelete } from './delete-plan.ts';
import { named } from './errors.ts';
import { find, keyOf } from './key.ts';
import { list } from './list.ts';
import { selectionOf } from './selection.ts';
import { strategyOf } from './strategy.ts';
import { fromStorage } from './versions.ts';

/** Namespaces that are always there. */
const PERMANENT = ['default', 'kube-system', 'kube-public'];

/** Answers DELETE of one object: the object, if it stays for a while or is of a kind that is answered whole, else a Status with its uid. */
export async function remove(context: RestContext, request: RestRequest): Promise<Answer> {
  const deletion = await readDeletion(request);
  checkRemovable(request);
  const plan = await carryOut(context, request, deletion);
  const { resource, name = '' } = request;
  if (resource.storage.resource === 'namespaces' && !deletion.dryRun) context.namespaces.terminate(name);
  if (plan.action === 'remove' && !strategyOf(resource).deleteAnswersObject) return removed(request, plan.object);
  return { status: 200, object: fromStorage(resource, plan.object) };
}

/** Answers DELETE of a collection with the list of what was there. Objects that go meanwhile by other hands are no error. */
export async function removeCollection(context: RestContext, request: RestRequest): Promise<Answer> {
  const deletion = await readDeletion(request);
  const answer = list(context, request);
  const { matches } = selectionOf(request.resource, request.query);
  const { storage } = request.resource;
  const namespace = request.namespace !== undefined && { namespace: request.namespace };
  for (const object of context.store.list({ ...storage, ...namespace }).items.filter(matches)) {
    const { name = '', namespace = '' } = object.metadata;
    try {
      await carryOut(context, { ...request, name, namespace }, deletion);
    } catch (error) {
      if (context.store.get(keyOf({ ...request, name, namespace }))) throw error;
    }
  }
  return answer;
}

/**
 * Deletes one object as it is asked for: decides and writes until nobody has come between.
 * @throws StatusError NotFound, Conflict
 */
export async function carryOut(context: RestContext, request: RestRequest, deletion: Deletion): Promise<DeletePlan> {
  const strategy = strategyOf(request.resource);
  const decide = (current: KubeObject): DeletePlan => {
    checkPreconditions(request, deletion, current);
    return planDelete(current, deletion, strategy, context.now());
  };
  for (;;) {
    const current = find(context, request);
    const plan = decide(current);
    const { identity, resource, dryRun, namespace = '', name = '', warnings } = request;
    await context.admit(current, {
      operation: 'DELETE',
      resource,
      namespace,
      name,
      identity,
      dryRun,
      previous: current,
      warn: (sentence) => warnings.push(sentence),
    });
    if (deletion.dryRun || plan.action === 'keep') return plan;
    try {
      return await write(context, request, plan, decide);
    } catch (error) {
      if (!(error instanceof PlanChanged)) throw error;
    }
  }
}

/** The object is not what the plan was made for any more. */
class PlanChanged extends Error {}

async function write(
  { store }: RestContext,
  request: RestRequest,
  plan: DeletePlan,
  decide: (current: KubeObject) => DeletePlan,
): Promise<DeletePlan> {
  const again = (latest: KubeObject): DeletePlan => {
    const now = decide(latest);
    if (now.action !== plan.action) throw new PlanChanged();
    return now;
  };
  if (plan.action === 'remove') {
    const last = await store.delete(keyOf(request), again);
    const { resourceVersion } = last.metadata;
    return { ...plan, object: { ...plan.object, metadata: { ...plan.object.metadata, resourceVersion } } };
  }
  return { ...plan, object: await store.update(keyOf(request), (latest) => again(latest).object) };
}

/** @throws StatusError Conflict when the object is not the one that is meant */
export function checkPreconditions(
  { resource, name = '' }: RestRequest,
  wanted: Deletion,
  { metadata }: KubeObject,
): void {
  if (wanted.uid !== undefined && wanted.uid !== metadata.uid)
    throw conflict(
      named(resource),
      name,
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== metadata.resourceVersion)
    throw conflict(
      named(resource),
      name,
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}

function checkRemovable({ resource, name = '' }: RestRequest): void {
  if (resource.storage.resource === 'namespaces' && PERMANENT.includes(name))
    throw forbidden(named(resource), name, 'this namespace may not be deleted');
}

function removed({ resource }: RestRequest, { metadata }: KubeObject): Answer {
  const { group, resource: kind } = resource;
  const details = { name: metadata.name, ...(group && { group }), kind, uid: metadata.uid };
  return {
    status: 200,
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
  };
}
