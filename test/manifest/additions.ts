import fc from 'fast-check';
import { jsonValue } from './yaml-texts.ts';

/** One thing to add: where (counted through all collections of the object), at which place in a list, under which key in a map, and what. */
export interface Addition {
  target: number;
  index: number;
  key: string;
  value: unknown;
}

export function additions(): fc.Arbitrary<Addition[]> {
  const key = fc.constantFrom(
    'added',
    'annotations',
    'volumeMounts',
    'zz',
    'yes',
    'a/b.c',
    '# k',
    '-',
    'é',
    'two words',
    '5',
  );
  return fc.array(fc.record({ target: fc.nat(50), index: fc.nat(5), key, value: jsonValue() }), {
    minLength: 1,
    maxLength: 4,
  });
}

/** The object with all additions that have a place in it. The original is left alone. */
export function withAdditions<T>(object: T, list: readonly Addition[]): T {
  const result = structuredClone(object);
  for (const { target, index, key, value } of list) {
    const collections = collectionsOf(result);
    const chosen = collections[target % collections.length] as Record<string, unknown> | unknown[];
    if (Array.isArray(chosen)) chosen.splice(index % (chosen.length + 1), 0, structuredClone(value));
    else if (!Object.hasOwn(chosen, key)) chosen[key] = structuredClone(value);
  }
  return result;
}

function collectionsOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(collectionsOf)];
}
