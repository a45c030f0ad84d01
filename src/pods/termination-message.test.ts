import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastWords } from './termination-message.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outfit-words-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Case {
  /** undefined: there is no file. */
  file?: string;
  log?: string[];
  policy?: 'File' | 'FallbackToLogsOnError';
  path?: string;
  exitCode?: number;
}

async function wordsOf({ file, log = [], policy = 'FallbackToLogsOnError', path = '/x', exitCode = 1 }: Case) {
  const [at, logPath] = [join(folder, 'file'), join(folder, 'log')];
  await rm(at, { force: true });
  if (file !== undefined) await writeFile(at, file);
  await writeFile(logPath, log.map((line) => `2026-11-23T18:00:00.000000000Z stderr F ${line}\n`).join(''));
  const annotations = {
    'io.kubernetes.container.terminationMessagePath': path,
    'io.kubernetes.container.terminationMessagePolicy': policy,
  };
  return lastWords({ status: { annotations, exitCode, reason: 'Error', logPath }, file: at });
}

const lines = (count: number, length = 0) => Array.from({ length: count }, (_, i) => `${i}`.padEnd(length, '.'));

describe('what a container left', () => {
  test.each<[string, Case, string]>([
    ['its file', { file: 'bye\n', log: ['a'] }, 'bye\n'],
    ['the last 4 KiB of it', { file: `${'x'.repeat(10)}${'y'.repeat(4096)}` }, 'y'.repeat(4096)],
    ['nothing where it wrote nothing and succeeded', { file: '', log: ['a'], exitCode: 0 }, ''],
    ['nothing by policy File', { file: '', log: ['a'], policy: 'File' }, ''],
    ['its log when it failed and wrote nothing', { file: '', log: ['a', 'b'] }, 'a\nb\n'],
    ['or has no file', { log: ['a'] }, 'a\n'],
    ['or no path for one', { file: 'bye', path: '', log: ['a'] }, 'a\n'],
    ['the last 80 lines of the log', { log: lines(100) }, `${lines(100).slice(20).join('\n')}\n`],
    ['and of these the last 2 KiB', { log: lines(80, 99) }, `${lines(80, 99).join('\n')}\n`.slice(-2048)],
  ])('%s', async (_, given, words) => {
    expect(await wordsOf(given)).toBe(words);
  });

  test('what cannot be read is said', async () => {
    const status = {
      annotations: { 'io.kubernetes.container.terminationMessagePath': '/x' },
      exitCode: 1,
      reason: '',
      logPath: '',
    };
    expect(await lastWords({ status, file: folder })).toMatch(/^Error on reading termination log .*EISDIR/);
  });
});
