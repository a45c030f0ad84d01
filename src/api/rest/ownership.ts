import type { ManagedFieldsEntry } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, RESOURCES, type Resource } from '../../kube/resources.ts';
import { formatTime } from '../../kube/time.ts';
import { type Actor, decodeManagers, encodeManagers, isReset, type Managers, sameManagers } from '../apply/managers.ts';
import { ownAfterUpdate, type Setting, type View } from '../apply/ownership.ts';
import { schemaOf } from '../apply/schema.ts';
import { customKindOf } from '../custom/custom-kind.ts';
import { zeroObject } from '../protobuf/zero-object.ts';
import type { RestContext, RestRequest } from './context.ts';
import { strategyOf } from './strategy.ts';
import { fromStorage, toStorage } from './versions.ts';

/** A manager's name may be as long as this (apimachinery `meta/v1/validation`), in bytes. */
const MAX_MANAGER = 128;

/** Who owns the fields of a new object: whoever creates it, as far as it says something. */
export function ownersOfNew(
  context: RestContext,
  request: RestRequest,
  object: KubeObject,
): ManagedFieldsEntry[] | undefined {
  const { resource } = request;
  const change = { before: zeroObject(resource), after: fromStorage(resource, object), now: nowOf(context) };
  return encodeManagers(ownAfterUpdate(settingOf(context, request), new Map(), updaterOf(request), change));
}

/**
 * Who owns the fields of an object after an update, both states as they are stored. Nobody does as long as nobody did: what the node itself writes
 * is not tracked (apimachinery `managedfields/internal/skipnonapplied.go`).
 * @param said managedFields as the client has sent them, which it may have changed
 */
export function ownersAfterUpdate(
  context: RestContext,
  request: RestRequest,
  { current, next, said }: { current: KubeObject; next: KubeObject; said: readonly ManagedFieldsEntry[] | undefined },
): ManagedFieldsEntry[] | undefined {
  const { resource, subresource } = request;
  const live = decodeManagers(current.metadata.managedFields) ?? new Map();
  const managers = subresource ? live : wanted(said, live);
  if (managers.size === 0) return undefined;
  const [before, after] = [fromStorage(resource, current), fromStorage(resource, next)];
  const setting = settingOf(context, request);
  const left = ownAfterUpdate(setting, managers, updaterOf(request), { before, after, now: nowOf(context) });
  return sameManagers(left, live) ? current.metadata.managedFields : encodeManagers(left);
}

/** What cannot be read and what says nothing is not looked at. */
function wanted(said: readonly ManagedFieldsEntry[] | undefined, live: Managers): Managers {
  if (isReset(said)) return new Map();
  const managers = decodeManagers(said);
  return managers && managers.size > 0 ? managers : live;
}

/** What ownership of a request's object is worked out with. Objects are given in the version of the request. */
export function settingOf({ customKinds }: RestContext, { resource, subresource }: RestRequest): Setting {
  const { ownedBy } = strategyOf(resource);
  const own = subresource && ownedBy[subresource.name];
  const others = Object.values(ownedBy).flat();
  const schemas = new Map<string, View | undefined>();
  const isForeign = (field: string): boolean => {
    if (subresource) return own !== undefined && field !== 'metadata' && !own.includes(field);
    return others.includes(field);
  };
  const viewOf = (apiVersion: string): View | undefined => {
    if (!schemas.has(apiVersion)) schemas.set(apiVersion, viewIn(resource, apiVersion, customKinds));
    return schemas.get(apiVersion);
  };
  return { viewOf, isForeign };
}

function viewIn(resource: Resource, apiVersion: string, kinds: RestContext['customKinds']): View | undefined {
  const { storage } = resource;
  const other = RESOURCES.find(
    (one) =>
      one.storage.group === storage.group &&
      one.storage.resource === storage.resource &&
      apiVersionOf(one) === apiVersion,
  );
  if (!other) return undefined;
  const of = (object: object): object =>
    other === resource ? object : fromStorage(other, toStorage(resource, object as KubeObject));
  return { schema: schemaOf(other, customKindOf(kinds, other)?.schema), of };
}

/** An object with its owners, which nobody else sets. */
export function owned(object: KubeObject, managedFields: ManagedFieldsEntry[] | undefined): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, ...(managedFields && { managedFields }) } };
}

/** Who updates: as the request names itself or, when it does not, as its program does. */
function updaterOf(request: RestRequest): Actor {
  const program = (request.http.headers['user-agent'] ?? '').split('/')[0]!.replace(/[^\x20-\x7e]/g, '');
  return actorOf(request, request.query.get('fieldManager') || program.slice(0, MAX_MANAGER), 'Update');
}

export function actorOf({ resource, subresource }: RestRequest, manager: string, operation: Actor['operation']): Actor {
  return {
    manager,
    operation,
    apiVersion: apiVersionOf(resource),
    ...(subresource && { subresource: subresource.name }),
  };
}

export const nowOf = (context: RestContext): string => formatTime(context.now());
