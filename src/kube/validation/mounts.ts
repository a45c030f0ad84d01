import type { FieldError } from '../errors.ts';
import { forbidden, invalidValue, notFoundValue, notSupported, required } from '../field-errors.ts';
import type { Container, EphemeralContainer, Volume, VolumeDevice, VolumeMount } from '../generated/objects.ts';
import { descendingPath, noBacksteps } from './paths.ts';

/** The volumes of a Pod that are themselves valid, by name. */
export type KnownVolumes = ReadonlyMap<string, Volume>;

export function validateMounts(
  container: Container | EphemeralContainer,
  volumes: KnownVolumes,
  field: string,
): FieldError[] {
  const { volumeMounts = [], volumeDevices = [] } = container;
  const paths = new Set<string>();
  return volumeMounts.flatMap((mount, i) => {
    const path = `${field}[${i}]`;
    const { name, mountPath } = mount;
    const repeated = paths.has(mountPath ?? '');
    paths.add(mountPath ?? '');
    return [
      ...(name ? [] : [required(`${path}.name`)]),
      ...(volumes.has(name) ? [] : [notFoundValue(`${path}.name`, name ?? '')]),
      ...(mountPath ? [] : [required(`${path}.mountPath`)]),
      ...(repeated ? [invalidValue(`${path}.mountPath`, mountPath ?? '', 'must be unique')] : []),
      ...(volumeDevices.some((d) => d.name === name)
        ? [invalidValue(`${path}.name`, name, 'must not already exist in volumeDevices')]
        : []),
      ...(volumeDevices.some((d) => d.devicePath === mountPath)
        ? [invalidValue(`${path}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices')]
        : []),
      ...validateSubPath(mount, volumes.get(name), path, field),
      ...validatePropagation(mount, container, `${field}.mountPropagation`),
      ...validateRecursiveReadOnly(mount, `${field}.recursiveReadOnly`),
    ];
  });
}

export function validateDevices(
  { volumeMounts = [], volumeDevices = [] }: Container | EphemeralContainer,
  volumes: KnownVolumes,
  field: string,
): FieldError[] {
  const names = new Set<string>();
  const paths = new Set<string>();
  return volumeDevices.flatMap((device, i) => {
    const path = `${field}[${i}]`;
    const errors = [
      ...validateDevice(device, volumes, path),
      ...(names.has(device.name) ? [invalidValue(`${path}.name`, device.name, 'must be unique')] : []),
      ...(paths.has(device.devicePath)
        ? [invalidValue(`${path}.devicePath`, device.devicePath, 'must be unique')]
        : []),
      ...(volumeMounts.some((m) => m.name === device.name)
        ? [invalidValue(`${path}.name`, device.name, 'must not already exist in volumeMounts')]
        : []),
      ...(volumeMounts.some((m) => m.mountPath === device.devicePath)
        ? [invalidValue(`${path}.devicePath`, device.devicePath, 'must not already exist as a path in volumeMounts')]
        : []),
    ];
    if (device.name) names.add(device.name);
    paths.add(device.devicePath);
    return errors;
  });
}

/** Kubernetes reports some of these at the list (`field`), without the index. */
function validateSubPath(mount: VolumeMount, volume: Volume | undefined, path: string, field: string): FieldError[] {
  const { subPath, subPathExpr } = mount;
  const ofImage = volume?.image !== undefined;
  return [
    ...(ofImage && subPath ? [invalidValue(`${path}.subPath`, subPath, 'not allowed in image volume sources')] : []),
    ...(ofImage && subPathExpr
      ? [invalidValue(`${path}.subPathExpr`, subPathExpr, 'not allowed in image volume sources')]
      : []),
    ...(subPath ? descendingPath(subPath, `${field}.subPath`) : []),
    ...(subPath && subPathExpr
      ? [invalidValue(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive')]
      : []),
    ...(subPathExpr ? descendingPath(subPathExpr, `${field}.subPathExpr`) : []),
  ];
}

function validatePropagation(
  { mountPropagation }: VolumeMount,
  { securityContext }: Container | EphemeralContainer,
  field: string,
): FieldError[] {
  if (mountPropagation === undefined) return [];
  const modes = ['Bidirectional', 'HostToContainer', 'None'];
  return [
    ...(modes.includes(mountPropagation) ? [] : [notSupported(field, mountPropagation, modes)]),
    ...(mountPropagation === 'Bidirectional' && securityContext?.privileged !== true
      ? [forbidden(field, 'Bidirectional mount propagation is available only to privileged containers')]
      : []),
  ];
}

function validateRecursiveReadOnly(mount: VolumeMount, field: string): FieldError[] {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === 'Disabled') return [];
  const modes = ['Disabled', 'Enabled', 'IfPossible'];
  if (!modes.includes(mode)) return [notSupported(field, mode, modes)];
  return [
    ...(mount.readOnly ? [] : [forbidden(field, 'may only be specified when readOnly is true')]),
    ...(mount.mountPropagation !== undefined && mount.mountPropagation !== 'None'
      ? [forbidden(field, 'may only be specified when mountPropagation is None or not specified')]
      : []),
  ];
}

function validateDevice({ name, devicePath }: VolumeDevice, volumes: KnownVolumes, path: string): FieldError[] {
  const volume = volumes.get(name);
  const block = volume?.persistentVolumeClaim !== undefined || volume?.ephemeral !== undefined;
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...(volume !== undefined && !block
      ? [
          invalidValue(
            `${path}.name`,
            name,
            'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
          ),
        ]
      : []),
    ...(volume === undefined ? [notFoundValue(`${path}.name`, name ?? '')] : []),
    ...(devicePath ? [] : [required(`${path}.devicePath`)]),
    ...(devicePath && noBacksteps(devicePath, '').length > 0
      ? [invalidValue(`${path}.devicePath`, devicePath, "can not contain backsteps ('..')")]
      : []),
  ];
}
