import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import type { Answer } from '../rest/context.ts';
import { toStorage } from '../rest/versions.ts';
import { asPartial, asTable, type IncludeObject, type TableItem } from '../tables/as-table.ts';
import type { Form } from './accept.ts';

export interface View {
  form: Form;
  resource: Resource;
  includeObject: IncludeObject;
  now: Date;
}

/** What a verb answers, in the form that the client wants. A Status is never anything else. */
export function present({ object }: Answer, view: View): object {
  const { transform } = view.form;
  if (!transform || object.kind === 'Status') return object;
  const items = itemsOf(object);
  if (transform.kind === 'Table') {
    const shown = items ?? [object as KubeObject];
    return presentTable(
      shown.map((item) => ({ shown: withType(view.resource, item), stored: toStorage(view.resource, item) })),
      tableMetadata(object),
      view,
      true,
    );
  }
  if (!items) return asPartial(object as KubeObject, transform.version);
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${transform.version}`,
    metadata: object.metadata,
    items: items.map((item) => asPartial(item, transform.version)),
  };
}

/** Objects as a table; `columns` is false after the first table of a watch. */
export function presentTable(items: readonly TableItem[], metadata: object, view: View, columns: boolean): KubeObject {
  const { storage } = view.resource;
  return asTable(items, metadata, {
    kind: storage.group ? `${storage.resource}.${storage.group}` : storage.resource,
    version: view.form.transform?.version ?? 'v1',
    includeObject: view.includeObject,
    columns,
    now: view.now,
  });
}

/** An item of a list does not repeat its kind, an object in a row does: clients decode each by itself. */
function withType(resource: Resource, item: KubeObject): KubeObject {
  return { ...item, kind: resource.kind, apiVersion: apiVersionOf(resource) };
}

function itemsOf(object: Answer['object']): KubeObject[] | undefined {
  return Array.isArray(object.items) ? (object.items as KubeObject[]) : undefined;
}

function tableMetadata({ metadata }: Answer['object']): object {
  const { resourceVersion, continue: next, remainingItemCount } = (metadata ?? {}) as Record<string, unknown>;
  return {
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(next !== undefined && { continue: next }),
    ...(remainingItemCount !== undefined && { remainingItemCount }),
  };
}
