import type {
  ConfigMap,
  Lease,
  Namespace,
  ObjectMeta,
  PersistentVolumeClaim,
  PodTemplate,
  Secret,
  ServiceAccount,
} from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { timeSince } from './human-duration.ts';
import { AGE, column, NAME, orNone, type TableKind } from './table.ts';

export const namespaces: TableKind<Namespace> = {
  columns: [NAME, column('Status', 'Active, or Terminating while its content is removed.'), AGE],
  cells: ({ metadata, status }, now) => [name(metadata), status?.phase ?? '', age(metadata, now)],
};

export const configmaps: TableKind<ConfigMap> = {
  columns: [NAME, column('Data', 'Number of entries.', { type: 'string' }), AGE],
  cells: ({ metadata, data, binaryData }, now) => [name(metadata), size(data) + size(binaryData), age(metadata, now)],
};

export const secrets: TableKind<Secret> = {
  columns: [NAME, column('Type', 'What the entries are for.'), column('Data', 'Number of entries.'), AGE],
  cells: ({ metadata, type, data }, now) => [name(metadata), type ?? '', size(data), age(metadata, now)],
};

export const serviceaccounts: TableKind<ServiceAccount> = {
  columns: [NAME, column('Secrets', 'Number of Secrets that it names.'), AGE],
  cells: ({ metadata, secrets }, now) => [name(metadata), secrets?.length ?? 0, age(metadata, now)],
};

export const leases: TableKind<Lease> = {
  columns: [NAME, column('Holder', 'Who holds the lease.'), AGE],
  cells: ({ metadata, spec }, now) => [name(metadata), spec?.holderIdentity ?? '', age(metadata, now)],
};

export const podtemplates: TableKind<PodTemplate> = {
  columns: [
    NAME,
    column('Containers', 'Names of the containers.'),
    column('Images', 'Images of the containers.'),
    column('Pod Labels', 'Labels that Pods of the template get.'),
  ],
  cells: ({ metadata, template }) => [
    name(metadata),
    template?.spec?.containers.map((c) => c.name).join(',') ?? '',
    template?.spec?.containers.map((c) => c.image ?? '').join(',') ?? '',
    labels(template?.metadata?.labels),
  ],
};

const ACCESS_MODES: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

export const persistentvolumeclaims: TableKind<PersistentVolumeClaim> = {
  columns: [
    NAME,
    column('Status', 'Whether the claim has a volume.'),
    column('Volume', 'The volume.'),
    column('Capacity', 'Size of the volume.'),
    column('Access Modes', 'How the volume may be mounted.'),
    column('StorageClass', 'Class of storage that is asked for.'),
    column('VolumeAttributesClass', 'Class of volume attributes that is asked for.'),
    AGE,
    column('VolumeMode', 'Filesystem or Block.', { priority: 1 }),
  ],
  cells: ({ metadata, spec, status }, now) => [
    name(metadata),
    metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    spec?.volumeName ?? '',
    spec?.volumeName ? (status?.capacity?.storage ?? '') : '',
    spec?.volumeName ? accessModes(status?.accessModes ?? []) : '',
    metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '',
    spec?.volumeAttributesClassName ?? '<unset>',
    age(metadata, now),
    spec?.volumeMode ?? '<unset>',
  ],
};

/** Kinds without columns of their own. */
export const plain: TableKind<KubeObject> = {
  columns: [NAME, column('Created At', 'When the object was created.', { type: 'date' })],
  cells: ({ metadata }) => [name(metadata), metadata.creationTimestamp ?? '<unknown>'],
};

const name = (metadata: ObjectMeta | undefined): string => metadata?.name ?? '';
const age = (metadata: ObjectMeta | undefined, now: Date): string => timeSince(metadata?.creationTimestamp, now);
const size = (map: Record<string, string> | undefined): number => Object.keys(map ?? {}).length;

function accessModes(modes: string[]): string {
  return ACCESS_MODES.filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

function labels(map: Record<string, string> | undefined): string {
  return orNone(
    Object.entries(map ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  );
}
