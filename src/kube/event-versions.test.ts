import { expect, test } from 'vitest';
import { fromEventsV1, toEventsV1 } from './event-versions.ts';

const CORE = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'web.1', namespace: 'default' },
  involvedObject: { kind: 'Pod', name: 'web' },
  reason: 'Started',
  message: 'Started container web',
  source: { component: 'kubelet' },
  firstTimestamp: '2024-01-01T00:00:00Z',
  lastTimestamp: '2024-01-01T00:00:00Z',
  count: 1,
  type: 'Normal',
  reportingComponent: 'kubelet',
};

test('an event reads the same in both groups', () => {
  const view = toEventsV1(CORE);
  expect(view).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'web.1', namespace: 'default' },
    eventTime: null,
    regarding: { kind: 'Pod', name: 'web' },
    reason: 'Started',
    note: 'Started container web',
    deprecatedSource: { component: 'kubelet' },
    deprecatedFirstTimestamp: '2024-01-01T00:00:00Z',
    deprecatedLastTimestamp: '2024-01-01T00:00:00Z',
    deprecatedCount: 1,
    type: 'Normal',
    reportingController: 'kubelet',
  });
  expect(fromEventsV1(view)).toEqual({ ...CORE, eventTime: null });
});
