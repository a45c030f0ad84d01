import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';

/** Fields of an Event by their names in core/v1 and in events.k8s.io/v1. */
const EVENT_FIELDS: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];
const TO_EVENTS = new Map(EVENT_FIELDS);
const TO_CORE = new Map(EVENT_FIELDS.map(([core, events]) => [events, core] as const));

/** A stored object as this resource shows it; kind and apiVersion come first and are the resource's. */
export function fromStorage(resource: Resource, object: KubeObject): KubeObject {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  const shown = isEventsGroup(resource) ? rename(rest, TO_EVENTS) : rest;
  return { kind: resource.kind, apiVersion: apiVersionOf(resource), ...shown } as KubeObject;
}

/** An object of this resource as it is stored: events of both API groups are one. */
export function toStorage(resource: Resource, object: KubeObject): KubeObject {
  if (!isEventsGroup(resource)) return object;
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return { kind: 'Event', apiVersion: 'v1', ...rename(rest, TO_CORE) } as KubeObject;
}

const isEventsGroup = ({ group }: Resource): boolean => group === 'events.k8s.io';

function rename(object: Record<string, unknown>, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value]));
}
