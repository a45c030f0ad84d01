import type { FieldError } from '../errors.ts';
import { forbidden, invalidValue, required } from '../field-errors.ts';
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../generated/objects.ts';
import { validateFieldRef, validateResourceFieldRef } from './env.ts';
import { validateLabelSelector } from './metadata.ts';
import { fileMode, projectedPath, validateKeyToPath } from './paths.ts';

const FILE_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

/** A projected volume: each source of one kind, no two files at one path. */
export function validateProjected({ defaultMode, sources = [] }: ProjectedVolumeSource, field: string): FieldError[] {
  const taken = new Set<string>();
  return [
    ...fileMode(defaultMode, `${field}.defaultMode`),
    ...sources.flatMap((source, i) => {
      const path = `${field}.sources[${i}]`;
      const count = Object.values(source).filter((part) => part !== undefined).length;
      return [
        ...validateSource(source, path, field, taken),
        ...(count > 1 ? [forbidden(path, 'may not specify more than 1 volume type per source')] : []),
      ];
    }),
  ];
}

/** The files of a downward API volume. Kubernetes reports their faults at the volume, without an index. */
export function validateDownwardFiles(files: readonly DownwardAPIVolumeFile[], field: string): FieldError[] {
  return files.flatMap(({ path = '', fieldRef, resourceFieldRef, mode }) => [
    ...(path === '' ? [required(`${field}.path`)] : []),
    ...projectedPath(path, `${field}.path`),
    ...(fieldRef ? validateFieldRef(fieldRef, FILE_FIELDS, `${field}.fieldRef`) : []),
    ...(fieldRef && resourceFieldRef
      ? [invalidValue(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')]
      : []),
    ...(!fieldRef && resourceFieldRef
      ? validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, 'volume')
      : []),
    ...(!fieldRef && !resourceFieldRef ? [required(field, 'one of fieldRef and resourceFieldRef is required')] : []),
    ...fileMode(mode, `${field}.mode`),
  ]);
}

function validateSource(source: VolumeProjection, path: string, field: string, taken: Set<string>): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  return [
    ...(secret ? validateKeys(secret, `${path}.secret`, field, taken) : []),
    ...(configMap ? validateKeys(configMap, `${path}.configMap`, field, taken) : []),
    ...(downwardAPI?.items ?? []).flatMap((file) => [
      ...validateDownwardFiles([file], `${path}.downwardAPI`),
      ...conflict(file.path, file.path, field, taken),
    ]),
    ...(serviceAccountToken ? validateToken(serviceAccountToken, `${path}.serviceAccountToken`, field) : []),
    ...(clusterTrustBundle
      ? [
          ...validateTrustBundle(clusterTrustBundle, `${path}.clusterTrustBundle`),
          ...conflict(clusterTrustBundle.path, clusterTrustBundle.path, field, taken),
        ]
      : []),
  ];
}

function validateKeys(
  { name = '', items = [] }: { name?: string; items?: KeyToPath[] },
  path: string,
  field: string,
  taken: Set<string>,
): FieldError[] {
  return [
    ...(name === '' ? [required(`${path}.name`)] : []),
    ...items.flatMap((item, i) => [
      ...validateKeyToPath(item, `${path}.items[${i}]`),
      ...conflict(item.path, name, field, taken),
    ]),
  ];
}

function conflict(path: string | undefined, blamed: string, field: string, taken: Set<string>): FieldError[] {
  if (!path) return [];
  if (taken.has(path)) return [invalidValue(field, blamed, 'conflicting duplicate paths')];
  taken.add(path);
  return [];
}

function validateToken(
  { expirationSeconds = 0, path = '' }: ServiceAccountTokenProjection,
  at: string,
  field: string,
): FieldError[] {
  const seconds = `${at}.expirationSeconds`;
  return [
    ...(expirationSeconds < MIN_TOKEN_SECONDS
      ? [invalidValue(seconds, expirationSeconds, 'may not specify a duration less than 10 minutes')]
      : []),
    ...(expirationSeconds > MAX_TOKEN_SECONDS
      ? [invalidValue(seconds, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')]
      : []),
    ...(path === '' ? [required(`${field}.path`)] : projectedPath(path, `${field}.path`)),
  ];
}

function validateTrustBundle(bundle: ClusterTrustBundleProjection, at: string): FieldError[] {
  const { name, signerName, path = '', labelSelector } = bundle;
  const source =
    name !== undefined && signerName !== undefined
      ? [invalidValue(at, bundle, 'only one of name and signerName may be used')]
      : name !== undefined
        ? [
            ...(name === '' ? [required(`${at}.name`, 'must be a valid object name')] : []),
            ...(labelSelector
              ? [invalidValue(`${at}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified')]
              : []),
          ]
        : signerName !== undefined
          ? [
              ...(signerName === '' ? [required(`${at}.signerName`, 'must be a valid signer name')] : []),
              ...validateLabelSelector(labelSelector, `${at}.labelSelector`),
            ]
          : [required(at, 'either name or signerName must be specified')];
  return [...source, ...(path === '' ? [required(`${at}.path`)] : []), ...projectedPath(path, `${at}.path`)];
}
