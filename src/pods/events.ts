import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StatusError } from '../kube/errors.ts';
import type { Event, ObjectReference } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import { formatTime } from '../kube/time.ts';
import type { Key, Store } from '../store/store.ts';
import { Correlator } from './events/correlator.ts';
import { LeastRecentlyUsed } from './events/least-recently-used.ts';

/** Events that wait to be written; when more come than the disk takes, the newest are lost, as in client-go. */
const MAX_WAITING = 1000;
/** Events that can still be counted up. */
const MEMORY = 1024;
/** How long an event is kept after its last change (`--event-ttl` of the kube-apiserver). Milliseconds. */
const TIME_TO_LIVE = 3_600_000;
const SWEEP_EVERY = 300_000;
/** 253 characters less a dot and sixteen digits. */
const MAX_OBJECT_NAME = 236;
const RESOURCE = { group: '', resource: 'events' };

/** What an event can be about. `kind` and `apiVersion` are a Pod's unless they are given. */
interface EventSubject {
  apiVersion?: string;
  kind?: string;
  metadata?: KubeObject['metadata'];
}

export interface EventRecorder {
  /** Says something about an object. Returns at once and never throws; what cannot be written is logged. `fieldPath`: `spec.containers{web}`. */
  event(object: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void;
  /** Resolves when all that was said before is written or given up. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  store: Pick<Store, 'create' | 'update'>;
  /** Who speaks: `kubelet`, `default-scheduler`. */
  component: string;
  /** The node's name; '' for a component that is not of a node. */
  host: string;
  log: Logger;
  /** Milliseconds since the epoch. */
  now?: () => number;
  random?: () => number;
  uuid?: () => string;
}

/**
 * Writes core/v1 Events as client-go's recorder does: repeats count up in one object, floods are combined or dropped (`Correlator`).
 * Writes are made one after the other, beside the caller's work.
 */
export function eventRecorder({
  store,
  component,
  host,
  log,
  now = Date.now,
  random = Math.random,
  uuid = randomUUID,
}: EventRecorderOptions): EventRecorder {
  const correlator = new Correlator();
  const written = new LeastRecentlyUsed<string, Key>(MEMORY);
  const nextSuffix = eventSuffixes(now, random);
  let queue = Promise.resolve();
  let waiting = 0;

  async function write(key: string, event: Event): Promise<void> {
    const known = written.get(key);
    const isCounted = known && (await countUp(store, known, event));
    if (isCounted) return;
    const place = { ...RESOURCE, namespace: event.metadata.namespace ?? '', name: event.metadata.name ?? '' };
    await store.create(place, event as unknown as KubeObject);
    written.set(key, place);
  }

  return {
    event(object, type, reason, message, fieldPath = '') {
      const involved = reference(object, fieldPath);
      const { fieldPath: _, resourceVersion: __, ...subject } = involved;
      const said = { subject: JSON.stringify([component, host, subject]), type, reason, message, fieldPath };
      const correlated = correlator.correlate(said, now());
      if (!correlated || waiting >= MAX_WAITING) {
        log.debug({ reason, object: involved.name, message }, 'event dropped');
        return;
      }
      const event = newEvent({
        involved,
        type,
        reason,
        message: correlated.message,
        component,
        host,
        now: now(),
        uid: uuid(),
      });
      event.metadata.name = `${(involved.name ?? '').slice(0, MAX_OBJECT_NAME)}.${nextSuffix()}`;
      waiting++;
      queue = queue
        .then(() => write(correlated.key, event))
        .catch((error: unknown) => log.warn({ err: error, reason, object: involved.name }, 'event not written'))
        .finally(() => waiting--);
    },
    flush: () => queue,
  };
}

/** Deletes events that did not change for an hour, every five minutes, until `signal` aborts. */
export async function expireEvents({
  store,
  signal,
  log,
  now = Date.now,
}: {
  store: Pick<Store, 'list' | 'delete'>;
  signal: AbortSignal;
  log: Logger;
  now?: () => number;
}): Promise<void> {
  while (!signal.aborted) {
    await deleteExpired(store, now()).catch((error: unknown) => log.warn({ err: error }, 'old events not deleted'));
    await sleep(SWEEP_EVERY, undefined, { signal, ref: false }).catch(() => {});
  }
}

/** One sweep: deletes the events whose last change is an hour before `now` (milliseconds since the epoch). */
export async function deleteExpired(store: Pick<Store, 'list' | 'delete'>, now: number): Promise<void> {
  for (const item of store.list(RESOURCE).items) {
    if (now - lastChange(item as unknown as Event) < TIME_TO_LIVE) continue;
    const { namespace = '', name = '' } = item.metadata;
    await store.delete({ ...RESOURCE, namespace, name }).catch(ignoreNotFound);
  }
}

/** Milliseconds since the epoch. */
function lastChange({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: Event): number {
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, firstTimestamp, metadata.creationTimestamp];
  return Math.max(0, ...times.map((time) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time)));
}

/** false when the event is no longer there. */
async function countUp(store: Pick<Store, 'update'>, key: Key, { message, lastTimestamp }: Event): Promise<boolean> {
  try {
    await store.update(key, (current) => ({
      ...current,
      message,
      lastTimestamp,
      count: ((current.count as number | undefined) ?? 0) + 1,
    }));
    return true;
  } catch (error) {
    ignoreNotFound(error);
    return false;
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
}

function reference(
  { apiVersion = 'v1', kind = 'Pod', metadata = {} }: EventSubject,
  fieldPath: string,
): ObjectReference {
  const { name = '', namespace, uid, resourceVersion } = metadata;
  return {
    kind,
    ...(namespace && { namespace }),
    name,
    ...(uid && { uid }),
    apiVersion,
    ...(resourceVersion && { resourceVersion }),
    ...(fieldPath && { fieldPath }),
  };
}

interface EventParts {
  involved: ObjectReference;
  type: string;
  reason: string;
  message: string;
  component: string;
  host: string;
  now: number;
  uid: string;
}

function newEvent({ involved, type, reason, message, component, host, now, uid }: EventParts): Event {
  const time = formatTime(new Date(now));
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: involved.namespace ?? 'default', uid, creationTimestamp: time },
    involvedObject: involved,
    reason,
    message,
    source: { component, ...(host && { host }) },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type,
    eventTime: null as unknown as string,
    reportingComponent: component,
    reportingInstance: host,
  };
}

/** The time in nanoseconds as sixteen hex digits, each larger than the one before; the clock has milliseconds only, chance fills the rest. */
function eventSuffixes(now: () => number, random: () => number): () => string {
  let last = 0n;
  return () => {
    const wanted = BigInt(now()) * 1_000_000n + BigInt(Math.floor(random() * 1_000_000));
    last = wanted > last ? wanted : last + 1n;
    return last.toString(16).padStart(16, '0');
  };
}
