import { badRequest, conflict, invalid } from '../../kube/errors.ts';
import { invalidValue } from '../../kube/field-errors.ts';
import type { ManagedFieldsEntry, ObjectMeta } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { checkPlace, createObject } from './create.ts';
import { isSame } from './equality.ts';
import { named } from './errors.ts';
import { find, keyOf } from './key.ts';
import { parseRevision } from './list-options.ts';
import { owned, ownersAfterUpdate } from './ownership.ts';
import { readObject } from './read-object.ts';
import { admitAndCheck, withResourceDefaults } from './rules.ts';
import { strategyOf } from './strategy.ts';
import { fromStorage, toStorage } from './versions.ts';

/** How often a change that needs no particular version is made anew, at its turn, because somebody who waits for none was faster. */
const ATTEMPTS = 100;

/** Answers PUT of an object or of a subresource that is a view of it (status, finalize). */
export async function update(context: RestContext, request: RestRequest): Promise<Answer> {
  const { resource } = request;
  const object = await readObject(context, request);
  checkPlace(request, object);
  const strategy = strategyOf(resource);
  if (strategy.createsOnUpdate && !request.subresource && !context.store.get(keyOf(request)))
    return createObject(context, request, withoutVersion(object));
  if (!object.metadata.resourceVersion && !strategy.unconditionalUpdate) requireVersion(request);
  return modify(context, request, () => object);
}

/** Two states of an object as they are stored, and the managedFields that `change` gave the second. */
interface Step {
  current: KubeObject;
  next: KubeObject;
  said: ManagedFieldsEntry[] | undefined;
}

/** Says who owns the fields of an object after a change. */
type Owners = (step: Step) => ManagedFieldsEntry[] | undefined;

/**
 * Replaces an object by what `change` makes of its latest version, both in the form of the request's resource. What only the server sets is kept.
 * A change that comes to nothing is not written. When another write comes between, `change` is asked again, unless its result names a
 * resourceVersion.
 * @throws StatusError NotFound, Conflict, Invalid and what `change` throws
 */
export async function modify(
  context: RestContext,
  request: RestRequest,
  change: (current: KubeObject) => KubeObject | Promise<KubeObject>,
  owners: Owners = (step) => ownersAfterUpdate(context, request, step),
): Promise<Answer> {
  const attempt = async (): Promise<Answer | undefined> => {
    const current = find(context, request);
    const wanted = await change(fromStorage(request.resource, current));
    checkPreconditions(request, wanted, current);
    const next = await complete(context, request, wanted, current, owners);
    const written = await write(context, request, current, next).catch(unlessOvertaken);
    return written && { status: 200, object: fromStorage(request.resource, written) };
  };
  const { group, resource, namespace, name } = keyOf(request);
  const place = [group, resource, namespace, name].join('/');
  const atOnce = context.turns.isTaken(place) ? undefined : await attempt();
  return atOnce ?? context.turns.take(place, () => insist(request, attempt));
}

async function insist(request: RestRequest, attempt: () => Promise<Answer | undefined>): Promise<Answer> {
  for (let i = 0; i < ATTEMPTS; i++) {
    const answer = await attempt();
    if (answer) return answer;
  }
  throw conflict(named(request.resource), request.name ?? '');
}

function unlessOvertaken(error: unknown): undefined {
  if (!(error instanceof Overtaken)) throw error;
}

/** Somebody else has written since the object was read. */
class Overtaken extends Error {}

function checkPreconditions({ resource, name = '' }: RestRequest, wanted: KubeObject, current: KubeObject): void {
  const { uid, resourceVersion = '' } = wanted.metadata;
  if (wanted.metadata.name && wanted.metadata.name !== name)
    throw badRequest(`the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`);
  if (uid && uid !== current.metadata.uid)
    throw conflict(
      named(resource),
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  parseRevision(resourceVersion);
  if (resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(named(resource), name);
}

/** The object to store: the client's part, the server's part, defaults, admission and validation. */
async function complete(
  context: RestContext,
  request: RestRequest,
  wanted: KubeObject,
  current: KubeObject,
  owners: Owners,
): Promise<KubeObject> {
  const stored = toStorage(request.resource, wanted);
  const merged = ownFields(request, stored, current);
  const metadata = nextMetadata(merged.metadata, current.metadata);
  const next = withResourceDefaults(request.resource, { ...merged, metadata });
  const object = owned(next, owners({ current, next, said: wanted.metadata.managedFields }));
  const admitted = await admitAndCheck(context, request, { operation: 'UPDATE', object, previous: current });
  return withGeneration(request, owned(admitted, object.metadata.managedFields), current);
}

/** A subresource changes only its own fields, and the object itself all but those. */
function ownFields({ resource, subresource }: RestRequest, wanted: KubeObject, current: KubeObject): KubeObject {
  const { ownedBy, views } = strategyOf(resource);
  const view = subresource && views[subresource.name];
  if (view) return view(current, wanted);
  const fields = subresource ? (ownedBy[subresource.name] ?? []) : Object.values(ownedBy).flat();
  const [base, other] = subresource ? [current, wanted] : [wanted, current];
  const result: KubeObject = { ...base, metadata: wanted.metadata };
  for (const field of fields) {
    if (other[field] === undefined) delete result[field];
    else result[field] = other[field];
  }
  return result;
}

/** Name, identity, times and deletion are the server's. */
function nextMetadata(wanted: ObjectMeta, current: ObjectMeta): ObjectMeta {
  const { labels, annotations, ownerReferences, finalizers } = wanted;
  const { name, generateName, namespace, uid, resourceVersion, creationTimestamp, generation } = current;
  const { deletionTimestamp, deletionGracePeriodSeconds } = current;
  return defined({
    name,
    generateName,
    namespace,
    uid,
    resourceVersion,
    creationTimestamp,
    generation,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    labels,
    annotations,
    ownerReferences,
    finalizers,
  });
}

function withGeneration({ resource }: RestRequest, next: KubeObject, current: KubeObject): KubeObject {
  const { generationOf } = strategyOf(resource);
  if (generationOf.every((field) => isSame(next[field], current[field]))) return next;
  const generation = (current.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

async function write(
  { store }: RestContext,
  request: RestRequest,
  current: KubeObject,
  next: KubeObject,
): Promise<KubeObject> {
  if (request.dryRun) return next;
  const key = keyOf(request);
  const stillCurrent = (latest: KubeObject): void => {
    if (latest.metadata.resourceVersion !== current.metadata.resourceVersion) throw new Overtaken();
  };
  if (isFinished(request, next, current)) {
    await store.delete(key, stillCurrent);
    return next;
  }
  return store.update(key, (latest) => {
    stillCurrent(latest);
    return next;
  });
}

/** A deleted object goes with its last finalizer, once it needs no more time. */
function isFinished({ resource }: RestRequest, next: KubeObject, current: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  if (!deletionTimestamp || deletionGracePeriodSeconds || next.metadata.finalizers?.length) return false;
  const { finalizers } = (next.spec ?? {}) as { finalizers?: string[] };
  return resource.storage.resource !== 'namespaces' || !finalizers?.length;
}

/** Leases and ServiceAccounts must say which version they replace. */
function requireVersion({ resource, name = '' }: RestRequest): never {
  throw invalid({ group: resource.group, kind: resource.kind }, name, [
    invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
  ]);
}

function withoutVersion(object: KubeObject): KubeObject {
  const { resourceVersion: _resourceVersion, uid: _uid, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
