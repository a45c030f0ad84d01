import type { KubeObject } from '../../kube/object.ts';
import type { Key } from '../../store/store.ts';

/** Which objects name which owners, by the owners' uids. */
export class Dependents {
  readonly #byOwner = new Map<string, Map<string, Key>>();
  readonly #owners = new Map<string, readonly string[]>();

  /** Takes note of an object as it is now; undefined when it has gone. Returns the uids of owners that it does not name any more. */
  note(key: Key, object: KubeObject | undefined): string[] {
    const id = JSON.stringify([key.group, key.resource, key.namespace, key.name]);
    const before = this.#owners.get(id) ?? [];
    const now = (object?.metadata.ownerReferences ?? []).map(({ uid }) => uid);
    for (const uid of before) this.#forget(uid, id);
    for (const uid of now) this.#of(uid).set(id, key);
    if (now.length > 0) this.#owners.set(id, now);
    else this.#owners.delete(id);
    return before.filter((uid) => !now.includes(uid));
  }

  of(uid: string | undefined): Key[] {
    return [...(this.#byOwner.get(uid ?? '')?.values() ?? [])];
  }

  #of(uid: string): Map<string, Key> {
    const known = this.#byOwner.get(uid) ?? new Map<string, Key>();
    this.#byOwner.set(uid, known);
    return known;
  }

  #forget(uid: string, id: string): void {
    const known = this.#byOwner.get(uid);
    known?.delete(id);
    if (known?.size === 0) this.#byOwner.delete(uid);
  }
}
