import { fromEventsV1, toEventsV1 } from '../../kube/event-versions.ts';
import type { Event, EventsV1Event } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';

/** A stored object as this resource shows it; kind and apiVersion come first and are the resource's. */
export function fromStorage(resource: Resource, object: KubeObject): KubeObject {
  const shown = isEventsGroup(resource) ? toEventsV1(object as unknown as Event) : object;
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = shown as KubeObject;
  return { kind: resource.kind, apiVersion: apiVersionOf(resource), ...rest };
}

/** An object of this resource as it is stored: events of both API groups are one. */
export function toStorage(resource: Resource, object: KubeObject): KubeObject {
  return isEventsGroup(resource) ? (fromEventsV1(object as unknown as EventsV1Event) as unknown as KubeObject) : object;
}

const isEventsGroup = ({ group }: Resource): boolean => group === 'events.k8s.io';
