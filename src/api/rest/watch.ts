import { StatusError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import type { StoreEvent } from '../../store/store.ts';
import type { RestContext, RestRequest } from './context.ts';
import { collectionOf } from './list.ts';
import { type ListOptions, parseListOptions, requireRevision } from './list-options.ts';
import { type Selection, selectionOf } from './selection.ts';

/** One line of a watch. The object of ADDED, MODIFIED and DELETED is as stored, that of BOOKMARK and ERROR as the client gets it. */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeObject;
}

/** Takes one event; the next comes when it has resolved, so that a slow client is not buffered for. */
type EmitEvent = (event: WatchEvent) => Promise<void>;

export interface Watch {
  run(emit: EmitEvent, signal: AbortSignal): Promise<void>;
}

const BOOKMARK_INTERVAL = 60_000;
/** As kube-apiserver's --min-request-timeout: a watch without a wish lasts half an hour to an hour. */
const DEFAULT_TIMEOUT_SECONDS = 1_800;
/** What Node's timers can count, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/**
 * Prepares a WATCH. Faults of the query are thrown here; a resourceVersion that is too old is an ERROR event of the running watch, and one of
 * the future is waited for in silence, as in Kubernetes.
 * @throws StatusError BadRequest, Invalid, Timeout
 */
export function watch(context: RestContext, request: RestRequest): Watch {
  const options = parseListOptions(request.query);
  const selection = selectionOf(request.resource, request.query, request.name);
  const plan = planStart(options);
  if (options.sendInitialEvents) requireRevision(options.revision, context.store.revision);
  const seconds = options.timeoutSeconds || DEFAULT_TIMEOUT_SECONDS * (1 + context.ids.random());
  return {
    run: (emit, signal) => {
      const session = new Session(context, request, selection, emit);
      return within(seconds, signal, (ends) => session.run(plan, options.bookmarks, ends));
    },
  };
}

/** Runs with a signal that aborts with `signal` or after so many seconds, and leaves no timer behind. */
async function within(seconds: number, signal: AbortSignal, run: (ends: AbortSignal) => Promise<void>): Promise<void> {
  const ends = new AbortController();
  const end = (): void => ends.abort();
  const timer = setTimeout(end, Math.min(seconds * 1_000, LONGEST_TIMER)).unref();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    await run(ends.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

interface StartPlan {
  /** Objects that are there are told as ADDED first. */
  initial: boolean;
  /** A bookmark tells when the initial ones are complete. */
  endMark: boolean;
  /** Changes after this revision are told; absent for those from now on. */
  since?: number;
}

/** apiserver `storage/cacher`: without a resourceVersion, and with `0`, a watch begins with what is there. */
function planStart({ sendInitialEvents, revision, resourceVersion, bookmarks }: ListOptions): StartPlan {
  if (sendInitialEvents === true) return { initial: true, endMark: bookmarks };
  if (sendInitialEvents === undefined && revision === undefined)
    return { initial: true, endMark: bookmarks && resourceVersion === '' };
  return { initial: false, endMark: false, ...(revision !== undefined && { since: revision }) };
}

class Session {
  readonly #context: RestContext;
  readonly #request: RestRequest;
  readonly #selection: Selection;
  readonly #emit: EmitEvent;
  /** The latest revision that the client has been told all of. */
  #told = 0;
  /** Nothing is waiting to be told. */
  #idle = false;

  constructor(context: RestContext, request: RestRequest, selection: Selection, emit: EmitEvent) {
    this.#context = context;
    this.#request = request;
    this.#selection = selection;
    this.#emit = emit;
  }

  async run(plan: StartPlan, bookmarks: boolean, signal: AbortSignal): Promise<void> {
    try {
      const since = plan.initial ? await this.#tellInitial(plan.endMark, signal) : plan.since;
      await this.#tellChanges(since ?? this.#context.store.revision, bookmarks, signal);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (!signal.aborted) await this.#emit({ type: 'ERROR', object: error.toStatus() as unknown as KubeObject });
    }
  }

  async #tellInitial(endMark: boolean, signal: AbortSignal): Promise<number> {
    const { items, revision } = this.#context.store.list(collectionOf(this.#request));
    for (const object of items) {
      if (signal.aborted) break;
      if (this.#selection.matches(object)) await this.#emit({ type: 'ADDED', object });
    }
    if (endMark && !signal.aborted)
      await this.#emit(bookmark(this.#request.resource, revision, { [INITIAL_EVENTS_END]: 'true' }));
    return revision;
  }

  async #tellChanges(since: number, bookmarks: boolean, signal: AbortSignal): Promise<void> {
    this.#told = since;
    const timer = bookmarks ? setInterval(() => this.#tellBookmark(signal), BOOKMARK_INTERVAL).unref() : undefined;
    const events = this.#context.store.watch(collectionOf(this.#request), { since, signal })[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#idle = true;
        const { done, value } = await events.next();
        this.#idle = false;
        if (done) return;
        const event = visible(value, this.#selection);
        if (event) await this.#emit(event);
        this.#told = value.revision;
      }
    } finally {
      clearInterval(timer);
      await events.return?.();
    }
  }

  /** The store wakes a waiting reader before any timer runs, so that idle means that everything has been told. */
  #tellBookmark(signal: AbortSignal): void {
    if (!this.#idle || signal.aborted) return;
    const revision = Math.max(this.#told, this.#context.store.revision);
    this.#emit(bookmark(this.#request.resource, revision)).catch(() => {});
  }
}

/** What a change means to somebody who sees only what the selection matches: an object may come into sight or leave it. */
export function visible(
  { type, object, previous, revision }: StoreEvent,
  { matches }: Pick<Selection, 'matches'>,
): WatchEvent | undefined {
  const before = previous !== undefined && matches(previous);
  if (type === 'DELETED') return before || (previous === undefined && matches(object)) ? { type, object } : undefined;
  const after = matches(object);
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object };
  if (!before) return undefined;
  return {
    type: 'DELETED',
    object: { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } },
  };
}

function bookmark(resource: Resource, revision: number, annotations?: Record<string, string>): WatchEvent {
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...(annotations && { annotations }) };
  return {
    type: 'BOOKMARK',
    object: {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata: metadata as unknown as KubeObject['metadata'],
    },
  };
}
