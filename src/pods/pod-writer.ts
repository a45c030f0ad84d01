import { StatusError } from '../kube/errors.ts';
import type { Pod, PodStatus } from '../kube/generated/objects.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Store } from '../store/store.ts';
import { podKey, podUid } from './pod-spec.ts';

/** The name now belongs to another Pod, or to nobody. */
class Gone extends Error {
  override readonly name = 'Gone';
}

/** Writes what the node knows into the Pod's object. The object may be deleted, and its name taken by another, at any time. */
export class PodWriter {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Sets the status that `make` computes from the latest object; undefined when the Pod is gone. Nothing is written when nothing changes. */
  async status(pod: Pod, make: (current: Pod) => PodStatus): Promise<Pod | undefined> {
    return this.#change(pod, (current) => ({ ...current, status: make(current) }));
  }

  /**
   * Takes the Pod out of the store. One that somebody's finalizers hold back stays, with `deletionGracePeriodSeconds` 0 as a sign that the node has
   * done its part; false then.
   */
  async remove(pod: Pod): Promise<boolean> {
    const left = await this.#change(pod, (current) => {
      if (!isHeld(current)) return current;
      return { ...current, metadata: { ...current.metadata, deletionGracePeriodSeconds: 0 } };
    });
    if (left && isHeld(left)) return false;
    try {
      await this.#store.delete(podKey(pod), (current) => sameOrGone(pod, current as Pod));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    return true;
  }

  async #change(pod: Pod, change: (current: Pod) => Pod): Promise<Pod | undefined> {
    try {
      const written = await this.#store.update(podKey(pod), (object) => {
        sameOrGone(pod, object as Pod);
        return change(object as Pod) as KubeObject;
      });
      return written as Pod;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }
}

function sameOrGone(pod: Pod, current: Pod): void {
  if (podUid(pod) !== podUid(current)) throw new Gone();
}

function isHeld({ metadata }: Pod): boolean {
  return (metadata?.finalizers?.length ?? 0) > 0;
}

function isGone(error: unknown): boolean {
  return error instanceof Gone || (error instanceof StatusError && error.reason === 'NotFound');
}
