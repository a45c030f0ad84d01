import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastLogLines, readableLine } from './log-lines.ts';

test.each([
  ['{"level":30,"time":1795471956185,"msg":"node stops"}', '2026-11-23T22:12:36.185Z info  node stops'],
  [
    '{"level":40,"time":0,"pod":"default/a b","n":3,"list":[1],"msg":"x"}',
    '1970-01-01T00:00:00.000Z warn  x pod="default/a b" n=3 list=[1]',
  ],
  [
    '{"level":50,"time":0,"err":{"type":"Error","message":"no \\"room\\"","stack":"…"},"msg":"x"}',
    '1970-01-01T00:00:00.000Z error x error="no \\"room\\""',
  ],
  ['node: a crash', 'node: a crash'],
  ['{"not": "ours"}', '{"not": "ours"}'],
  ['null', 'null'],
])('%s', (line, readable) => {
  expect(readableLine(line)).toBe(readable);
});

test('the last lines of a file; none of a file that is not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'outfit-log-'));
  const path = join(folder, 'node.log');
  expect(lastLogLines(path, 3)).toEqual([]);
  writeFileSync(path, 'a\nb\n\nc\nd');
  expect(lastLogLines(path, 3)).toEqual(['b', 'c', 'd']);
  expect(lastLogLines(path, 0)).toEqual([]);
  rmSync(folder, { recursive: true });
});
