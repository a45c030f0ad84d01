import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, yamlText } from '../../test/manifest/yaml-texts.ts';
import { readWithLibrary } from './library-reader.ts';
import { parseManifests } from './parse.ts';
import { readQuickly } from './quick-reader.ts';
import { splitText } from './split.ts';
import { DEFAULT_LIMITS } from './tree.ts';

describe('the quick reader and the library', () => {
  it('give the same tree, to the last offset, wherever the quick one does not give up', () => {
    let quick = 0;
    fc.assert(
      fc.property(fc.oneof(yamlText(), jsonText()), (text) => {
        for (const piece of splitText(text)) {
          const roots = readQuickly(text, piece.bodyStart, piece.bodyEnd, DEFAULT_LIMITS);
          if (!roots) continue;
          quick++;
          const expected = readWithLibrary(text.slice(piece.start, piece.end), piece.start, DEFAULT_LIMITS);
          expect(roots).toEqual(expected.map(({ root }) => root));
        }
      }),
      { numRuns: 2000 },
    );
    expect(quick).toBeGreaterThan(500);
  });

  it('read JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(jsonText(), (text) => {
        const { documents, errors } = parseManifests(text);
        expect(errors).toEqual([]);
        expect(documents.map(({ object }) => object)).toEqual([JSON.parse(text)]);
        expect(documents[0]!.json).toBe(true);
      }),
    );
  });

  it('never throw, whatever the text', () => {
    const junk = fc.string({ unit: fc.constantFrom(...'a:- \n\t"\'{}[],#&*|>!%@`?=\r\\0'.split('')), maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(junk, fc.string()), (text) => {
        const { errors } = parseManifests(text);
        for (const error of errors) expect(error.message).toMatch(/^-:\d+:\d+: ./);
      }),
      { numRuns: 3000 },
    );
  });
});
