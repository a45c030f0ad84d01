import type { FieldError } from '../errors.ts';
import { invalidValue, required } from '../field-errors.ts';
import type { KeyToPath } from '../generated/objects.ts';

/** No element of the path is `..`. */
export function noBacksteps(path: string, field: string): FieldError[] {
  return path.split('/').includes('..') ? [invalidValue(field, path, "must not contain '..'")] : [];
}

/** Relative, and never upwards. */
export function descendingPath(path: string, field: string): FieldError[] {
  return [
    ...(path.startsWith('/') ? [invalidValue(field, path, 'must be a relative path')] : []),
    ...noBacksteps(path, field),
  ];
}

/** Relative, never upwards, and not a name that the kubelet keeps for itself (`..data`). */
export function projectedPath(path: string, field: string): FieldError[] {
  const reserved = path.startsWith('..') && !path.startsWith('../');
  return [...descendingPath(path, field), ...(reserved ? [invalidValue(field, path, "must not start with '..'")] : [])];
}

/** A file mode of at most 0777. */
export function fileMode(mode: number | undefined, field: string): FieldError[] {
  return mode !== undefined && (mode > 0o777 || mode < 0)
    ? [invalidValue(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];
}

/** Which key goes to which file. */
export function validateKeyToPath({ key, path = '', mode }: KeyToPath, field: string): FieldError[] {
  return [
    ...(key ? [] : [required(`${field}.key`)]),
    ...(path ? [] : [required(`${field}.path`)]),
    ...projectedPath(path, `${field}.path`),
    ...fileMode(mode, `${field}.mode`),
  ];
}
