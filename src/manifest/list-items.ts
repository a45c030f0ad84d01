import { isRecord } from '../kube/json.ts';
import type { FieldPath } from './field-path.ts';

/** An object of a document: the document's own, or one that it lists. */
export interface ListedObject {
  path: FieldPath;
  object: Record<string, unknown>;
}

const DEEPEST = 10;

/**
 * The objects in a document: of a `List`, of any `…List` with items and of a KRM `ResourceList` the items, also of lists in lists; else the object.
 * Items of a typed list may leave out kind and apiVersion, as the API server's answers do: they are filled in, in a copy.
 */
export function listItems(object: Record<string, unknown>, path: FieldPath = []): ListedObject[] {
  const { kind, apiVersion, items } = object;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ path, object }];
  if (path.length > DEEPEST * 2) return [];
  const itemKind = kind.slice(0, -'List'.length);
  return items.flatMap((item, index) => {
    if (!isRecord(item)) return [];
    const typed =
      item.kind === undefined && itemKind && itemKind !== 'Resource' ? { apiVersion, kind: itemKind, ...item } : item;
    return listItems(typed, [...path, 'items', index]);
  });
}
