import type { FieldError } from '../errors.ts';
import { duplicate, forbidden, invalidEach, invalidValue, notSupported, required, tooLong } from '../field-errors.ts';
import type {
  ConfigMapVolumeSource,
  CSIVolumeSource,
  EphemeralVolumeSource,
  HostPathVolumeSource,
  SecretVolumeSource,
  Volume,
} from '../generated/objects.ts';
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import { validateClaimSpec } from './claim-spec.ts';
import { validateAnnotations, validateLabels } from './metadata.ts';
import type { KnownVolumes } from './mounts.ts';
import { fileMode, noBacksteps, validateKeyToPath } from './paths.ts';
import { validateDownwardFiles, validateProjected } from './projected-volume.ts';
import { validateRemoteVolume } from './remote-volumes.ts';

/**
 * The volumes of a Pod or template, and those of them that containers can mount: a volume with a fault is unknown to its mounts.
 * `podName` is '' for templates.
 */
export function validateVolumes(
  volumes: readonly Volume[],
  podName: string,
  field: string,
): { errors: FieldError[]; known: KnownVolumes } {
  const known = new Map<string, Volume>();
  const created = volumes.filter((v) => podName !== '' && v.ephemeral).map((v) => `${podName}-${v.name}`);
  const errors = volumes.flatMap((volume, i) => {
    const path = `${field}[${i}]`;
    const faults = [
      ...validateSource(volume, podName, path),
      ...(volume.name
        ? invalidEach(`${path}.name`, volume.name, isDns1123Label(volume.name))
        : [required(`${path}.name`)]),
      ...(known.has(volume.name) ? [duplicate(`${path}.name`, volume.name)] : []),
    ];
    if (faults.length === 0) known.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName ?? '';
    if (!created.includes(claim)) return faults;
    const why = 'must not reference a PVC that gets created for an ephemeral volume';
    return [...faults, invalidValue(`${path}.persistentVolumeClaim.claimName`, claim, why)];
  });
  return { errors, known };
}

/** In the order in which Kubernetes looks for sources: the first one counts, each further one is refused. */
const SOURCES = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const;

/** Two slips in Kubernetes' own paths, kept. */
const FORBIDDEN_NAMES: Record<string, string> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function validateSource(volume: Volume, podName: string, path: string): FieldError[] {
  const [first, ...more] = SOURCES.filter((source) => volume[source] !== undefined);
  if (first === undefined) return [required(path, 'must specify a volume type')];
  return [
    ...validateLocalSource(volume, first, podName, path),
    ...more.map((source) =>
      forbidden(`${path}.${FORBIDDEN_NAMES[source] ?? source}`, 'may not specify more than 1 volume type'),
    ),
  ];
}

function validateLocalSource(
  volume: Volume,
  source: (typeof SOURCES)[number],
  podName: string,
  path: string,
): FieldError[] {
  switch (source) {
    case 'emptyDir':
      return validateSizeLimit(volume.emptyDir?.sizeLimit, `${path}.emptyDir.sizeLimit`);
    case 'hostPath':
      return validateHostPath(volume.hostPath ?? { path: '' }, `${path}.hostPath`);
    case 'secret':
      return validateSecret(volume.secret ?? {}, `${path}.secret`);
    case 'configMap':
      return validateConfigMap(volume.configMap ?? {}, `${path}.configMap`);
    case 'persistentVolumeClaim':
      return volume.persistentVolumeClaim?.claimName ? [] : [required(`${path}.persistentVolumeClaim.claimName`)];
    case 'downwardAPI':
      return [
        ...fileMode(volume.downwardAPI?.defaultMode, `${path}.downwardAPI.defaultMode`),
        ...validateDownwardFiles(volume.downwardAPI?.items ?? [], `${path}.downwardAPI`),
      ];
    case 'projected':
      return validateProjected(volume.projected ?? {}, `${path}.projected`);
    case 'csi':
      return validateCsi(volume.csi ?? { driver: '' }, `${path}.csi`);
    case 'ephemeral':
      return validateEphemeral(volume, volume.ephemeral ?? {}, podName, path);
    case 'image':
      return validateImage(volume, `${path}.image`);
    default:
      return validateRemoteVolume(volume, source, path);
  }
}

function validateSizeLimit(sizeLimit: string | undefined, field: string): FieldError[] {
  return sizeLimit !== undefined && parseQuantity(sizeLimit).nanos < 0n
    ? [forbidden(field, 'SizeLimit field must be a valid resource quantity')]
    : [];
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

function validateHostPath({ path, type }: HostPathVolumeSource, field: string): FieldError[] {
  if (!path) return [required(`${field}.path`)];
  return [
    ...noBacksteps(path, `${field}.path`),
    ...(type !== undefined && !HOST_PATH_TYPES.includes(type)
      ? [notSupported(`${field}.type`, type, HOST_PATH_TYPES)]
      : []),
  ];
}

function validateSecret({ secretName, defaultMode, items = [] }: SecretVolumeSource, field: string): FieldError[] {
  return [
    ...(secretName ? [] : [required(`${field}.secretName`)]),
    ...fileMode(defaultMode, `${field}.defaultMode`),
    ...items.flatMap((item, i) => validateKeyToPath(item, `${field}.items[${i}]`)),
  ];
}

function validateConfigMap({ name, defaultMode, items = [] }: ConfigMapVolumeSource, field: string): FieldError[] {
  return [
    ...(name ? [] : [required(`${field}.name`)]),
    ...fileMode(defaultMode, `${field}.defaultMode`),
    ...items.flatMap((item, i) => validateKeyToPath(item, `${field}.items[${i}]`)),
  ];
}

function validateCsi({ driver, nodePublishSecretRef }: CSIVolumeSource, field: string): FieldError[] {
  const name = driver ?? '';
  const secret = nodePublishSecretRef?.name;
  return [
    ...(name === '' ? [required(`${field}.driver`)] : []),
    ...(name.length > 63 ? [tooLong(`${field}.driver`, 63)] : []),
    ...invalidEach(`${field}.driver`, name, isDns1123Subdomain(name.toLowerCase())),
    ...(nodePublishSecretRef !== undefined && !secret ? [required(`${field}.nodePublishSecretRef.name`)] : []),
    ...(secret ? invalidEach(`${field}.name`, secret, isDns1123Subdomain(secret)) : []),
  ];
}

function validateEphemeral(
  { name }: Volume,
  { volumeClaimTemplate: template }: EphemeralVolumeSource,
  podName: string,
  path: string,
): FieldError[] {
  const field = `${path}.ephemeral.volumeClaimTemplate`;
  const claim = `${podName}-${name}`;
  const nameErrors = podName !== '' && name ? isDns1123Subdomain(claim) : [];
  if (template === undefined) return [required(field)];
  const { labels, annotations, ...others } = template.metadata ?? {};
  return [
    ...validateAnnotations(annotations, `${field}.metadata.annotations`),
    ...validateLabels(labels, `${field}.metadata.labels`),
    ...Object.keys(others).map((key) => forbidden(`${field}.metadata.${key}`, 'cannot be set')),
    ...validateClaimSpec(template.spec ?? {}, `${field}.spec`),
    ...nameErrors.map((why) => invalidValue(`${path}.name`, name, `PVC name ${JSON.stringify(claim)}: ${why}`)),
  ];
}

function validateImage({ image }: Volume, field: string): FieldError[] {
  const policies = ['Always', 'IfNotPresent', 'Never'];
  const policy = image?.pullPolicy ?? '';
  return [
    ...(image?.reference ? [] : [required(`${field}.reference`)]),
    ...(policy === ''
      ? [required(`${field}.pullPolicy`)]
      : policies.includes(policy)
        ? []
        : [notSupported(`${field}.pullPolicy`, policy, policies)]),
  ];
}
