import type { FieldError } from '../errors.ts';
import { duplicate, forbidden, invalidEach, invalidValue, notSupported, required } from '../field-errors.ts';
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  PodSchedulingGate,
  Toleration,
  TopologySpreadConstraint,
} from '../generated/objects.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../names.ts';
import { validateLabelSelector } from './metadata.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTolerations(tolerations: readonly Toleration[], field: string): FieldError[] {
  return tolerations.flatMap(({ key = '', operator = '', value = '', effect = '', tolerationSeconds }, i) => {
    const path = `${field}[${i}]`;
    return [
      ...(key ? invalidEach(`${path}.key`, key, isQualifiedName(key)) : []),
      ...(key === '' && operator !== 'Exists'
        ? [
            invalidValue(
              `${path}.operator`,
              operator,
              'operator must be Exists when `key` is empty, which means "match all values and all keys"',
            ),
          ]
        : []),
      ...(tolerationSeconds !== undefined && effect !== 'NoExecute'
        ? [invalidValue(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")]
        : []),
      ...validateTolerationValue(operator, value, `${path}.operator`),
      ...(effect && !EFFECTS.includes(effect) ? [notSupported(`${path}.effect`, effect, EFFECTS)] : []),
    ];
  });
}

function validateTolerationValue(operator: string, value: string, field: string): FieldError[] {
  if (operator === 'Exists')
    return value ? [invalidValue(field, value, "value must be empty when `operator` is 'Exists'")] : [];
  if (operator !== '' && operator !== 'Equal') return [notSupported(field, operator, ['Equal', 'Exists'])];
  const why = isLabelValue(value).join(';');
  return why === '' ? [] : [invalidValue(field, value, why)];
}

export function validateSchedulingGates(gates: readonly PodSchedulingGate[], field: string): FieldError[] {
  const seen = new Set<string>();
  return gates.flatMap(({ name }, i) => {
    const repeated = seen.has(name);
    seen.add(name);
    const path = `${field}[${i}]`;
    return [...invalidEach(path, name, isQualifiedName(name ?? '')), ...(repeated ? [duplicate(path, name)] : [])];
  });
}

export function validateAffinity(
  { nodeAffinity, podAffinity, podAntiAffinity }: Affinity,
  field: string,
): FieldError[] {
  const needed = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const path = `${field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  const preferred = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferredPath = `${field}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution`;
  const terms = needed?.nodeSelectorTerms ?? [];
  return [
    ...(needed && terms.length === 0 ? [required(path, 'must have at least one node selector term')] : []),
    ...terms.flatMap((term, i) => validateNodeTerm(term, `${path}[${i}]`, true)),
    ...preferred.flatMap(({ weight, preference }, i) => [
      ...validateWeight(weight, `${preferredPath}[${i}].weight`),
      ...validateNodeTerm(preference ?? {}, `${preferredPath}[${i}].preference`, false),
    ]),
    ...(podAffinity ? validatePodAffinity(podAffinity, `${field}.podAffinity`) : []),
    ...(podAntiAffinity ? validatePodAffinity(podAntiAffinity, `${field}.podAntiAffinity`) : []),
  ];
}

function validateNodeTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  path: string,
  checkValues: boolean,
): FieldError[] {
  return [
    ...matchExpressions.flatMap((r, i) => validateNodeExpression(r, `${path}.matchExpressions[${i}]`, checkValues)),
    ...matchFields.flatMap((r, i) => validateNodeField(r, `${path}.matchFields[${i}]`)),
  ];
}

function validateNodeExpression(
  { key = '', operator, values = [] }: NodeSelectorRequirement,
  path: string,
  checkValues: boolean,
): FieldError[] {
  return [
    ...validateNodeOperator(operator, values, path),
    ...invalidEach(`${path}.key`, key, isQualifiedName(key)),
    ...(checkValues ? values.flatMap((v, i) => invalidEach(`${path}.values[${i}]`, v, isLabelValue(v))) : []),
  ];
}

function validateNodeOperator(operator: string, values: readonly string[], path: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case 'Gt':
    case 'Lt':
      return values.length === 1
        ? []
        : [required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator')];
  }
}

function validateNodeField({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const listed = operator === 'In' || operator === 'NotIn';
  return [
    ...(listed && values.length !== 1
      ? [
          required(
            `${path}.values`,
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
          ),
        ]
      : []),
    ...(listed ? [] : [invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator')]),
    ...(key === 'metadata.name'
      ? values.flatMap((v, i) => invalidEach(`${path}.values[${i}]`, v, isDns1123Subdomain(v)))
      : [invalidValue(`${path}.key`, key ?? '', 'not a valid field selector key')]),
  ];
}

function validatePodAffinity(affinity: PodAffinity, path: string): FieldError[] {
  const needed = `${path}.requiredDuringSchedulingIgnoredDuringExecution`;
  const preferred = `${path}.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, i) =>
      validateAffinityTerm(term, `${needed}[${i}]`),
    ),
    ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, i) => [
      ...validateWeight(term.weight, `${preferred}[${i}].weight`),
      ...validateAffinityTerm(term.podAffinityTerm ?? { topologyKey: '' }, `${preferred}[${i}].podAffinityTerm`),
    ]),
  ];
}

function validateAffinityTerm(term: PodAffinityTerm, path: string): FieldError[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], topologyKey = '' } = term;
  return [
    ...validateLabelSelector(term.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
    ...(term.namespaces ?? []).flatMap((name) => invalidEach(`${path}.namespace`, name, isDns1123Label(name))),
    ...validateLabelKeys(matchLabelKeys, term, `${path}.matchLabelKeys`),
    ...validateLabelKeys(mismatchLabelKeys, term, `${path}.mismatchLabelKeys`),
    ...matchLabelKeys.flatMap((key, i) =>
      mismatchLabelKeys.includes(key)
        ? [invalidValue(`${path}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys')]
        : [],
    ),
    ...(topologyKey === '' ? [required(`${path}.topologyKey`, 'can not be empty')] : []),
    ...invalidEach(`${path}.topologyKey`, topologyKey, isQualifiedName(topologyKey)),
  ];
}

function validateLabelKeys(
  keys: readonly string[],
  { labelSelector }: Pick<PodAffinityTerm, 'labelSelector'>,
  path: string,
): FieldError[] {
  if (keys.length > 0 && labelSelector === undefined)
    return [forbidden(path, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((key, i) => invalidEach(`${path}[${i}]`, key, isQualifiedName(key)));
}

function validateWeight(weight: number, path: string): FieldError[] {
  return weight >= 1 && weight <= 100 ? [] : [invalidValue(path, weight ?? 0, 'must be in the range 1-100')];
}

export function validateTopologySpread(constraints: readonly TopologySpreadConstraint[], field: string): FieldError[] {
  return constraints.flatMap((constraint, i) => {
    const path = `${field}[${i}]`;
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '' } = constraint;
    const repeated = constraints
      .slice(i + 1)
      .some((c) => c.topologyKey === topologyKey && c.whenUnsatisfiable === whenUnsatisfiable);
    const actions = ['DoNotSchedule', 'ScheduleAnyway'];
    return [
      ...(maxSkew > 0 ? [] : [invalidValue(`${path}.maxSkew`, maxSkew, 'must be greater than zero')]),
      ...(topologyKey ? [] : [required(`${path}.topologyKey`, 'can not be empty')]),
      ...(actions.includes(whenUnsatisfiable)
        ? []
        : [notSupported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, actions)]),
      ...(repeated
        ? [duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`)]
        : []),
      ...validateMinDomains(constraint, `${path}.minDomains`),
      ...validatePolicy(constraint.nodeAffinityPolicy, `${path}.nodeAffinityPolicy`),
      ...validatePolicy(constraint.nodeTaintsPolicy, `${path}.nodeTaintsPolicy`),
      ...validateSpreadKeys(constraint, `${path}.matchLabelKeys`),
      ...validateLabelSelector(constraint.labelSelector, `${path}.labelSelector`),
    ];
  });
}

function validateMinDomains({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, path: string): FieldError[] {
  if (minDomains === undefined) return [];
  return [
    ...(minDomains > 0 ? [] : [invalidValue(path, minDomains, 'must be greater than zero')]),
    ...(whenUnsatisfiable === 'DoNotSchedule'
      ? []
      : [
          invalidValue(
            path,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          ),
        ]),
  ];
}

function validatePolicy(policy: string | undefined, path: string): FieldError[] {
  const policies = ['Honor', 'Ignore'];
  return policy === undefined || policies.includes(policy) ? [] : [notSupported(path, policy, policies)];
}

function validateSpreadKeys(
  { matchLabelKeys = [], labelSelector }: TopologySpreadConstraint,
  path: string,
): FieldError[] {
  if (matchLabelKeys.length === 0) return [];
  const selected = new Set([
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    ...(labelSelector?.matchExpressions ?? []).map((e) => e.key),
  ]);
  return [
    ...(labelSelector ? [] : [forbidden(path, 'must not be specified when labelSelector is not set')]),
    ...matchLabelKeys.flatMap((key, i) => [
      ...invalidEach(`${path}[${i}]`, key, isQualifiedName(key)),
      ...(selected.has(key)
        ? [invalidValue(`${path}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector')]
        : []),
    ]),
  ];
}
