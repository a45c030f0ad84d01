import type { Collection, Key } from './store.ts';

const SEPARATOR = '\0';
const AFTER_SEPARATOR = '\x01';

/**
 * One string for a key: equal strings for equal keys only, in the order of group, resource, namespace and name. The separator sorts below
 * every other character, so that no namespace runs into another one (`a` before `a-b`, names included).
 * @throws TypeError when a part contains the separator
 */
export function encodeKey({ group, resource, namespace, name }: Key): string {
  return join([group, resource, namespace, name]);
}

/** The key of an encoded string, or undefined when it is none. */
export function decodeKey(text: string): Key | undefined {
  const [group, resource, namespace, name, ...rest] = text.split(SEPARATOR);
  if (group === undefined || !resource || namespace === undefined || !name || rest.length > 0) return undefined;
  return { group, resource, namespace, name };
}

/** The encoded keys of a collection are those from `start` up to, not including, `end`. */
export function keyRange({ group, resource, namespace }: Collection): { start: string; end: string } {
  const prefix = join(namespace === undefined ? [group, resource] : [group, resource, namespace]);
  return { start: prefix + SEPARATOR, end: prefix + AFTER_SEPARATOR };
}

/** Whether the collection has a place for the key. */
export function contains(collection: Collection, key: Key): boolean {
  return (
    collection.resource === key.resource &&
    collection.group === key.group &&
    (collection.namespace === undefined || collection.namespace === key.namespace)
  );
}

function join(parts: string[]): string {
  if (parts.some((part) => part.includes(SEPARATOR))) {
    throw new TypeError(`a key cannot contain the NUL character: ${JSON.stringify(parts)}`);
  }
  return parts.join(SEPARATOR);
}
