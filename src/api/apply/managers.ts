import type { ManagedFieldsEntry } from '../../kube/generated/objects.ts';
import { isRecord } from '../../kube/json.ts';
import { type FieldSet, isEmpty, isEqual, union } from './field-set.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';

/** Somebody who writes, in one way. */
export interface Actor {
  manager: string;
  operation: 'Apply' | 'Update';
  /** Of the object that is written; the sets' places are of this version. */
  apiVersion: string;
  subresource?: string;
}

/** What an actor owns. */
export interface Manager extends Actor {
  time?: string;
  set: FieldSet;
}

/** By `idOf`. */
export type Managers = ReadonlyMap<string, Manager>;

/** More managers that update are taken together as one, the oldest first. */
const MAX_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** Who applies is the same in every version; who updates is somebody else in each. */
export function idOf({ manager, operation, apiVersion, subresource = '' }: Actor): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/** What managedFields say; undefined when they cannot be read. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] = []): Managers | undefined {
  try {
    return new Map(entries.map(decodeEntry).map((manager) => [idOf(manager), manager]));
  } catch {
    return undefined;
  }
}

function decodeEntry({
  manager = '',
  operation,
  apiVersion = '',
  subresource,
  time,
  ...rest
}: ManagedFieldsEntry): Manager {
  if (operation !== 'Apply' && operation !== 'Update') throw new TypeError('unknown operation');
  if (rest.fieldsType !== 'FieldsV1') throw new TypeError('unknown type of fields');
  return {
    manager,
    operation,
    apiVersion,
    ...(subresource && { subresource }),
    ...(time && { time }),
    set: decodeFields(rest.fieldsV1 ?? {}),
  };
}

/** `[{}]`: how a client asks that all be forgotten. An empty list says nothing. */
export function isReset(entries: readonly unknown[] = []): boolean {
  return entries.length === 1 && isRecord(entries[0]) && Object.values(entries[0]).every((value) => value === '');
}

/** managedFields as Kubernetes orders them: appliers first, then by time and name. Undefined when nobody owns anything. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  const owners = [...managers.values()].filter(({ set }) => !isEmpty(set));
  if (owners.length === 0) return undefined;
  return capped(owners.sort(inOrder)).sort(inOrder).map(encodeManager);
}

function encodeManager({ manager, operation, apiVersion, subresource, time, set }: Manager): ManagedFieldsEntry {
  return {
    manager,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(set),
    ...(subresource && { subresource }),
  };
}

function inOrder(a: Manager, b: Manager): number {
  const key = ({ operation, time = '', manager, apiVersion, subresource = '' }: Manager): string[] => [
    operation,
    time,
    manager,
    apiVersion,
    subresource,
  ];
  const [left, right] = [key(a), key(b)];
  const at = left.findIndex((text, i) => text !== right[i]);
  return at < 0 ? 0 : left[at]! < right[at]! ? -1 : 1;
}

/** apimachinery `managedfields/internal/capmanagers.go`; versions are never mixed. `owners` are in order. */
function capped(owners: readonly Manager[]): Manager[] {
  const updaters = owners.filter(({ operation }) => operation === 'Update');
  let excess = updaters.length - MAX_UPDATERS;
  if (excess <= 0) return [...owners];
  const result = owners.filter(({ operation }) => operation === 'Apply');
  const buckets = new Map<string, Manager[]>();
  for (const updater of updaters) {
    const bucket = buckets.get(updater.apiVersion);
    if (excess <= 0) result.push(updater);
    else if (!bucket) buckets.set(updater.apiVersion, [updater]);
    else {
      bucket.push(updater);
      excess--;
    }
  }
  return [...result, ...[...buckets.values()].map(together)];
}

/** The time is that of the latest. */
function together(bucket: readonly Manager[]): Manager {
  const { subresource: _, ...latest } = bucket.at(-1)!;
  if (bucket.length === 1) return bucket[0]!;
  return { ...latest, manager: ANCIENT, set: bucket.map(({ set }) => set).reduce(union) };
}

/** Whether two states of ownership differ in nothing but times. */
export function sameManagers(a: Managers, b: Managers): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([id, manager]) => {
    const other = b.get(id);
    return other !== undefined && other.apiVersion === manager.apiVersion && isEqual(manager.set, other.set);
  });
}
