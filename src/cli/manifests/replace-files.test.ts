import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityAt } from './open-input.ts';
import { type Replacement, replaceFiles } from './replace-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outfit-replace-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** `before` is in the file; `during` happens while the new text is being written. */
async function replacement(name: string, during: () => void = () => {}): Promise<Replacement> {
  const path = join(folder, name);
  writeFileSync(path, `old ${name}`);
  const identity = (await identityAt(path))!;
  return {
    name,
    path,
    identity,
    *texts() {
      yield 'new ';
      during();
      yield name;
    },
  };
}

const contents = () =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

test('all files get their new text', async () => {
  await replaceFiles([await replacement('a'), await replacement('b')]);
  expect(contents()).toEqual({ a: 'new a', b: 'new b' });
});

test.each([
  { name: 'was changed', during: (path: string) => writeFileSync(path, 'mine'), left: 'mine' },
  {
    name: 'was replaced',
    during: (path: string) => {
      rmSync(path);
      writeFileSync(path, 'old b');
    },
    left: 'old b',
  },
  { name: 'is gone', during: (path: string) => rmSync(path), left: undefined },
])('a file that $name meanwhile is left to who did that, and no other is written', async ({ during, left }) => {
  const all = [await replacement('a'), await replacement('b', () => during(join(folder, 'b')))];
  await expect(replaceFiles(all)).rejects.toThrow('b was changed by somebody else meanwhile; nothing was written');
  expect(contents()).toEqual({ a: 'old a', ...(left !== undefined && { b: left }) });
});

test('nothing is left beside the files when a text cannot be made', async () => {
  const all = [
    await replacement('a'),
    await replacement('b', () => {
      throw new RangeError('no');
    }),
  ];
  await expect(replaceFiles(all)).rejects.toThrow(RangeError);
  expect(contents()).toEqual({ a: 'old a', b: 'old b' });
});

test('an end by Ctrl-C comes before the first write', async () => {
  await expect(replaceFiles([await replacement('a')], AbortSignal.abort(new Error('ended')))).rejects.toThrow('ended');
  expect(contents()).toEqual({ a: 'old a' });
});
