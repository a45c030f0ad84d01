import { forbidden, invalidEach, notSupported } from '../../kube/field-errors.ts';
import { isDns1123Label } from '../../kube/names.ts';
import { type Finding, fromFieldError, onSidecar } from '../finding.ts';
import { API_VERSION, type ConflictKind, RENAMED_KINDS, type Sidecar } from '../sidecar.ts';

/** What it is and is called, its place in the order, and its answers to conflicts. */
export function checkIdentity(sidecar: Sidecar): Finding[] {
  return [...checkNames(sidecar), ...checkOrder(sidecar), ...checkAnswers(sidecar)];
}

function checkNames({ apiVersion, kind, metadata }: Sidecar): Finding[] {
  const errors = [
    ...(apiVersion === API_VERSION ? [] : [notSupported('apiVersion', apiVersion, [API_VERSION])]),
    ...(kind === 'Sidecar' || kind === 'ClusterSidecar'
      ? []
      : [notSupported('kind', kind, ['Sidecar', 'ClusterSidecar'])]),
    ...invalidEach('metadata.name', metadata.name ?? '', isDns1123Label(metadata.name ?? '')),
    ...(kind === 'ClusterSidecar' && metadata.namespace !== undefined
      ? [forbidden('metadata.namespace', 'a ClusterSidecar is of no namespace')]
      : []),
  ];
  return errors.map((error) => fromFieldError(error, 'sidecar', 'InvalidField'));
}

function checkOrder({ metadata, spec }: Sidecar): Finding[] {
  const { before = [], after = [] } = spec.order ?? {};
  const own = [...before, ...after].includes(metadata.name ?? '');
  const both = before.filter((name) => after.includes(name));
  return [
    ...(own
      ? [onSidecar('OrderCycle', 'spec.order', `"${metadata.name}" can stand neither before nor after itself`)]
      : []),
    ...both.map((name) => onSidecar('OrderCycle', 'spec.order', `"${name}" cannot be both before and after`)),
  ];
}

function checkAnswers({ spec: { onConflict } }: Sidecar): Finding[] {
  if (typeof onConflict !== 'object') return [];
  return Object.entries(onConflict)
    .filter(([kind, answer]) => answer === 'Rename' && !RENAMED_KINDS.includes(kind as ConflictKind))
    .map(([kind]) =>
      fromFieldError(
        notSupported(`spec.onConflict.${kind}`, 'Rename', ['Error', 'Keep', 'Replace']),
        'sidecar',
        'InvalidField',
      ),
    );
}
