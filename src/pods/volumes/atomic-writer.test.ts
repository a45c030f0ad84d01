import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeAtomically } from './atomic-writer.ts';
import type { Payload } from './payload.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outfit-atomic-'));
});
afterEach(() => rm(directory, { recursive: true }));

const payload = (files: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));
const write = (files: Record<string, string>, options = {}) => writeAtomically(directory, payload(files), options);
const text = (path: string) => readFile(join(directory, path), 'utf8');
const names = async () => (await readdir(directory)).filter((name) => !name.startsWith('..')).sort();
const hidden = async () => (await readdir(directory)).filter((name) => name.startsWith('..'));

test('files are links through one link, as in the kubelet', async () => {
  const now = () => new Date('2026-11-24T00:30:00Z');
  expect(await write({ 'a.txt': 'one', 'deep/er/b': 'two' }, { now })).toBe(true);
  expect(await names()).toEqual(['a.txt', 'deep']);
  expect(await readlink(join(directory, 'a.txt'))).toBe('..data/a.txt');
  expect(await readlink(join(directory, '..data'))).toMatch(/^\.\.2026_11_24_00_30_00\.\w{6}$/);
  expect([await text('a.txt'), await text('deep/er/b')]).toEqual(['one', 'two']);
});

test('what is as it should be is left alone', async () => {
  await write({ a: 'one' });
  const before = await readlink(join(directory, '..data'));
  expect(await write({ a: 'one' })).toBe(false);
  expect(await readlink(join(directory, '..data'))).toBe(before);
});

test.each([
  ['changed', { a: 'two' }],
  ['added', { a: 'one', b: 'new' }],
  ['renamed', { b: 'one' }],
  ['taken away', {}],
  ['moved into a folder', { 'a/a': 'one' }],
])('a file that is %s', async (_, files: Record<string, string>) => {
  await write({ a: 'one' });
  expect(await write(files)).toBe(true);
  expect(await names()).toEqual([...new Set(Object.keys(files).map((path) => path.split('/')[0]))].sort());
  for (const [path, content] of Object.entries(files)) expect(await text(path)).toBe(content);
  expect(await hidden()).toHaveLength(2);
});

test('who reads all the time sees only whole states', async () => {
  const state = (n: number) => ({ a: `${n}`.repeat(1000), b: `${n}`.repeat(1000) });
  await write(state(0));
  let isOver = false;
  const seen = new Set<string>();
  const reader = (async () => {
    while (!isOver) {
      // As a program does that wants both: from one directory, which it opens once.
      const data = join(directory, await readlink(join(directory, '..data')));
      const both = await Promise.all([readFile(join(data, 'a'), 'utf8'), readFile(join(data, 'b'), 'utf8')]).catch(
        () => undefined,
      );
      if (both) seen.add(both[0] === both[1] ? 'whole' : 'torn');
    }
  })();
  for (let n = 1; n < 30; n += 1) await write(state(n % 10));
  isOver = true;
  await reader;
  expect([...seen]).toEqual(['whole']);
});

test('what a crash left half-made is cleared away', async () => {
  await write({ a: 'one' });
  await mkdir(join(directory, '..2020_01_01_00_00_00.crash1'));
  await symlink('..2020_01_01_00_00_00.crash1', join(directory, '..data_tmp'));
  await writeFile(join(directory, '..2020_01_01_00_00_00.crash1/half'), '');
  await write({ a: 'two' });
  expect(await hidden()).toHaveLength(2);
  expect(await text('a')).toBe('two');
});

describe('permissions', () => {
  const bits = async (path: string) => (await stat(join(directory, path))).mode.toString(8).slice(-4);

  test('are those of the file, whatever the umask', async () => {
    const before = process.umask(0o077);
    await writeAtomically(directory, payload({ 'd/a': 'x' }, 0o666)).finally(() => process.umask(before));
    expect([await bits('d'), await bits('d/a')]).toEqual(['0755', '0666']);
  });

  test.runIf(process.getuid?.() === 0)('let the fsGroup read, and a user own', async () => {
    const files: Payload = new Map([['d/a', { data: Buffer.from('x'), mode: 0o400, user: 1000 }]]);
    await writeAtomically(directory, files, { group: 2000 });
    const { uid, gid } = await stat(join(directory, 'd/a'));
    expect([uid, gid, await bits('d/a'), await bits('d')]).toEqual([1000, 2000, '0440', '2755']);
  });
});
