import type { FieldError } from '../errors.ts';
import { invalidValue } from '../field-errors.ts';
import type { Affinity, NodeSelectorTerm, PodSpec } from '../generated/objects.ts';
import { sameJson } from './immutable.ts';

/**
 * What a Pod that waits at a scheduling gate may be told more of the node that it wants, and nothing less: `validateNodeSelectorMutation` and
 * `validateNodeAffinityMutation`.
 */
export function validateGatedPlacement(next: PodSpec, old: PodSpec): FieldError[] {
  return [...validateSelector(next, old), ...validateTerms(termsOf(next.affinity), termsOf(old.affinity))];
}

/** The spec with the old one's placement, where that could be changed: what still differs may not. */
export function withOldPlacement(spec: PodSpec, { nodeSelector, affinity: before }: PodSpec): PodSpec {
  const { nodeAffinity: _, ...others } = spec.affinity ?? {};
  const { nodeAffinity } = before ?? {};
  const affinity = { ...others, ...(nodeAffinity && { nodeAffinity }) };
  const { affinity: __, ...rest } = { ...spec, nodeSelector };
  const isNothing = Object.keys(affinity).length === 0 && before === undefined;
  return { ...rest, ...(isNothing ? {} : { affinity }) } as PodSpec;
}

function validateSelector({ nodeSelector = {} }: PodSpec, old: PodSpec): FieldError[] {
  const kept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => nodeSelector[key] === value);
  const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  return kept ? [] : [invalidValue('spec.nodeSelector', nodeSelector, why)];
}

function termsOf(affinity: Affinity | undefined): NodeSelectorTerm[] {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
}

/** Terms are alternatives, so one more would let the Pod go to more nodes. */
function validateTerms(next: readonly NodeSelectorTerm[], old: readonly NodeSelectorTerm[]): FieldError[] {
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  if (old.length === 0) return [];
  if (next.length !== old.length)
    return [invalidValue(field, next, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')];
  return next.flatMap((term, i) =>
    onlyAdds(term, old[i] ?? {})
      ? []
      : [invalidValue(`${field}[${i}]`, term, 'only additions are allowed (no mutations or deletions)')],
  );
}

/** A term without requirements matches no node, and stays so. */
function onlyAdds(next: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  if (lists.every((list) => !old[list]?.length)) return lists.every((list) => !next[list]?.length);
  return lists.every((list) => sameJson((next[list] ?? []).slice(0, old[list]?.length ?? 0), old[list] ?? []));
}
