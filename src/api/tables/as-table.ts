import { badRequest } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { events } from './events.ts';
import { nodes } from './nodes.ts';
import { pods } from './pods.ts';
import { sidecars } from './sidecars.ts';
import {
  configmaps,
  leases,
  namespaces,
  persistentvolumeclaims,
  plain,
  podtemplates,
  secrets,
  serviceaccounts,
} from './small-kinds.ts';
import type { TableKind } from './table.ts';

/** By the resource that stores the objects. A kind that is not here is shown by name and creation. */
const KINDS: Record<string, TableKind<never>> = {
  pods,
  events,
  nodes,
  namespaces,
  configmaps,
  secrets,
  serviceaccounts,
  persistentvolumeclaims,
  podtemplates,
  'leases.coordination.k8s.io': leases,
  'sidecars.outfit.dev': sidecars,
  'clustersidecars.outfit.dev': sidecars,
};

export interface TableOptions {
  /** How the resource is called in `KINDS`. */
  kind: string;
  version: 'v1' | 'v1beta1';
  includeObject: IncludeObject;
  /** Left out in all but the first table of a watch. */
  columns: boolean;
  now: Date;
}

/** How much of each object stands in its row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** @throws StatusError BadRequest */
export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(`Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`);
}

/** One object with the form in which it may stand in its row. */
export interface TableItem {
  stored: KubeObject;
  shown: KubeObject;
}

/** Objects as a meta.k8s.io Table. Pure: ages are measured against `now`. */
export function asTable(items: readonly TableItem[], metadata: object, options: TableOptions): KubeObject {
  const kind = (KINDS[options.kind] ?? plain) as TableKind;
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: metadata as KubeObject['metadata'],
    columnDefinitions: options.columns ? kind.columns : null,
    rows: items.map((item) => row(kind, item, options)),
  };
}

function row(kind: TableKind, { stored, shown }: TableItem, options: TableOptions): object {
  const conditions = kind.conditions?.(stored) ?? [];
  return {
    cells: kind.cells(stored, options.now),
    ...(conditions.length > 0 && { conditions }),
    ...(options.includeObject === 'Object' && { object: shown }),
    ...(options.includeObject === 'Metadata' && { object: asPartial(shown, options.version) }),
  };
}

/** Only the metadata of an object, for clients that follow kinds they do not know. */
export function asPartial({ metadata }: KubeObject, version: 'v1' | 'v1beta1'): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}
