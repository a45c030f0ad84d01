import type { FieldError } from '../../kube/errors.ts';
import { duplicate, forbidden, invalidValue } from '../../kube/field-errors.ts';
import { patternFault } from '../cel/pattern.ts';
import { amountOf, readParameter, readType } from '../parameters.ts';
import type { Scalar, SidecarParameter } from '../sidecar.ts';

const NAME = /^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$/;
/** CEL's own words, and the word of the other annotation of a sidecar. */
const RESERVED = [
  'inject',
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
];
const ORDERED = ['integer', 'number', 'quantity', 'duration'];
const MAX_NAME = 63;

/** Whether every parameter can be set at all, and its default is one that could be set. */
export function checkParameters(parameters: readonly SidecarParameter[], field: string): FieldError[] {
  const names = new Set<string>();
  return parameters.flatMap((parameter, i) => {
    const path = `${field}[${i}]`;
    const repeated = names.has(parameter.name);
    names.add(parameter.name);
    return [
      ...checkName(parameter.name, `${path}.name`),
      ...(repeated ? [duplicate(`${path}.name`, parameter.name)] : []),
      ...checkBounds(parameter, path),
      ...checkPattern(parameter, `${path}.pattern`),
      ...checkDefault(parameter, `${path}.default`),
    ];
  });
}

function checkName(name: string, field: string): FieldError[] {
  if (!NAME.test(name) || name.length > MAX_NAME)
    return [
      invalidValue(
        field,
        name,
        `must consist of letters, digits or '_', start with a letter, end with a letter or digit, and be no more than ${MAX_NAME} characters (it ends an annotation's key, and is a name in expressions)`,
      ),
    ];
  return RESERVED.includes(name) ? [invalidValue(field, name, 'is a reserved word')] : [];
}

function checkBounds(parameter: SidecarParameter, path: string): FieldError[] {
  const { type, minimum, maximum } = parameter;
  const bounds = (['minimum', 'maximum'] as const).flatMap((bound) => {
    const value = parameter[bound];
    if (value === undefined) return [];
    if (!ORDERED.includes(type)) return [forbidden(`${path}.${bound}`, `a ${type} has no order`)];
    return checkType(parameter, value, `${path}.${bound}`);
  });
  const values = (parameter.enum ?? []).flatMap((value, i) => checkType(parameter, value, `${path}.enum[${i}]`));
  const least = minimum === undefined ? undefined : amountOf(type, minimum);
  const most = maximum === undefined ? undefined : amountOf(type, maximum);
  const crossed = least !== undefined && most !== undefined && least > most;
  return [
    ...bounds,
    ...values,
    ...(crossed ? [invalidValue(`${path}.minimum`, minimum, 'must be less than or equal to maximum')] : []),
  ];
}

function checkType({ type }: SidecarParameter, value: Scalar, field: string): FieldError[] {
  const error = readParameter({ name: '', type }, value).error;
  return error === undefined ? [] : [invalidValue(field, value, error)];
}

function checkPattern({ type, pattern }: SidecarParameter, field: string): FieldError[] {
  if (pattern === undefined) return [];
  if (type !== 'string') return [forbidden(field, 'only a string has a pattern')];
  const fault = patternFault(pattern);
  return fault === undefined ? [] : [invalidValue(field, pattern, fault)];
}

function checkDefault(parameter: SidecarParameter, field: string): FieldError[] {
  if (parameter.default === undefined) return [];
  const patternWorks = parameter.pattern === undefined || patternFault(parameter.pattern) === undefined;
  const { error } = patternWorks ? readParameter(parameter, parameter.default) : { error: undefined };
  return error === undefined ? [] : [invalidValue(field, parameter.default, error)];
}

/** Values to try a definition with: the defaults, and where there is none something of the type. */
export function sampleParameters(parameters: readonly SidecarParameter[]): Record<string, Scalar> {
  return Object.fromEntries(
    parameters.map((parameter) => {
      const given = parameter.default ?? parameter.enum?.[0] ?? parameter.minimum ?? SAMPLES[parameter.type];
      return [parameter.name, readType(parameter.type, given) ?? SAMPLES[parameter.type]];
    }),
  );
}

const SAMPLES: Record<SidecarParameter['type'], Scalar> = {
  string: 'placeholder',
  integer: 1,
  number: 1,
  boolean: true,
  quantity: '1',
  duration: '1s',
};
