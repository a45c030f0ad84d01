import { setTimeout as pause } from 'node:timers/promises';
import type { Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Cluster } from '../client/cluster.ts';
import { untilObject } from '../client/object-watch.ts';
import { pathOf } from '../client/resources.ts';
import { isNotFound, ServerError } from '../client/server-error.ts';
import { UP_ANNOTATION } from './mark.ts';
import { isPod, type Wanted, type WantedId } from './wanted.ts';

const MANAGER = { fieldManager: 'outfit-up', fieldValidation: 'Strict' };

/** What `up` does to objects of the node. Requests that change something are never broken off half-way. */
export class NodeObjects {
  private readonly cluster: Cluster;
  private readonly mark: string;
  private readonly steady = new AbortController().signal;

  constructor(cluster: Cluster, mark: string) {
    this.cluster = cluster;
    this.mark = mark;
  }

  async get(id: WantedId): Promise<KubeObject | undefined> {
    try {
      return await this.cluster.request<KubeObject>({ path: pathOf(id.resource, id), signal: this.steady });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** @throws ServerError that names the place in the file */
  async create(wanted: Wanted): Promise<KubeObject> {
    return this.post(wanted, MANAGER);
  }

  /** Whether the server would take it in place of the one that is there. @throws ServerError as `create` */
  async check(wanted: Wanted): Promise<void> {
    try {
      await this.post(wanted, { ...MANAGER, dryRun: 'All' });
    } catch (error) {
      if (!(error instanceof ServerError && error.status.reason === 'AlreadyExists')) throw error;
    }
  }

  /** @throws ServerError as `create` */
  async patch(wanted: Wanted, patch: Record<string, unknown>): Promise<KubeObject> {
    const contentType = `application/${isPod(wanted) ? 'strategic-merge-patch' : 'merge-patch'}+json`;
    return named(wanted, 'patching', () =>
      this.cluster.request<KubeObject>({
        method: 'PATCH',
        path: pathOf(wanted.resource, wanted),
        query: MANAGER,
        body: patch,
        contentType,
        signal: this.steady,
      }),
    );
  }

  /** Marks an object as made by this process. */
  async adopt(wanted: Wanted): Promise<KubeObject> {
    return this.patch(wanted, { metadata: { annotations: { [UP_ANNOTATION]: this.mark } } });
  }

  /** Asks for its end. Only that very object is meant. @returns false when it has gone */
  async delete(id: WantedId, uid: string, gracePeriodSeconds?: number): Promise<boolean> {
    const grace = gracePeriodSeconds !== undefined && isPod(id) && { gracePeriodSeconds };
    try {
      await this.cluster.request({
        method: 'DELETE',
        path: pathOf(id.resource, id),
        body: {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: 'Background',
          preconditions: { uid },
          ...grace,
        },
        signal: this.steady,
      });
      return true;
    } catch (error) {
      if (isNotFound(error) || (error instanceof ServerError && error.status.reason === 'Conflict')) return false;
      throw error;
    }
  }

  /** Waits until that very object has gone; tells after a second, and then every five, what it waits for. */
  async untilGone(
    id: WantedId,
    uid: string,
    signal: AbortSignal,
    waiting: (object: KubeObject) => void,
  ): Promise<void> {
    const gone = new AbortController();
    let latest: KubeObject | undefined;
    const telling = tellRepeatedly(() => latest && waiting(latest), AbortSignal.any([signal, gone.signal]));
    try {
      await untilObject(this.cluster, id, signal, (object) => {
        latest = object;
        return object === undefined || object.metadata.uid !== uid;
      });
    } finally {
      gone.abort();
      await telling;
    }
  }

  async pods(): Promise<Pod[]> {
    return (await this.cluster.request<{ items: Pod[] }>({ path: '/api/v1/pods', signal: this.steady })).items;
  }

  private post(wanted: Wanted, query: Record<string, string>): Promise<KubeObject> {
    const { resource, namespace, object } = wanted;
    const annotations = { ...object.metadata.annotations, [UP_ANNOTATION]: this.mark };
    return named(wanted, 'creating', () =>
      this.cluster.request<KubeObject>({
        method: 'POST',
        path: pathOf(resource, { namespace }),
        query,
        body: { ...object, metadata: { ...object.metadata, annotations } },
        signal: this.steady,
      }),
    );
  }
}

async function named<T>({ source }: Wanted, verb: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw error instanceof ServerError ? error.from(verb, source) : error;
  }
}

async function tellRepeatedly(tell: () => void, signal: AbortSignal): Promise<void> {
  try {
    for (let wait = 1_000; ; wait = 5_000) {
      await pause(wait, undefined, { signal });
      tell();
    }
  } catch {
    // It has gone, or nobody waits any more.
  }
}
