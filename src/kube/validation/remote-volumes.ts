import type { FieldError } from '../errors.ts';
import { invalidEach, invalidValue, notSupported, required } from '../field-errors.ts';
import type { AzureDiskVolumeSource, FCVolumeSource, ISCSIVolumeSource, Volume } from '../generated/objects.ts';
import { isDns1123Label } from '../names.ts';
import { descendingPath } from './paths.ts';

/** The fields that a source cannot do without, by source. */
const REQUIRED: Partial<Record<keyof Volume, readonly string[]>> = {
  gitRepo: ['repository'],
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  nfs: ['server', 'path'],
  glusterfs: ['endpoints', 'path'],
  rbd: ['monitors', 'image'],
  cinder: ['volumeID'],
  cephfs: ['monitors'],
  quobyte: ['registry', 'volume'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  storageos: ['volumeName'],
  scaleIO: ['gateway', 'system', 'volumeName'],
};

/** Kubernetes names the disk of Google by its old word. */
const PATHS: Partial<Record<keyof Volume, string>> = { gcePersistentDisk: 'persistentDisk' };

/**
 * Sources that speak to storage elsewhere. The node cannot mount them; their manifests are checked all the same, so that what is
 * accepted here is accepted by a cluster.
 */
export function validateRemoteVolume(volume: Volume, source: keyof Volume, path: string): FieldError[] {
  const field = `${path}.${PATHS[source] ?? source}`;
  const given = volume[source] as unknown as Record<string, unknown>;
  const missing = (REQUIRED[source] ?? []).filter((name) => isEmpty(given[name]));
  return [
    ...missing.map((name) => required(`${field}.${name}`, HINTS[name] ?? '')),
    ...validateDetails(volume, source, field, path),
  ];
}

const HINTS: Record<string, string> = {
  registry: 'must be a host:port pair or multiple pairs separated by commas',
};

function validateDetails(volume: Volume, source: keyof Volume, field: string, path: string): FieldError[] {
  switch (source) {
    case 'gitRepo':
      return descendingPath(volume.gitRepo?.directory ?? '', `${field}.directory`);
    case 'gcePersistentDisk':
    case 'awsElasticBlockStore':
      return inRange(volume[source]?.partition ?? 0, 255, `${field}.partition`, 'must be between 1 and 255, inclusive');
    case 'nfs':
      return volume.nfs?.path?.startsWith('/')
        ? []
        : [invalidValue(`${field}.path`, volume.nfs?.path ?? '', 'must be an absolute path')];
    case 'iscsi':
      return volume.iscsi ? validateIscsi(volume.iscsi, volume.name, field, path) : [];
    case 'flocker':
      return validateFlocker(volume, field);
    case 'fc':
      return validateFibreChannel(volume.fc ?? {}, field);
    case 'flexVolume':
      return Object.keys(volume.flexVolume?.options ?? {}).flatMap((key) =>
        /(^|\.)(kubernetes|k8s)\.io$/i.test(key.split('/').length > 1 ? (key.split('/')[0] ?? '') : key)
          ? [invalidValue(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved')]
          : [],
      );
    case 'cinder':
      return volume.cinder?.secretRef && !volume.cinder.secretRef.name ? [required(`${field}.secretRef.name`)] : [];
    case 'azureDisk':
      return volume.azureDisk ? validateAzureDisk(volume.azureDisk, field) : [];
    case 'storageos':
      return volume.storageos?.volumeName
        ? invalidEach(`${field}.volumeName`, volume.storageos.volumeName, isDns1123Label(volume.storageos.volumeName))
        : [];
    default:
      return [];
  }
}

function inRange(value: number, max: number, field: string, why: string): FieldError[] {
  return value < 0 || value > max ? [invalidValue(field, value, why)] : [];
}

const LUN = 'must be between 0 and 255, inclusive';
const INITIATORS: [string, RegExp][] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
];

function validateIscsi(iscsi: ISCSIVolumeSource, name: string, field: string, path: string): FieldError[] {
  const long = iscsi.initiatorName !== undefined && `${name}:${iscsi.targetPortal ?? ''}`.length > 64;
  return [
    ...(iscsi.targetPortal ? [] : [required(`${field}.targetPortal`)]),
    ...(iscsi.iqn ? validateInitiator(iscsi.iqn, `${field}.iqn`) : [required(`${field}.iqn`)]),
    ...inRange(iscsi.lun ?? 0, 255, `${field}.lun`, LUN),
    ...((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && !iscsi.secretRef ? [required(`${field}.secretRef`)] : []),
    ...(iscsi.initiatorName === undefined ? [] : validateInitiator(iscsi.initiatorName, `${field}.initiatorname`)),
    ...(long
      ? [
          invalidValue(
            `${path}.name`,
            name,
            'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
          ),
        ]
      : []),
  ];
}

function validateInitiator(name: string, field: string): FieldError[] {
  const form = INITIATORS.find(([prefix]) => name.startsWith(prefix));
  if (form === undefined) return [invalidValue(field, name, 'must be valid format starting with iqn, eui, or naa')];
  return form[1].test(name) ? [] : [invalidValue(field, name, 'must be valid format')];
}

function validateFlocker({ flocker }: Volume, field: string): FieldError[] {
  const { datasetName = '', datasetUUID = '' } = flocker ?? {};
  return [
    ...(datasetName === '' && datasetUUID === ''
      ? [required(field, 'one of datasetName and datasetUUID is required')]
      : []),
    ...(datasetName !== '' && datasetUUID !== ''
      ? [invalidValue(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')]
      : []),
    ...(datasetName.includes('/') ? [invalidValue(`${field}.datasetName`, datasetName, "must not contain '/'")] : []),
  ];
}

function validateFibreChannel({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, field: string): FieldError[] {
  return [
    ...(targetWWNs.length === 0 && wwids.length === 0
      ? [required(`${field}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both')]
      : []),
    ...(targetWWNs.length > 0 && wwids.length > 0
      ? [invalidValue(`${field}.targetWWNs`, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously')]
      : []),
    ...(targetWWNs.length === 0
      ? []
      : lun === undefined
        ? [required(`${field}.lun`, 'lun is required if targetWWNs is specified')]
        : inRange(lun, 255, `${field}.lun`, LUN)),
  ];
}

function validateAzureDisk({ cachingMode, kind, diskURI = '' }: AzureDiskVolumeSource, field: string): FieldError[] {
  const modes = ['None', 'ReadOnly', 'ReadWrite'];
  const kinds = ['Dedicated', 'Managed', 'Shared'];
  const managed = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
  const blob = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
  const wrongUri = kind === 'Managed' ? !diskURI.startsWith('/subscriptions/') : !diskURI.startsWith('https://');
  return [
    ...(cachingMode !== undefined && !modes.includes(cachingMode)
      ? [notSupported(`${field}.cachingMode`, cachingMode, modes)]
      : []),
    ...(kind !== undefined && !kinds.includes(kind) ? [notSupported(`${field}.kind`, kind, kinds)] : []),
    ...(kind !== undefined && wrongUri
      ? [notSupported(`${field}.diskURI`, diskURI, [kind === 'Managed' ? managed : blob])]
      : []),
  ];
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
