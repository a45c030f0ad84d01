import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runningNode, takeLock } from './lock.ts';

const about = { outfit: '0.1.0', startedAt: '2026-11-23T18:56:41Z' };

describe('the lock of a state directory', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outfit-lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('one node takes it, a second does not; then it is free again and nothing stays', async () => {
    const lock = await takeLock(path, about);
    expect(await takeLock(path, about)).toBeUndefined();
    await lock!.update({ server: 'https://127.0.0.1:7443' });
    expect(await runningNode(path)).toMatchObject({ pid: process.pid, server: 'https://127.0.0.1:7443', ...about });
    await lock!.release();
    expect(await runningNode(path)).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['of a process that was killed', { pid: 4194304, startTime: '1', ...about }],
    ['of an earlier process with our number', { pid: process.pid, startTime: '1', ...about }],
  ])('one %s is taken over', async (_name, stale) => {
    await writeFile(path, JSON.stringify(stale));
    expect(await runningNode(path)).toBeUndefined();
    expect(await takeLock(path, about)).toBeDefined();
  });

  test('a half-written one is taken over', async () => {
    await writeFile(path, '{"pid": 1');
    expect(await takeLock(path, about)).toBeDefined();
  });
});
