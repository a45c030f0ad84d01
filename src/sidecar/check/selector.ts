import type { FieldError } from '../../kube/errors.ts';
import { forbidden, invalidValue, required } from '../../kube/field-errors.ts';
import type { LabelSelector } from '../../kube/generated/objects.ts';
import { InvalidSelector, labelSelectorMatcher } from '../../kube/label-selector.ts';
import { type Finding, fromFieldError, onSidecar } from '../finding.ts';
import type { Sidecar, SidecarSelector } from '../sidecar.ts';

const KIND = /^[A-Z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/;

/** Whom it joins: said at all, and in words that can be read. The condition is checked with the other expressions. */
export function checkSelector({ kind, spec }: Sidecar): Finding[] {
  const field = 'spec.selector';
  const { selector } = spec;
  if (selector === undefined) return [];
  if (isEmpty(selector))
    return [
      onSidecar(
        'EmptySelector',
        field,
        'Required value: an empty selector joins nobody; to join every Pod write matchAll: true',
      ),
    ];
  const errors = [
    ...checkLabels(selector, field),
    ...checkLabels(selector.namespaceSelector ?? {}, `${field}.namespaceSelector`),
    ...(selector.namespaceSelector !== undefined && kind !== 'ClusterSidecar'
      ? [
          forbidden(
            `${field}.namespaceSelector`,
            'a Sidecar joins Pods of its own namespace; a ClusterSidecar may select namespaces',
          ),
        ]
      : []),
    ...(selector.kinds ?? []).flatMap((name, i) =>
      KIND.test(name)
        ? []
        : [invalidValue(`${field}.kinds[${i}]`, name, 'must be a kind, such as Deployment or Rollout.argoproj.io')],
    ),
    ...(selector.names ?? []).flatMap((name, i) => (name === '' ? [required(`${field}.names[${i}]`)] : [])),
    ...(selector.condition === '' ? [required(`${field}.condition`)] : []),
  ];
  return [...errors.map((error) => fromFieldError(error, 'sidecar', 'InvalidField')), ...literalsOnly(spec, field)];
}

function isEmpty(selector: SidecarSelector): boolean {
  const { matchAll, names, kinds, condition, namespaceSelector } = selector;
  return (
    matchAll !== true &&
    names === undefined &&
    kinds === undefined &&
    condition === undefined &&
    selectsAll(selector) &&
    selectsAll(namespaceSelector ?? {})
  );
}

function selectsAll({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

function checkLabels(selector: LabelSelector, field: string): FieldError[] {
  try {
    labelSelectorMatcher(selector);
    return [];
  } catch (error) {
    if (error instanceof InvalidSelector)
      return [{ field, reason: 'FieldValueInvalid', message: `Invalid value: ${error.message}` }];
    throw error;
  }
}

/** `${…}` is evaluated in what a sidecar brings, not in whom it joins. */
function literalsOnly({ selector, order }: Sidecar['spec'], field: string): Finding[] {
  const texts: [string, string][] = [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, text]): [string, string] => [
      `${field}.matchLabels[${key}]`,
      text,
    ]),
    ...(selector?.names ?? []).map((text, i): [string, string] => [`${field}.names[${i}]`, text]),
    ...(order?.before ?? []).map((text, i): [string, string] => [`spec.order.before[${i}]`, text]),
    ...(order?.after ?? []).map((text, i): [string, string] => [`spec.order.after[${i}]`, text]),
  ];
  return texts
    .filter(([, text]) => text.includes('${'))
    .map(([path]) =>
      onSidecar('InvalidExpression', path, 'expressions are evaluated in template, mainContainers and share only'),
    );
}
