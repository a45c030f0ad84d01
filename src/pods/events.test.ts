import fc from 'fast-check';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import type { Event } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { memoryStore } from '../store/memory-store.ts';
import { deleteExpired, eventRecorder } from './events.ts';

const POD = { metadata: { name: 'web', namespace: 'shop', uid: 'u-1', resourceVersion: '7' } };
const START = Date.parse('2026-11-23T18:56:41Z');
const EVENTS = { group: '', resource: 'events' };

function recorder(component = 'kubelet') {
  const clock = { now: START };
  const store = memoryStore();
  const events = eventRecorder({
    store,
    component,
    host: 'node1',
    log: pino({ level: 'silent' }),
    now: () => clock.now,
    random: () => 0.5,
    uuid: () => 'uid',
  });
  const all = async () => {
    await events.flush();
    return store.list(EVENTS).items as unknown as Event[];
  };
  return { ...events, clock, store, all };
}

test('an event, whole', async () => {
  const { event, all } = recorder();
  event(POD, 'Normal', 'Started', 'Started container c', 'spec.containers{c}');
  expect(await all()).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: 'web.18eac18a40fc7b20',
        namespace: 'shop',
        uid: 'uid',
        creationTimestamp: '2026-11-23T18:56:41Z',
        resourceVersion: expect.any(String),
      },
      involvedObject: {
        kind: 'Pod',
        namespace: 'shop',
        name: 'web',
        uid: 'u-1',
        apiVersion: 'v1',
        resourceVersion: '7',
        fieldPath: 'spec.containers{c}',
      },
      reason: 'Started',
      message: 'Started container c',
      source: { component: 'kubelet', host: 'node1' },
      firstTimestamp: '2026-11-23T18:56:41Z',
      lastTimestamp: '2026-11-23T18:56:41Z',
      count: 1,
      type: 'Normal',
      eventTime: null,
      reportingComponent: 'kubelet',
      reportingInstance: 'node1',
    },
  ]);
});

test('an event about the node is in the default namespace', async () => {
  const { event, all } = recorder();
  event({ kind: 'Node', metadata: { name: 'node1', uid: 'n-1' } }, 'Normal', 'Starting', 'Starting kubelet.');
  expect((await all())[0]).toMatchObject({
    metadata: { namespace: 'default' },
    involvedObject: { kind: 'Node', name: 'node1', uid: 'n-1', apiVersion: 'v1' },
  });
});

describe('repeats', () => {
  test('count up in one object', async () => {
    const { event, all, clock } = recorder();
    for (const _ of [1, 2, 3]) {
      event(POD, 'Warning', 'BackOff', 'Back-off restarting failed container');
      clock.now += 10_000;
    }
    expect(await all()).toMatchObject([
      { count: 3, firstTimestamp: '2026-11-23T18:56:41Z', lastTimestamp: '2026-11-23T18:57:01Z' },
    ]);
  });

  test.each<[string, Partial<{ pod: typeof POD; type: 'Warning'; reason: string; message: string; path: string }>]>([
    ['another pod of the name', { pod: { metadata: { ...POD.metadata, uid: 'u-2' } } }],
    ['another type', { type: 'Warning' }],
    ['another reason', { reason: 'Other' }],
    ['another message', { message: 'Other' }],
    ['another container', { path: 'spec.containers{d}' }],
  ])(
    'are not: %s',
    async (_, { pod = POD, type = 'Normal' as const, reason = 'R', message = 'M', path = 'spec.containers{c}' }) => {
      const { event, all } = recorder();
      event(POD, 'Normal', 'R', 'M', 'spec.containers{c}');
      event(pod, type, reason, message, path);
      expect(await all()).toHaveLength(2);
    },
  );

  test('begin anew when the event is gone', async () => {
    const { event, all, store } = recorder();
    event(POD, 'Normal', 'R', 'M');
    const [first] = await all();
    await store.delete({ ...EVENTS, namespace: 'shop', name: first?.metadata.name ?? '' });
    event(POD, 'Normal', 'R', 'M');
    expect(await all()).toMatchObject([{ count: 1 }]);
  });
});

describe('floods', () => {
  test('of similar events in ten minutes are combined from the tenth on', async () => {
    const { event, all, clock } = recorder();
    for (let i = 1; i <= 12; i++) {
      event(POD, 'Warning', 'Failed', `try ${i}`);
      clock.now += 1000;
    }
    const events = await all();
    expect(events.map(({ message, count }) => [message, count])).toEqual([
      ...Array.from({ length: 9 }, (_, i) => [`try ${i + 1}`, 1]),
      ['(combined from similar events): try 12', 3],
    ]);
    clock.now += 601_000;
    event(POD, 'Warning', 'Failed', 'try later');
    expect((await all()).at(-1)?.message).toBe('try later');
  });

  test('of one pod are cut off after 25, with one more every five minutes; other pods still speak', async () => {
    const { event, all, clock } = recorder();
    for (let i = 0; i < 40; i++) event(POD, 'Normal', `R${i}`, 'M');
    expect(await all()).toHaveLength(25);
    event({ metadata: { ...POD.metadata, uid: 'u-2' } }, 'Normal', 'R', 'M');
    expect(await all()).toHaveLength(26);
    clock.now += 300_000;
    event(POD, 'Normal', 'later', 'M');
    event(POD, 'Normal', 'later still', 'M');
    expect((await all()).at(-1)?.reason).toBe('later');
  });
});

test('names are unique and in the order of the events, also when the clock stands or goes back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 20 }), async (steps) => {
      const { event, all, clock } = recorder();
      for (const [i, step] of steps.entries()) {
        clock.now += step;
        event(POD, 'Normal', `R${i}`, 'M');
      }
      expect((await all()).map(({ reason }) => reason)).toEqual(steps.map((_, i) => `R${i}`));
    }),
    { numRuns: 30 },
  );
});

test('what cannot be written is given up, and the next is written', async () => {
  const lines: string[] = [];
  const store = memoryStore();
  let isBroken = true;
  const create: typeof store.create = async (key, object) => {
    if (isBroken) throw new Error('disk full');
    return store.create(key, object);
  };
  const { event, flush } = eventRecorder({
    store: { create, update: store.update.bind(store) },
    component: 'kubelet',
    host: 'node1',
    log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
  });
  event(POD, 'Normal', 'R', 'M');
  await flush();
  isBroken = false;
  event(POD, 'Normal', 'R', 'M');
  await flush();
  expect(store.list(EVENTS).items).toHaveLength(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('disk full');
});

test('events are deleted one hour after their last change', async () => {
  const store = memoryStore();
  const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString();
  const events: [string, Partial<Event>][] = [
    ['old', { lastTimestamp: at(0) }],
    ['repeated', { firstTimestamp: at(0), lastTimestamp: at(30) }],
    ['of-another-kind', { eventTime: at(0), series: { count: 2, lastObservedTime: at(30) } }],
    ['young', { lastTimestamp: at(59) }],
    ['without-times', {}],
  ];
  for (const [name, times] of events) {
    await store.create({ ...EVENTS, namespace: 'shop', name }, {
      metadata: { name, namespace: 'shop' },
      ...times,
    } as KubeObject);
  }
  await deleteExpired(store, START + 60 * 60_000);
  expect(store.list(EVENTS).items.map(({ metadata }) => metadata.name)).toEqual([
    'of-another-kind',
    'repeated',
    'young',
  ]);
});
