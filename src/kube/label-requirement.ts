import { quote } from './field-errors.ts';
import { isLabelValue, isQualifiedName } from './names.ts';

export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  values: readonly string[];
}

/** A selector that cannot be read. `message` is apimachinery's. */
export class InvalidSelector extends Error {
  override readonly name = 'InvalidSelector';
}

/** Checks what the grammar leaves open, as apimachinery's NewRequirement does. */
export function requirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const errors = [
    ...isQualifiedName(key).map((m) => `key: Invalid value: ${quote(key)}: ${m}`),
    ...countError(operator, values),
    ...values.flatMap((value, i) => {
      const why = isLabelValue(value).join('; ');
      return why === '' ? [] : [`values[${i}][${key}]: Invalid value: ${quote(value)}: ${why}`];
    }),
  ];
  if (errors.length > 0) throw new InvalidSelector(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`);
  return { key, operator, values };
}

function countError(operator: LabelOperator, values: readonly string[]): string[] {
  const list = JSON.stringify(values).replaceAll('","', '", "').replace('[', '[]string{').replace(/]$/, '}');
  if ((operator === 'in' || operator === 'notin') && values.length === 0)
    return [`values: Invalid value: ${list}: for 'in', 'notin' operators, values set can't be empty`];
  if ((operator === 'exists' || operator === '!') && values.length > 0)
    return [`values: Invalid value: ${list}: values set must be empty for exists and does not exist`];
  if ((operator === 'gt' || operator === 'lt') && !isInteger(values[0] ?? ''))
    return [
      `values[0]: Invalid value: ${quote(values[0] ?? '')}: for 'Gt', 'Lt' operators, the value must be an integer`,
    ];
  return [];
}

/** A whole number of 64 bits. */
export function isInteger(text: string): boolean {
  return (
    /^[+-]?[0-9]+$/.test(text) && BigInt.asIntN(64, BigInt(text.replace('+', ''))) === BigInt(text.replace('+', ''))
  );
}
