import type { FieldError } from '../errors.ts';
import { forbidden, invalidEach, invalidValue, notSupported, required } from '../field-errors.ts';
import type { PersistentVolumeClaimSpec } from '../generated/objects.ts';
import { isDns1123Subdomain } from '../names.ts';
import { formatQuantity, parseQuantity } from '../quantity.ts';
import { validateLabelSelector } from './metadata.ts';

const MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];

/** The spec of a PersistentVolumeClaim, or of the template of an ephemeral volume. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const { storageClassName, volumeMode, selector, dataSource, dataSourceRef } = spec;
  return [
    ...validateAccessModes(spec.accessModes ?? [], `${field}.accessModes`, selector, field),
    ...validateStorage(spec.resources?.requests?.storage, `${field}.resources[storage]`),
    ...(storageClassName
      ? invalidEach(`${field}.storageClassName`, storageClassName, isDns1123Subdomain(storageClassName))
      : []),
    ...(volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)
      ? [notSupported(`${field}.volumeMode`, volumeMode, VOLUME_MODES)]
      : []),
    ...(dataSource ? validateDataSource(dataSource, `${field}.dataSource`) : []),
    ...(dataSourceRef ? validateDataSource(dataSourceRef, `${field}.dataSourceRef`) : []),
  ];
}

function validateAccessModes(
  modes: readonly string[],
  path: string,
  selector: PersistentVolumeClaimSpec['selector'],
  field: string,
): FieldError[] {
  const exclusive =
    modes.includes('ReadWriteOncePod') && modes.some((m) => m !== 'ReadWriteOncePod' && MODES.includes(m));
  return [
    ...(modes.length === 0 ? [required(path, 'at least 1 access mode is required')] : []),
    ...validateLabelSelector(selector, `${field}.selector`),
    ...modes.flatMap((mode) => (MODES.includes(mode) ? [] : [notSupported(path, mode, MODES)])),
    ...(exclusive ? [forbidden(path, 'may not use ReadWriteOncePod with other access modes')] : []),
  ];
}

function validateStorage(storage: string | undefined, path: string): FieldError[] {
  if (storage === undefined) return [required(path)];
  const quantity = parseQuantity(storage);
  return quantity.nanos > 0n ? [] : [invalidValue(path, formatQuantity(quantity), 'must be greater than zero')];
}

function validateDataSource(
  { name, kind, apiGroup }: { name?: string; kind?: string; apiGroup?: string },
  path: string,
): FieldError[] {
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...(kind ? [] : [required(`${path}.kind`)]),
    ...(!apiGroup && kind !== 'PersistentVolumeClaim'
      ? [invalidValue(path, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup")]
      : []),
    ...(apiGroup ? invalidEach(`${path}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup)) : []),
  ];
}
