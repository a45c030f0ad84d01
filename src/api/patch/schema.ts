import { definitionOf } from '../../kube/decode.ts';
import { mergeRule } from '../../kube/merge-keys.ts';

/** What strategic merge patch must know of a field. */
export interface Field {
  /** The type of the field's object, or of its list's or map's items; undefined for anything that is not described. */
  definition?: string;
  /** The field is a list whose items are merged. */
  merges: boolean;
  /** The field by which items are one and the same; absent for lists of scalars. */
  mergeKey?: string;
}

/** The field of a type; of a map (`definition` undefined) and of unknown fields nothing is known, so that lists replace each other. */
export function fieldOf(definition: string | undefined, name: string): Field {
  const properties = definition === undefined ? undefined : definitionOf(definition)?.properties;
  const type = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (definition === undefined || type === undefined) return { merges: false };
  const rule = mergeRule(definition, name);
  const item = /^(?:\[\])?#(.+)$/.exec(type)?.[1];
  return {
    ...(item !== undefined && { definition: item }),
    merges: rule?.patchStrategy?.split(',').includes('merge') ?? false,
    ...(rule?.patchMergeKey !== undefined && { mergeKey: rule.patchMergeKey }),
  };
}
