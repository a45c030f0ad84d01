import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Connection } from './grpc.ts';
import { RuntimeError, type RuntimeEvent } from './runtime.ts';

export interface EventsOptions {
  connection: Connection;
  log: Logger;
  signal: AbortSignal;
  /** Resolves when the runtime's own records say that this container or sandbox has ended; `deleted` when its task was cleared away. */
  settled: (id: string, deleted: Promise<void>) => Promise<void>;
}

/**
 * containerd's own event stream (CRI's GetContainerEvents is missing in 1.6), reconnected for ever. Whenever the stream was
 * interrupted an event without an id says so: anything may have happened meanwhile. A runtime that has no such stream
 * (one that is not containerd) gives no events.
 */
export async function* containerdEvents(options: EventsOptions): AsyncIterable<RuntimeEvent> {
  const { log, signal } = options;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    if (attempt > 0) yield { id: '', type: 'other' };
    try {
      yield* oneStream(options);
    } catch (error) {
      if (error instanceof RuntimeError && error.code === 'Unimplemented') {
        log.warn('the container runtime has no event stream; changes are seen by polling only');
        return;
      }
      log.debug({ err: error }, 'the event stream of the container runtime broke');
    }
    await sleep(RECONNECT_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}

const RECONNECT_MS = 100;
const FILTERS = [
  'namespace==k8s.io,topic~="^/tasks/(start|exit|oom|delete)"',
  'namespace==k8s.io,topic~="^/containers/"',
];

/** Exits are told when they have settled, each in its own time: behind one that is slow no other waits. */
async function* oneStream({ connection, signal, settled }: EventsOptions): AsyncIterable<RuntimeEvent> {
  const told: RuntimeEvent[] = [];
  let isOver = false;
  let wake = (): void => {};
  const leave = new AbortController();
  const end = (): void => leave.abort();
  signal.addEventListener('abort', end, { once: true });
  const tell = (event: RuntimeEvent): void => {
    told.push(event);
    wake();
  };
  const reading = read(connection, leave.signal, { tell, settled }).finally(() => {
    isOver = true;
    wake();
  });
  reading.catch(() => {});
  try {
    for (;;) {
      const spoken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      while (told.length > 0) yield told.shift()!;
      if (isOver) return await reading;
      await spoken;
    }
  } finally {
    signal.removeEventListener('abort', end);
    leave.abort();
  }
}

async function read(
  connection: Connection,
  signal: AbortSignal,
  { tell, settled }: Pick<EventsOptions, 'settled'> & { tell(event: RuntimeEvent): void },
): Promise<void> {
  const ending = new Map<string, () => void>();
  const exited = async (event: RuntimeEvent): Promise<void> => {
    await settled(event.id, new Promise((resolve) => ending.set(event.id, resolve)));
    ending.delete(event.id);
    tell(event);
  };
  const request = { filters: FILTERS };
  for await (const { topic, event: packed } of connection.stream<Envelope>(SUBSCRIBE, request, signal)) {
    if (topic === DELETED) {
      const task = connection.decode<Subject>('containerd.services.events.v1.DeletedTask', packed.value);
      if (isFirstProcess(task)) ending.get(task.containerId)?.();
      continue;
    }
    const event = eventOf(topic, connection.decode<Subject>('containerd.services.events.v1.Subject', packed.value));
    if (event?.type === 'exited') void exited(event);
    else if (event) tell(event);
  }
}

const DELETED = '/tasks/delete';
const SUBSCRIBE = 'containerd.services.events.v1.Events/Subscribe';

interface Envelope {
  topic: string;
  event: { value: Buffer };
}

interface Subject {
  containerId: string;
  id: string;
}

/** Not one of exec's. */
function isFirstProcess({ containerId, id }: Subject): boolean {
  return id === '' || id === containerId;
}

/** undefined for what is no news of a container or sandbox: the processes of exec. */
function eventOf(topic: string, { containerId: id, id: process }: Subject): RuntimeEvent | undefined {
  switch (topic) {
    case '/tasks/exit':
      return process === id ? { id, type: 'exited' } : undefined;
    case '/tasks/start':
      return { id, type: 'started' };
    case '/tasks/oom':
      return { id, type: 'oom' };
    case '/containers/create':
      return { id, type: 'created' };
    case '/containers/delete':
      return { id, type: 'deleted' };
    default:
      return undefined;
  }
}
