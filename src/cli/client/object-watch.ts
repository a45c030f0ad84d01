import type { KubeObject } from '../../kube/object.ts';
import type { Cluster } from './cluster.ts';
import { pathOf, type Resource } from './resources.ts';
import { ServerError } from './server-error.ts';
import { watch } from './watch.ts';

/** One object and where it lies. */
export interface ObjectRef {
  resource: Resource;
  namespace: string;
  name: string;
}

/**
 * Waits until `done` says yes to the state of one object; it is asked with undefined when the object is not there. Looks once, then
 * follows the changes; starts anew when the history is gone.
 * @throws what `done` throws, and the reason of `signal`
 */
export async function untilObject(
  cluster: Cluster,
  { resource, namespace, name }: ObjectRef,
  signal: AbortSignal,
  done: (object: KubeObject | undefined) => boolean,
): Promise<void> {
  const collection = {
    path: pathOf(resource, { namespace }),
    query: { fieldSelector: `metadata.name=${name}` },
    signal,
  };
  for (;;) {
    const list = await cluster.request<KubeObject & { items: KubeObject[] }>(collection);
    if (done(list.items[0])) return;
    try {
      const versionOf = (object: KubeObject): string | undefined => object.metadata.resourceVersion;
      for await (const event of watch<KubeObject>(cluster, collection, list.metadata.resourceVersion ?? '0', versionOf))
        if (done(event.type === 'DELETED' ? undefined : event.object)) return;
    } catch (error) {
      if (!(error instanceof ServerError && error.status.code === 410)) throw error;
    }
  }
}
