import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../command.ts';
import { openAuditLog } from './audit-log.ts';

const log = pino({ level: 'silent' });
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outfit-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const linesOf = (name: string): unknown[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

test('entries are lines of JSON that only the owner may read, and a new start goes on', async () => {
  const path = join(folder, 'audit.log');
  for (const run of [1, 2]) {
    const audit = await openAuditLog(path, { log });
    audit.write({ run, entry: 1 });
    audit.write({ run, entry: 2 });
    await audit.close();
  }
  const entries = [1, 2].flatMap((run) => [1, 2].map((entry) => ({ run, entry })));
  expect(linesOf('audit.log')).toEqual(entries);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that is full is put aside, and only so many are kept', async () => {
  const last = 19;
  for (let i = 0; i <= last; i++) {
    const audit = await openAuditLog(join(folder, 'audit.log'), { log, rotateBytes: 1_000 });
    audit.write({ i, text: 'x'.repeat(1_000) });
    await audit.close();
  }
  const files = readdirSync(folder).sort();
  expect(files).toEqual(['audit.log', ...[1, 2, 3, 4, 5].map((n) => `audit.log.${n}`)]);
  const kept = files.reverse().flatMap(linesOf) as { i: number }[];
  expect(kept.map(({ i }) => i)).toEqual([14, 15, 16, 17, 18, last]);
});

test('a disk that is full, or slow, costs entries, not the node', async () => {
  const audit = await openAuditLog('/dev/full', { log, backlogBytes: 1_000 });
  for (let i = 0; i < 100; i++) expect(() => audit.write({ i })).not.toThrow();
  await audit.close();
});

test('a file that cannot be opened is said at once', async () => {
  await expect(openAuditLog(join(folder, 'none/audit.log'), { log })).rejects.toThrow(Failure);
});
