import { parseQuantity } from '../kube/quantity.ts';
import type { ParameterType, Scalar, SidecarParameter } from './sidecar.ts';

/** The values of all parameters, as JSON: quantities and durations are text. */
export type ParameterValues = Readonly<Record<string, Scalar>>;

/** Reads a parameter as it stands in an annotation or in a definition. `error` is in the words of Kubernetes' field errors. */
export function readParameter(
  parameter: SidecarParameter,
  given: unknown,
): { value: Scalar; error?: undefined } | { error: string } {
  const read = readType(parameter.type, given);
  if (read === undefined) return { error: `must be ${NOUNS[parameter.type]}` };
  const error = boundsError(parameter, read);
  return error === undefined ? { value: read } : { error };
}

/** A value of the type, without bounds; undefined when it is none. Text is read, as annotations hold nothing else. */
export function readType(type: ParameterType, given: unknown): Scalar | undefined {
  if (!['string', 'number', 'boolean'].includes(typeof given)) return undefined;
  const text = String(given);
  switch (type) {
    case 'string':
      return typeof given === 'string' ? given : undefined;
    case 'integer':
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text))
        ? Number(text)
        : undefined;
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : undefined;
    case 'quantity':
      return amountOf('quantity', text) === undefined ? undefined : text;
    case 'duration':
      return amountOf('duration', text) === undefined ? undefined : text;
  }
}

const NOUNS: Record<ParameterType, string> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: '"true" or "false"',
  quantity: 'a quantity, such as 100m or 64Mi',
  duration: 'a duration, such as 30s or 1h30m',
};

function boundsError(
  { type, minimum, maximum, enum: allowed, pattern }: SidecarParameter,
  value: Scalar,
): string | undefined {
  const amount = amountOf(type, value);
  const least = minimum === undefined ? undefined : amountOf(type, minimum);
  const most = maximum === undefined ? undefined : amountOf(type, maximum);
  if (amount !== undefined && least !== undefined && amount < least)
    return `must be greater than or equal to ${minimum}`;
  if (amount !== undefined && most !== undefined && amount > most) return `must be less than or equal to ${maximum}`;
  if (
    allowed !== undefined &&
    !allowed.some((one) => one === value || (amount !== undefined && amountOf(type, one) === amount))
  )
    return `supported values: ${allowed.map((one) => JSON.stringify(one)).join(', ')}`;
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(String(value)))
    return `must match "${pattern}"`;
  return undefined;
}

/** What is compared: numbers themselves, billionths of a unit, nanoseconds. */
export function amountOf(type: ParameterType, value: Scalar): number | bigint | undefined {
  if (type === 'integer' || type === 'number') return typeof value === 'number' ? value : undefined;
  if (type === 'duration') return nanoseconds(String(value));
  if (type !== 'quantity') return undefined;
  try {
    return parseQuantity(String(value)).nanos;
  } catch {
    return undefined;
  }
}

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** As Go's time.ParseDuration reads it. */
function nanoseconds(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!/^[+-]?((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g);
  let sum = 0;
  for (const [, amount, unit = ''] of parts) sum += Number(amount) * (UNITS[unit] ?? 0);
  return text.startsWith('-') ? -sum : sum;
}
