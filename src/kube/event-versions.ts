import type { Event, EventsV1Event } from './generated/objects.ts';

/**
 * An event of core/v1, as the store keeps it, in the words of events.k8s.io/v1. The two are views of one object
 * (`pkg/apis/events/v1/conversion.go`); nothing is lost on the way there and back.
 */
export function toEventsV1(event: Event): EventsV1Event {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, ...same } = event;
  return {
    ...same,
    apiVersion: 'events.k8s.io/v1',
    // Kubernetes always writes it, as null for events of old.
    eventTime: event.eventTime ?? null,
    ...(involvedObject !== undefined && { regarding: involvedObject }),
    ...(message !== undefined && { note: message }),
    ...(source !== undefined && { deprecatedSource: source }),
    ...(firstTimestamp !== undefined && { deprecatedFirstTimestamp: firstTimestamp }),
    ...(lastTimestamp !== undefined && { deprecatedLastTimestamp: lastTimestamp }),
    ...(count !== undefined && { deprecatedCount: count }),
    ...(reportingComponent !== undefined && { reportingController: reportingComponent }),
  } as unknown as EventsV1Event;
}

/** The reverse of toEventsV1. */
export function fromEventsV1(event: EventsV1Event): Event {
  const {
    regarding,
    note,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    reportingController,
    ...same
  } = event;
  return {
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    ...(note !== undefined && { message: note }),
    ...(deprecatedSource !== undefined && { source: deprecatedSource }),
    ...(deprecatedFirstTimestamp !== undefined && { firstTimestamp: deprecatedFirstTimestamp }),
    ...(deprecatedLastTimestamp !== undefined && { lastTimestamp: deprecatedLastTimestamp }),
    ...(deprecatedCount !== undefined && { count: deprecatedCount }),
    ...(reportingController !== undefined && { reportingComponent: reportingController }),
  } as Event;
}
