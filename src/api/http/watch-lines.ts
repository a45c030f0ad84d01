import type { KubeObject } from '../../kube/object.ts';
import { fromStorage } from '../rest/versions.ts';
import type { WatchEvent } from '../rest/watch.ts';
import { asPartial } from '../tables/as-table.ts';
import { presentTable, type View } from './present.ts';

/** How many objects' texts are remembered: those that many watches are told of at once. */
const REMEMBERED = 64;

/** Texts of the objects that were written last, so that a change is written once for all watches that tell of it. */
export class EncodingCache {
  readonly #texts = new Map<KubeObject, string>();

  encode(stored: KubeObject, show: (stored: KubeObject) => object): string {
    const known = this.#texts.get(stored);
    if (known !== undefined) return known;
    const text = JSON.stringify(show(stored));
    this.#texts.set(stored, text);
    if (this.#texts.size > REMEMBERED) this.#texts.delete(this.#texts.keys().next().value!);
    return text;
  }
}

/** Writes the events of one watch as lines of JSON, in the form that the client wants. Only a watch's first table has column definitions. */
export function watchLines(
  view: Omit<View, 'now'>,
  now: () => Date,
  cache: EncodingCache,
): (event: WatchEvent) => string {
  const { form, resource } = view;
  let columns = true;
  const line = ({ type }: WatchEvent, object: string): string => `{"type":"${type}","object":${object}}\n`;
  return (event) => {
    const { type, object } = event;
    if (type === 'ERROR') return line(event, JSON.stringify(object));
    if (form.transform?.kind === 'Table') {
      const items = type === 'BOOKMARK' ? [] : [{ stored: object, shown: fromStorage(resource, object) }];
      const { resourceVersion } = object.metadata;
      const table = presentTable(items, { resourceVersion }, { ...view, now: now() }, columns);
      columns = false;
      return line(event, JSON.stringify(table));
    }
    if (form.transform) return line(event, JSON.stringify(asPartial(object, form.transform.version)));
    if (type === 'BOOKMARK') return line(event, JSON.stringify(object));
    // The views of one object in two API groups differ, and only that of its own group is shared.
    if (resource.group !== resource.storage.group) return line(event, JSON.stringify(fromStorage(resource, object)));
    return line(
      event,
      cache.encode(object, (stored) => fromStorage(resource, stored)),
    );
  };
}
