import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editText } from './edit-text.ts';
import type { EditErrorCode } from './errors.ts';
import { valueAt } from './field-path.ts';
import { parseManifests } from './parse.ts';

const CASES = join(import.meta.dirname, '../../test/cases/manifest');

interface Operation {
  op: 'add' | 'replace' | 'remove';
  /** Default: 0. */
  document?: number;
  /** `-`: after the last item. */
  path: (string | number)[];
  value?: unknown;
}

/** One golden case: `input.*` becomes `edited.*` by `edit.json`, in the style of `styles.yaml`. */
function readCase(name: string) {
  const folder = join(CASES, name);
  const file = readdirSync(folder).find((entry) => entry.startsWith('input.'))!;
  const styles = join(folder, 'styles.yaml');
  return {
    file,
    input: readFileSync(join(folder, file), 'utf8'),
    operations: JSON.parse(readFileSync(join(folder, 'edit.json'), 'utf8')) as Operation[],
    edited: join(folder, file.replace('input', 'edited')),
    styles: existsSync(styles) ? parseManifests(readFileSync(styles, 'utf8')).documents : [],
  };
}

function apply(objects: readonly unknown[], operations: Operation[]): { document: number; object: unknown }[] {
  const results = new Map<number, unknown>();
  for (const { op, document = 0, path, value } of operations) {
    const object = results.get(document) ?? structuredClone(objects[document]);
    const parent = valueAt(object, path.slice(0, -1)) as Record<string | number, unknown>;
    const last = path.at(-1)!;
    if (Array.isArray(parent) && op !== 'replace') {
      parent.splice(
        last === '-' ? parent.length : Number(last),
        op === 'remove' ? 1 : 0,
        ...(op === 'add' ? [value] : []),
      );
    } else if (op === 'remove') delete parent[last];
    else parent[last] = value;
    results.set(document, object);
  }
  return [...results].map(([document, object]) => ({ document, object }));
}

describe('the golden cases of editText', () => {
  it.each(readdirSync(CASES))('%s', (name) => {
    const { file, input, operations, edited, styles } = readCase(name);
    const before = parseManifests(input, { file });
    expect(before.errors).toEqual([]);
    const edits = apply(
      before.documents.map(({ object }) => object),
      operations,
    );
    const text = editText(before, edits, { styles });
    if (process.env.UPDATE_GOLDEN) writeFileSync(edited, text);
    expect(text).toBe(readFileSync(edited, 'utf8'));

    const after = parseManifests(text, { file });
    expect(after.documents.map(({ object }) => object)).toEqual(
      before.documents.map(({ object, index }) => edits.find(({ document }) => document === index)?.object ?? object),
    );
    const onlyAdds = operations.every(
      ({ op, value }) => op === 'add' || (op === 'replace' && typeof value === 'object'),
    );
    if (!onlyAdds || /anchors|written-out/.test(name)) return; // an alias that was written out stays written out
    const back = before.documents.map(({ object, index }) => ({ document: index, object }));
    expect(editText(after, back, { styles })).toBe(input);
  });
});

describe('editText refuses', () => {
  const refused = (text: string, object: unknown, document = 0): { code: EditErrorCode; message: string } => {
    try {
      editText(parseManifests(text, { file: 'a.yaml' }), [{ document, object }]);
    } catch (error) {
      return error as { code: EditErrorCode; message: string };
    }
    throw new Error('edited');
  };

  it.each([
    ['a document that is not there', 'a: 1\n', { a: 2 }, 1, 'NoSuchDocument'],
    ['a list as a document', 'a: 1\n', [1], 0, 'NotPlain'],
    ['what JSON has no word for', 'a: 1\n', { a: Number.NaN }, 0, 'NotPlain'],
    ['a function', 'a: 1\n', { a: { b: [() => 1] } }, 0, 'NotPlain'],
  ] as const)('%s', (_, text, object, document, code) => {
    expect(refused(text, object, document)).toMatchObject({ name: 'EditError', code, file: 'a.yaml' });
  });

  it('what it cannot prove, naming the field', () => {
    // The blank line would become a line of the block scalar above what is removed.
    const error = refused('a:\n- - |+\n    x\n  - y\n- z\n\nb: 1\n', { a: [['x\n']], b: 1 });
    expect(error).toMatchObject({ code: 'NotProven' });
    expect(error.message).toMatch(/^a\.yaml: document 1.*: the text as edited /);
  });

  it('two edits of one document', () => {
    const file = parseManifests('a: 1\n');
    const edit = { document: 0, object: { a: 2 } };
    expect(() => editText(file, [edit, edit])).toThrow('edited twice');
  });
});
