import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

const shown = (isTTY: boolean): string => {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 30 });
  const progress = new Progress({ stderr });
  progress.step('downloading');
  progress.detail('downloading: 1 of 2 MB');
  progress.step('unpacking a package with a very long name');
  progress.end();
  progress.end();
  return String(stderr.read());
};

test('on a terminal one line that changes and goes away', () => {
  const clear = '\r\x1b[K';
  expect(shown(true)).toBe(
    `${clear}downloading${clear}downloading: 1 of 2 MB${clear}unpacking a package with a ve${clear}`,
  );
});

test('elsewhere a line for each step', () => {
  expect(shown(false)).toBe('downloading\nunpacking a package with a very long name\n');
});
