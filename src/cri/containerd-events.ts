import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Connection } from './grpc.ts';
import { RuntimeError, type RuntimeEvent } from './runtime.ts';

export interface EventsOptions {
  connection: Connection;
  log: Logger;
  signal: AbortSignal;
  /** Resolves when the runtime's own records say that this container or sandbox has ended. */
  settled: (id: string) => Promise<void>;
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

async function* oneStream({ connection, signal, settled }: EventsOptions): AsyncIterable<RuntimeEvent> {
  const request = { filters: FILTERS };
  for await (const envelope of connection.stream<Envelope>(
    'containerd.services.events.v1.Events/Subscribe',
    request,
    signal,
  )) {
    const subject = connection.decode<Subject>('containerd.services.events.v1.Subject', envelope.event.value);
    const event = eventOf(envelope.topic, subject);
    if (!event) continue;
    if (event.type === 'exited') await settled(event.id);
    yield event;
  }
}

interface Envelope {
  topic: string;
  event: { value: Buffer };
}

interface Subject {
  containerId: string;
  id: string;
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
