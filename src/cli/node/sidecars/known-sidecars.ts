import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { KubeObject } from '../../../kube/object.ts';
import { type Accepted, acceptSidecars } from '../../../sidecar/admission/accept.ts';
import { type CompiledSidecars, compileSidecars } from '../../../sidecar/compile.ts';
import type { Sidecar } from '../../../sidecar/sidecar.ts';
import type { Store } from '../../../store/store.ts';

export const SIDECARS = { group: 'outfit.dev', resource: 'sidecars' };
export const CLUSTER_SIDECARS = { group: 'outfit.dev', resource: 'clustersidecars' };

/** All sidecars of the node, compiled. */
export interface SidecarSet extends Accepted {
  definitions: readonly Sidecar[];
  compiled: CompiledSidecars;
}

/** The sidecars of a store as they are now. They are compiled when they are asked for, and again only when one was added, changed or removed. */
export class KnownSidecars {
  readonly #store: Pick<Store, 'list'>;
  readonly #log: Logger;
  #set: SidecarSet | undefined;
  #versions: readonly string[] = [];

  constructor(store: Pick<Store, 'list'>, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  current(): SidecarSet {
    const objects = [CLUSTER_SIDECARS, SIDECARS].flatMap((collection) => this.#store.list(collection).items);
    const versions = objects.map(versionOf);
    const isSame =
      versions.length === this.#versions.length && versions.every((version, i) => version === this.#versions[i]);
    if (this.#set !== undefined && isSame) return this.#set;
    const started = performance.now();
    const definitions = objects as unknown as Sidecar[];
    const compiled = compileSidecars(definitions);
    this.#set = { definitions, compiled, ...acceptSidecars(compiled, definitions) };
    this.#versions = versions;
    this.#log.debug({ count: objects.length, ms: Math.round(performance.now() - started) }, 'sidecars compiled');
    return this.#set;
  }
}

/** Labels, annotations and status decide nothing. */
function versionOf({ metadata: { uid, generation } }: KubeObject): string {
  return `${uid}:${generation}`;
}
