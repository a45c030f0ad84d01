import type { Pod } from '../kube/generated/objects.ts';
import { FIELD_SUPPORT, type MachineAbilities, type Support } from './field-support.ts';

interface Place {
  /** As users write it: `containers[0].resources.limits[cpu]`. */
  path: string;
  /** As FIELD_SUPPORT writes it: `containers[].resources.limits{}`. */
  pattern: string;
  key: string;
  parent: Record<string, unknown>;
}

/**
 * API warnings for the fields of a Pod that this node accepts but does not honour, with what happens instead. Pure, in the order of the
 * object's fields: `spec.containers[0].livenessProbe: not honoured by this node yet: the container is treated as alive while it runs`.
 */
export function unsupportedFields({ spec }: Pod, machine: MachineAbilities): string[] {
  return children(spec, { path: 'spec', pattern: '', key: '', parent: {} }).flatMap(([value, place]) =>
    judge(value, place, machine),
  );
}

/** The row for a field, by its pattern: its own, or that of the nearest field that holds it. */
export function fieldSupport(pattern: string): Support | undefined {
  for (let prefix = pattern; prefix !== ''; prefix = prefix.replace(/(?:\[\]|\{\}|(?:^|\.)[^.[{]*)$/, '')) {
    const row = FIELD_SUPPORT[prefix];
    if (row) return row;
  }
  return undefined;
}

function judge(value: unknown, place: Place, machine: MachineAbilities): string[] {
  if (value === undefined || value === null) return [];
  const row = FIELD_SUPPORT[place.pattern];
  if (row === undefined) {
    if (typeof value !== 'object') return [`${place.path}: not known to this node: ignored`];
    return children(value, place).flatMap(([child, at]) => judge(child, at, machine));
  }
  if (row === 'honoured' || 'noEffect' in row || isEmpty(value)) return [];
  if (row.unless && machine[row.unless]) return [];
  const text = typeof row.warn === 'string' ? row.warn : row.warn(value, place);
  return text === undefined ? [] : [`${place.path}: ${text}`];
}

function children(
  value: unknown,
  { path, pattern }: Pick<Place, 'path' | 'pattern'> & Partial<Place>,
): [unknown, Place][] {
  if (Array.isArray(value)) {
    return value.map((item, index) => [
      item,
      { path: `${path}[${index}]`, pattern: `${pattern}[]`, key: String(index), parent: {} },
    ]);
  }
  const parent = (value ?? {}) as Record<string, unknown>;
  return Object.entries(parent).map(([key, child]) => [child, { ...childPlace(path, pattern, key), key, parent }]);
}

/** Keys of maps are in brackets, names of fields after a dot. */
function childPlace(path: string, pattern: string, key: string): Pick<Place, 'path' | 'pattern'> {
  if (`${pattern}{}` in FIELD_SUPPORT) return { path: `${path}[${key}]`, pattern: `${pattern}{}` };
  return { path: `${path}.${key}`, pattern: pattern === '' ? key : `${pattern}.${key}` };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
