import { isRecord } from '../kube/json.ts';
import type { ManifestFile } from '../manifest/parse.ts';
import type { NamespaceFacts } from '../sidecar/target.ts';
import { objectsIn } from './objects.ts';

/** What files tell about namespaces, by name. */
export type Namespaces = ReadonlyMap<string, NamespaceFacts>;

/** The Namespace objects of files: their labels and annotations decide, too. Of two with one name the later counts, as when they are applied. */
export function namespacesIn(files: readonly ManifestFile[]): Namespaces {
  const found = new Map<string, NamespaceFacts>();
  for (const { object } of files.flatMap(objectsIn)) {
    const { apiVersion, kind, metadata } = object;
    if (apiVersion !== 'v1' || kind !== 'Namespace' || !isRecord(metadata)) continue;
    if (typeof metadata.name === 'string') found.set(metadata.name, { metadata });
  }
  return found;
}
