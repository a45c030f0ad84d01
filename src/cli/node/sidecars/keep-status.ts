import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { StatusError } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { formatTime } from '../../../kube/time.ts';
import type { EventRecorder } from '../../../pods/events.ts';
import { followCollection } from '../../../pods/follow.ts';
import { keyOfSidecar } from '../../../sidecar/admission/accept.ts';
import type { Sidecar } from '../../../sidecar/sidecar.ts';
import type { Collection, Key, Store } from '../../../store/store.ts';
import { Carriers, carriedBy, containersOf } from './carriers.ts';
import { CLUSTER_SIDECARS, type KnownSidecars, SIDECARS } from './known-sidecars.ts';
import { sidecarStatuses } from './sidecar-status.ts';

/** Changes within this time are written together. Milliseconds. */
const SETTLE = 200;
/** After a write that failed. Milliseconds. */
const RETRY = 5_000;
const PODS: Collection = { group: '', resource: 'pods' };

export interface KeepStatusOptions {
  store: Store;
  known: KnownSidecars;
  events: Pick<EventRecorder, 'event'>;
  log: Logger;
  signal: AbortSignal;
  now?: () => Date;
  /** Calls back after some milliseconds; answers how to call it off. */
  later?: (run: () => void, ms: number) => () => void;
}

/**
 * Keeps the status of all sidecars true until `signal` aborts, and says in an event of each new Pod what is attached to it. Nothing runs while
 * nothing changes.
 */
export function keepSidecarStatus(options: KeepStatusOptions): void {
  const { store, events, log, signal } = options;
  const carriers = new Carriers();
  const { items, revision } = store.list(PODS);
  carriers.reset(items);
  const schedule = scheduler(options, () => writeStatuses(options, carriers));
  const follow = (collection: Collection, since: number, onEvent: Parameters<typeof followCollection>[2]['onEvent']) =>
    void followCollection(store, collection, {
      since,
      signal,
      onEvent,
      onList: (now) => {
        if (collection === PODS) carriers.reset(now);
        schedule(SETTLE);
      },
      onError: async (error) => {
        log.error({ err: error }, 'sidecars: a watch failed');
        await new Promise((resolve) => setTimeout(resolve, RETRY).unref());
      },
    });
  follow(PODS, revision, (event) => {
    if (carriers.update(event)) schedule(SETTLE);
    if (event.type === 'ADDED') tell(events, event.object);
  });
  for (const collection of [SIDECARS, CLUSTER_SIDECARS]) follow(collection, revision, () => schedule(SETTLE));
  schedule(0);
}

function tell(events: KeepStatusOptions['events'], pod: KubeObject): void {
  for (const sidecar of carriedBy(pod)) {
    const names = containersOf(sidecar);
    const brought = names.length === 0 ? '' : `: container${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
    events.event(pod, 'Normal', 'SidecarAttached', `Attached sidecar ${sidecar.name}${brought}`);
  }
}

/** One run at a time; what is asked for meanwhile makes another one. */
function scheduler(
  { log, signal, later = laterUnref }: KeepStatusOptions,
  run: () => Promise<void>,
): (ms: number) => void {
  let waiting = false;
  let running = false;
  const schedule = (ms: number): void => {
    if (waiting || signal.aborted) return;
    waiting = true;
    const callOff = later(() => {
      signal.removeEventListener('abort', callOff);
      waiting = false;
      void start();
    }, ms);
    signal.addEventListener('abort', callOff, { once: true });
  };
  const start = async (): Promise<void> => {
    if (running) return schedule(SETTLE);
    running = true;
    try {
      await run();
    } catch (error) {
      log.warn({ err: error }, 'status of sidecars not written');
      schedule(RETRY);
    } finally {
      running = false;
    }
  };
  return schedule;
}

function laterUnref(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
}

async function writeStatuses(
  { store, known, now = () => new Date(), signal }: KeepStatusOptions,
  carriers: Carriers,
): Promise<void> {
  const set = known.current();
  const before = (sidecar: Sidecar): unknown => store.get(placeOf(sidecar))?.status;
  const statuses = sidecarStatuses(set, carriers.all(), { before, now: formatTime(now()) });
  for (const sidecar of set.definitions) {
    const status = statuses.get(keyOfSidecar(sidecar));
    if (signal.aborted) return;
    if (!isDeepStrictEqual(status, before(sidecar))) await writeStatus(store, sidecar, status);
  }
}

/** A definition that has changed since is left to the run that its change has asked for. */
async function writeStatus(store: Store, sidecar: Sidecar, status: unknown): Promise<void> {
  const { uid, generation } = sidecar.metadata;
  try {
    await store.update(placeOf(sidecar), (current) =>
      current.metadata.uid === uid && current.metadata.generation === generation ? { ...current, status } : current,
    );
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
  }
}

function placeOf({ kind, metadata: { namespace = '', name = '' } }: Sidecar): Key {
  return kind === 'ClusterSidecar' ? { ...CLUSTER_SIDECARS, namespace: '', name } : { ...SIDECARS, namespace, name };
}
