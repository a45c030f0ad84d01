import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitDocuments, splitText } from './split.ts';

const text = fc
  .array(
    fc.constantFrom(
      'a: 1\n',
      '---\n',
      '--- # x\n',
      '---x\n',
      '--- y\n',
      '...\n',
      '... # z\n',
      '# c\n',
      '%YAML 1.1\n',
      '\n',
      '  ---\n',
      'b:\r\n',
      '---\r\n',
      '---',
    ),
    {
      maxLength: 12,
    },
  )
  .map((lines) => lines.join(''));

async function collect(chunks: Iterable<string>, limit?: number) {
  const parts: { text: string; firstLine: number }[] = [];
  for await (const part of splitDocuments(chunks, limit)) parts.push(part);
  return parts;
}

describe('splitText', () => {
  it('cuts a text into pieces that are the text again', () => {
    fc.assert(
      fc.property(fc.constantFrom('', '\ufeff'), text, (mark, body) => {
        const whole = mark + body;
        const pieces = splitText(whole);
        expect(mark + pieces.map(({ start, end }) => whole.slice(start, end)).join('')).toBe(whole);
        for (const { start, bodyStart, bodyEnd, end } of pieces) {
          expect([start, bodyStart, bodyEnd, end]).toEqual([start, bodyStart, bodyEnd, end].toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a: 1\n---\nb: 2\n', ['a: 1\n', '---\nb: 2\n']],
    ['a: 1\n...\nb: 2\n', ['a: 1\n...\n', 'b: 2\n']],
    ['a: |\n  x\n  ---\n---\n', ['a: |\n  x\n  ---\n', '---\n']],
    ['%YAML 1.1\n---\na: 1\n---\nb: 1\n', ['%YAML 1.1\n---\na: 1\n', '---\nb: 1\n']],
    ['---x: 1\n', ['---x: 1\n']],
    ['', ['']],
  ])('%j', (whole, expected) => {
    expect(splitText(whole).map(({ start, end }) => whole.slice(start, end))).toEqual(expected);
  });
});

describe('splitDocuments', () => {
  it('gives the same documents however the stream is cut, each with its first line', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 6 }), async (whole, cuts) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length];
        const parts = await collect(places.slice(1).map((end, i) => whole.slice(places[i], end)));
        expect(parts.map((part) => part.text)).toEqual(
          splitText(whole).map(({ start, end }) => whole.slice(start, end)),
        );
        let before = '';
        for (const part of parts) {
          expect(part.firstLine).toBe(before.split('\n').length);
          before += part.text;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('stops at a document that is too large, before it has all of it', async () => {
    let given = 0;
    function* endless() {
      for (; ; given++) yield `line ${given}\n`;
    }
    await expect(collect(endless(), 1000)).rejects.toThrow(RangeError);
    expect(given).toBeLessThan(200);
  });
});
