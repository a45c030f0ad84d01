import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManifestError } from '../../manifest/errors.ts';
import { batches } from './batches.ts';
import { decode } from './decode.ts';
import { Spool } from './spool.ts';

async function* inPieces<T extends string | Uint8Array>(whole: T, size: number): AsyncGenerator<T> {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size) as T;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

async function faultOf(source: AsyncIterable<unknown>): Promise<unknown> {
  return all(source).then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof ManifestError)) throw error;
      return { code: error.code, file: error.file, line: error.line, column: error.column };
    },
  );
}

describe('bytes that become text', () => {
  test('the text is the same however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 7 }), async (text, size) => {
        const pieces = await all(decode(inPieces(Buffer.from(text), size), 'f.yaml'));
        expect(pieces.join('')).toBe(Buffer.from(text).toString());
      }),
    );
  });

  test.each([1, 2, 3, 5, 1000])(
    'a byte that is no text is found at its line and column, in pieces of %i',
    async (size) => {
      const bytes = Buffer.concat([Buffer.from('a: ü\nb: 漢字 '), Buffer.from([0xff]), Buffer.from(' c\n')]);
      expect(await faultOf(decode(inPieces(bytes, size), 'f.yaml'))).toEqual({
        code: 'NotText',
        file: 'f.yaml',
        line: 2,
        column: 7,
      });
    },
  );

  test('a character that is cut off at the end', async () => {
    const bytes = Buffer.from('a: €').subarray(0, -1);
    expect(await faultOf(decode(inPieces(bytes, 2), 'f.yaml'))).toMatchObject({ code: 'NotText', line: 1 });
  });
});

describe('batches of documents', () => {
  const document = (name: number) => `---\nname: ${name} ${'x'.repeat(1000)}\n`;
  const stream = Array.from({ length: 1000 }, (_, i) => document(i)).join('');

  test('joined they are the stream; each begins with a document, at its line', async () => {
    const found = await all(batches(inPieces(stream, 64 * 1024), 'f.yaml'));
    expect(found.map(({ text }) => text).join('') === stream).toBe(true);
    expect(found.length).toBeGreaterThan(3);
    const lines = stream.split('\n');
    for (const { text, firstLine } of found) {
      expect(text.startsWith('---\nname: ')).toBe(true);
      expect(lines[firstLine]).toBe(text.split('\n')[1]);
    }
  });

  test('are cut in the same places however the stream arrives', async () => {
    const firstLines = async (size: number) =>
      (await all(batches(inPieces(stream, size), 'f.yaml'))).map(({ firstLine }) => firstLine);
    expect(await firstLines(777)).toEqual(await firstLines(1_000_000));
  });

  test('nothing is one empty batch', async () => {
    expect(await all(batches(inPieces('', 1), 'f.yaml'))).toEqual([{ text: '', firstLine: 1 }]);
  });
});

describe('a spool', () => {
  test('gives back what it was given, from memory and from the disk', () => {
    const spool = new Spool(10);
    try {
      const texts = ['12345', '', 'ü€', 'not any more in memory', '\ufeffin a file', 'x'.repeat(100_000)];
      const kept = texts.map((text) => spool.keep(text));
      expect(kept.map((one) => one.text())).toEqual(texts);
      expect(kept[4]?.text()).toBe('\ufeffin a file');
    } finally {
      spool.close();
    }
  });
});
