import { alreadyExists, badRequest, notFound, StatusError } from '../../kube/errors.ts';
import { generateName } from '../../kube/generate-name.ts';
import type { ManagedFieldsEntry, ObjectMeta } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { formatTime } from '../../kube/time.ts';
import { forbidden } from '../auth/authorize.ts';
import type { Answer, RestContext, RestRequest } from './context.ts';
import { named } from './errors.ts';
import { keyOf } from './key.ts';
import { owned, ownersOfNew } from './ownership.ts';
import { readObject } from './read-object.ts';
import { admitAndCheck, withResourceDefaults } from './rules.ts';
import { strategyOf } from './strategy.ts';
import { fromStorage, toStorage } from './versions.ts';

/** How often another random name is tried when one is taken. */
const NAME_ATTEMPTS = 8;

/** Answers POST to a collection: 201 with the object as it is now stored. */
export async function create(context: RestContext, request: RestRequest): Promise<Answer> {
  const object = await readObject(context, request);
  return createObject(context, request, object);
}

/**
 * Stores a decoded object as a new one.
 * @param owners of its fields; without it, whoever creates it
 */
export async function createObject(
  context: RestContext,
  request: RestRequest,
  object: KubeObject,
  owners?: ManagedFieldsEntry[],
): Promise<Answer> {
  checkPlace(request, object);
  requireNamespace(context, request, object.metadata.name);
  const generated = !object.metadata.name && object.metadata.generateName;
  for (let attempt = 1; ; attempt++) {
    try {
      return await createOnce(context, request, object, owners);
    } catch (error) {
      if (!generated || !(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      if (attempt === NAME_ATTEMPTS) throw namesTaken(error);
    }
  }
}

async function createOnce(
  context: RestContext,
  request: RestRequest,
  object: KubeObject,
  owners?: ManagedFieldsEntry[],
): Promise<Answer> {
  const { resource } = request;
  const metadata = newMetadata(context, request, object.metadata);
  const complete = withResourceDefaults(resource, { ...toStorage(resource, object), metadata });
  const now = formatTime(context.now());
  const managedFields = owners ?? ownersOfNew(context, request, complete);
  const draft = owned(strategyOf(resource).initial(complete, now), managedFields);
  const checked = owned(await admitAndCheck(context, request, { operation: 'CREATE', object: draft }), managedFields);
  // What is computed from the object, such as a Pod's QoS class, is computed from what admission made of it.
  const admitted = strategyOf(resource).initial(checked, now);
  const { name = '' } = admitted.metadata;
  if (!request.dryRun) {
    const stored = await context.store.create(keyOf(request, name), admitted);
    if (resource.storage.resource === 'namespaces') await context.namespaces.furnish(name);
    return { status: 201, object: fromStorage(resource, stored) };
  }
  if (context.store.get(keyOf(request, name))) throw alreadyExists(named(resource), name);
  return { status: 201, object: fromStorage(resource, admitted) };
}

/**
 * The body must fit the URL.
 * @throws StatusError BadRequest
 */
export function checkPlace({ resource, namespace, name }: RestRequest, { metadata }: KubeObject): void {
  if (resource.namespaced && metadata.namespace && metadata.namespace !== namespace)
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  if (name !== undefined && metadata.name && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

function newMetadata(context: RestContext, { resource, namespace }: RestRequest, given: ObjectMeta): ObjectMeta {
  if (given.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  const { name, generateName: base, labels, annotations, ownerReferences, finalizers } = given;
  const counted = strategyOf(resource).generationOf.length > 0;
  const generated = !name && base ? generateName(base, context.ids.random) : name;
  return {
    ...(generated && { name: generated }),
    ...(base && { generateName: base }),
    ...(resource.namespaced && { namespace }),
    uid: context.ids.uid(),
    creationTimestamp: formatTime(context.now()),
    ...(counted && { generation: 1 }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences }),
    ...(finalizers && { finalizers }),
  };
}

/** New content needs a namespace that is there and stays (Kubernetes' admission plugin NamespaceLifecycle). */
function requireNamespace(
  { store }: RestContext,
  { resource, namespace = '' }: RestRequest,
  name: string | undefined,
): void {
  if (!resource.namespaced) return;
  const found = store.get({ group: '', resource: 'namespaces', namespace: '', name: namespace });
  if (!found) throw notFound({ group: '', resource: 'namespaces' }, namespace);
  if (!found.metadata.deletionTimestamp) return;
  const error = forbidden(
    named(resource),
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  throw new StatusError('Forbidden', error.message, {
    ...error.details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}

function namesTaken(error: StatusError): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${error.message}, the server was not able to generate a unique name for the object`,
    { ...error.details, retryAfterSeconds: 1 },
  );
}
