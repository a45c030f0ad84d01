import { quote } from './field-errors.ts';
import type { LabelSelector } from './generated/objects.ts';
import { parseLabelSelector } from './label-parser.ts';
import {
  InvalidSelector,
  isInteger,
  type LabelOperator,
  type LabelRequirement,
  requirement,
} from './label-requirement.ts';

export { parseLabelSelector } from './label-parser.ts';
export { InvalidSelector, type LabelRequirement } from './label-requirement.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels | undefined) => boolean;

/** All requirements hold. An absent key satisfies `!=`, `notin` and `!`. */
export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels | undefined): boolean {
  return requirements.every((requirement) => holds(requirement, labels ?? {}));
}

/** A matcher for the query-string form. @throws InvalidSelector */
export function labelMatcher(text: string): LabelMatcher {
  const requirements = parseLabelSelector(text);
  return (labels) => matchesLabels(requirements, labels);
}

/**
 * A matcher for a selector inside an object. No selector selects nothing, an empty one everything.
 * @throws InvalidSelector
 */
export function labelSelectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  if (selector === undefined) return () => false;
  const requirements = requirementsOf(selector);
  return (labels) => matchesLabels(requirements, labels);
}

const OPERATORS: Record<string, LabelOperator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

function requirementsOf(selector: LabelSelector): LabelRequirement[] {
  const exact = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => requirement(key, '=', [value]));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => {
    const known = OPERATORS[operator];
    if (known === undefined) throw new InvalidSelector(`${quote(operator)} is not a valid label selector operator`);
    return requirement(key, known, values ?? []);
  });
  return [...exact, ...expressions];
}

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default:
      return value !== undefined && isInteger(value) && compare(operator, BigInt(value), BigInt(values[0] ?? '0'));
  }
}

function compare(operator: 'gt' | 'lt', value: bigint, limit: bigint): boolean {
  return operator === 'gt' ? value > limit : value < limit;
}
