import { isRecord } from '../kube/json.ts';
import type { FieldPath } from './field-path.ts';

/** One step of a pattern: a key, an index, or everything. */
export type PatternStep = string | number | typeof ANY;

const ANY = Symbol('*');
const STEP = /\.?(?:(\*)|([\w$-]+))|\[(?:(\*)|(\d+)|'([^']*)'|"([^"]*)")\]/y;

/**
 * The part of kubectl's JSONPath that names places: `.spec.template`, `{.spec.tasks[*].template}`, `$.spec['a.b']`, `spec.groups.*.pod`.
 * @throws RangeError where the text is none
 */
export function parsePattern(text: string): PatternStep[] {
  const inner = text.trim().replace(/^\{(.*)\}$/, '$1');
  const steps: PatternStep[] = [];
  STEP.lastIndex = inner.startsWith('$') ? 1 : 0;
  while (STEP.lastIndex < inner.length) {
    const match = STEP.exec(inner);
    if (!match) throw new RangeError(`${JSON.stringify(text)} is not a path such as .spec.tasks[*].template`);
    const [, any, key, every, index, single, double] = match;
    if (any || every) steps.push(ANY);
    else steps.push(index === undefined ? (key ?? single ?? double ?? '') : Number(index));
  }
  return steps;
}

/** The places in an object that a pattern names, with what stands there. */
export function matchPattern(object: unknown, steps: readonly PatternStep[]): { path: FieldPath; value: unknown }[] {
  let places: { path: FieldPath; value: unknown }[] = [{ path: [], value: object }];
  for (const step of steps) {
    places = places.flatMap(({ path, value }) =>
      childrenAt(value, step).map(([key, child]) => ({ path: [...path, key], value: child })),
    );
  }
  return places;
}

function childrenAt(value: unknown, step: PatternStep): [string | number, unknown][] {
  if (Array.isArray(value)) {
    if (step === ANY) return [...value.entries()];
    return typeof step === 'number' && step < value.length ? [[step, value[step]]] : [];
  }
  if (!isRecord(value)) return [];
  if (step === ANY) return Object.entries(value);
  return Object.hasOwn(value, step) ? [[String(step), value[String(step)]]] : [];
}
