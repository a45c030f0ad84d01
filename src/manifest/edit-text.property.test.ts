import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { additions, withAdditions } from '../../test/manifest/additions.ts';
import { jsonObject, jsonText, yamlText } from '../../test/manifest/yaml-texts.ts';
import { editText } from './edit-text.ts';
import { EditError } from './errors.ts';
import { parseManifests } from './parse.ts';

const RUNS = Number(process.env.FC_RUNS ?? 1000);

function edit(text: string, object: unknown): string {
  const file = parseManifests(text);
  expect(file.errors).toEqual([]);
  return editText(file, [{ document: 0, object }]);
}

function objectOf(text: string): Record<string, unknown> {
  return parseManifests(text).documents[0]!.object;
}

describe('editText', () => {
  it('gives the same text for the same object', () => {
    fc.assert(
      fc.property(fc.oneof(yamlText(), jsonText()), (text) => {
        expect(edit(text, structuredClone(objectOf(text)))).toBe(text);
      }),
      { numRuns: RUNS },
    );
  });

  it('says what was meant after anything is added, and gives every byte back when it is taken out again', () => {
    fc.assert(
      fc.property(fc.oneof(yamlText(), jsonText()), additions(), (text, list) => {
        const before = objectOf(text);
        const after = withAdditions(before, list);
        const edited = edit(text, after);
        expect(objectOf(edited)).toEqual(after);
        expect(edit(edited, before)).toBe(text);
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps every line of a text in blocks, in order, when something is added', () => {
    fc.assert(
      fc.property(yamlText({ flow: false }), additions(), (text, list) => {
        const lines = edit(text, withAdditions(objectOf(text), list)).split('\n');
        let at = 0;
        for (const line of text.split('\n')) {
          const found = lines.findIndex((other, i) => i >= at && content(other) === content(line));
          expect(found, JSON.stringify(line)).toBeGreaterThanOrEqual(at);
          at = found + 1;
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('turns any object into any other', () => {
    fc.assert(
      fc.property(fc.oneof(yamlText(), jsonText()), jsonObject(), (text, object) => {
        expect(objectOf(edit(text, object))).toEqual(object);
      }),
      { numRuns: RUNS },
    );
  });

  it('changes and removes fields of a text and says what was meant; once in a thousand texts it refuses', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(yamlText(), jsonText()), fc.infiniteStream(fc.nat(9)), (text, choices) => {
        const object = thinned(objectOf(text), choices) as Record<string, unknown>;
        try {
          expect(objectOf(edit(text, object))).toEqual(object);
        } catch (error) {
          if (!(error instanceof EditError)) throw error;
          refused++;
        }
      }),
      { numRuns: RUNS },
    );
    expect(refused).toBeLessThanOrEqual(1 + RUNS / 1000);
  });
});

describe('editText with anchors', () => {
  const text = `base: &base
  image: nginx
  env: &env
  - {name: A, value: "1"} # shared
  - name: B
shared: *env
list: [*env, &flow {a: 1}, *flow]
merged:
  <<: *base
  name: x
twice:
- <<: [*base, *flow]
- *base
inline: {<<: *base, own: true}
`;

  it('alters no other user of an anchor: it writes out what must differ', () => {
    fc.assert(
      fc.property(additions(), fc.infiniteStream(fc.nat(20)), fc.boolean(), (list, choices, thin) => {
        const grown = withAdditions(objectOf(text), list);
        const object = (thin ? thinned(grown, choices) : grown) as Record<string, unknown>;
        expect(objectOf(edit(text, object))).toEqual(object);
      }),
      { numRuns: RUNS },
    );
  });
});

/** A line without its indentation and dashes: the first item of a list behind a dash (`- - a`) moves down when one is put before it. */
function content(line: string): string {
  return line.replace(/^[ -]*/, '').trimEnd();
}

/** Some fields and items dropped, some scalars replaced. */
function thinned(value: unknown, choices: Iterator<number>): unknown {
  const keep = () => choices.next().value !== 0;
  if (Array.isArray(value)) return value.filter(keep).map((item) => thinned(item, choices));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(keep)
        .map(([key, field]) => [key, thinned(field, choices)]),
    );
  }
  return [value, 'changed', 7, 'two\nlines\n', null][choices.next().value % 5] ?? value;
}
