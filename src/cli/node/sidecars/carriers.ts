import type { Pod } from '../../../kube/generated/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { type AttachedSidecar, readProvenance } from '../../../sidecar/provenance.ts';
import { ATTACHED } from '../../../sidecar/sidecar.ts';
import type { Template } from '../../../sidecar/target.ts';
import type { StoreEvent } from '../../../store/store.ts';

export interface Carrier {
  namespace: string;
  /** In the order in which they were attached. */
  sidecars: readonly AttachedSidecar[];
}

/** The Pods that carry sidecars and have not ended. Cheap for all others, which are most. */
export class Carriers {
  readonly #byUid = new Map<string, Carrier>();

  /** Begins anew with these. */
  reset(pods: readonly KubeObject[]): void {
    this.#byUid.clear();
    for (const pod of pods) this.#set(pod);
  }

  /** Takes a change of a Pod in. @returns whether something about carriers has changed */
  update({ type, object, previous }: StoreEvent): boolean {
    const isGone = type === 'DELETED' || hasEnded(object);
    const wasCarrier = this.#byUid.has(uidOf(object));
    if (isGone) return this.#byUid.delete(uidOf(object));
    if (wasCarrier && annotationOf(previous) === annotationOf(object)) return false;
    this.#byUid.delete(uidOf(object));
    return this.#set(object) || wasCarrier;
  }

  all(): IterableIterator<Carrier> {
    return this.#byUid.values();
  }

  #set(pod: KubeObject): boolean {
    const sidecars = hasEnded(pod) ? [] : carriedBy(pod);
    if (sidecars.length === 0) return false;
    this.#byUid.set(uidOf(pod), { namespace: pod.metadata.namespace ?? '', sidecars });
    return true;
  }
}

/** What a Pod says is attached to it. */
export function carriedBy(pod: KubeObject): readonly AttachedSidecar[] {
  return annotationOf(pod) === undefined ? [] : (readProvenance(pod as Template).provenance?.sidecars ?? []);
}

/** The containers that a sidecar brought, by what it left behind: those that it only added to are trees of their own. */
export function containersOf({ attached }: AttachedSidecar): string[] {
  return [attached.initContainers, attached.containers].flatMap((list) =>
    typeof list === 'object' && !Array.isArray(list)
      ? Object.keys(list).filter((name) => typeof list[name] === 'string' || Array.isArray(list[name]))
      : [],
  );
}

const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? '';
const annotationOf = (pod: KubeObject | undefined): string | undefined => pod?.metadata.annotations?.[ATTACHED];

function hasEnded({ status }: KubeObject): boolean {
  const { phase } = (status ?? {}) as NonNullable<Pod['status']>;
  return phase === 'Succeeded' || phase === 'Failed';
}
