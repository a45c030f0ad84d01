import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { coveredTests, leftOutTests, report } from './report.ts';
import { scenarios } from './scenarios/index.ts';
import { upstream } from './upstream.ts';

test('every scenario has a name of its own that a Pod may have', () => {
  const ids = scenarios.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) < index)).toEqual([]);
  expect(ids.filter((id) => !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(id))).toEqual([]);
});

test('every scenario asserts something', () => {
  expect(scenarios.filter(({ holds }) => holds.length === 0)).toEqual([]);
});

test('scenarios name files that are listed', () => {
  const known = upstream.map(({ file }) => file);
  expect(
    scenarios.flatMap(({ upstream: of }) => of.map(({ file }) => file)).filter((file) => !known.includes(file)),
  ).toEqual([]);
});

describe('what runs, what is elsewhere and what is left out add up', () => {
  test.each(upstream)('$file', (file) => {
    const { elsewhere = [] } = file;
    expect(coveredTests(file.file, scenarios).length + elsewhere.length + leftOutTests(file)).toBe(file.tests);
  });
});

test('what is said to be elsewhere is there', () => {
  const gone = upstream
    .flatMap(({ elsewhere = [] }) => elsewhere)
    .filter(({ file, title }) => !readFileSync(file, 'utf8').includes(title));
  expect(gone).toEqual([]);
});

test('docs/conformance.md is current (npm run conformance makes it)', () => {
  expect(readFileSync('docs/conformance.md', 'utf8')).toBe(report(scenarios, upstream));
});
