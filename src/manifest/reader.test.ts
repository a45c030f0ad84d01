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

  it('give the same tree, or the quick one gives up, also for texts that are damaged', () => {
    const damage = fc.array(
      fc.tuple(
        fc.nat(200),
        fc.constantFrom(
          '',
          ' ',
          '\n',
          ':',
          ': ',
          '- ',
          '#',
          ' #',
          '"',
          "'",
          '|',
          '[',
          '}',
          ',',
          '\t',
          '&a ',
          '? ',
          '---\n',
          '...',
        ),
      ),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(fc.oneof(yamlText(), jsonText()), damage, (text, places) => {
        const damaged = places.reduce(
          (rest, [at, put]) => rest.slice(0, at) + put + rest.slice(put === '' ? at + 1 : at),
          text,
        );
        if (/\r(?!\n)/.test(damaged)) return;
        for (const piece of splitText(damaged)) {
          if (!piece.plain) continue;
          const roots = readQuickly(damaged, piece.bodyStart, piece.bodyEnd, DEFAULT_LIMITS);
          // Several JSON objects in a row are kubectl's, not YAML's.
          if (!roots || roots.length > 1) continue;
          const expected = readWithLibrary(damaged.slice(piece.start, piece.end), piece.start, DEFAULT_LIMITS);
          expect(roots).toEqual(expected.map(({ root }) => root));
        }
      }),
      { numRuns: 3000 },
    );
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
