import { expect, test } from 'vitest';
import { UsageError } from './command.ts';
import { parseDuration, parseInteger } from './duration.ts';

test.each([
  ['30s', 30_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['250ms', 250],
  ['-1s', -1000],
  ['0', 0],
  ['0s', 0],
])('%s is %i ms', (text, milliseconds) => {
  expect(parseDuration(text, '--timeout')).toBe(milliseconds);
});

test.each(['', '5', 's', '1d', '1s2', 'soon'])('%j is no duration', (text) => {
  expect(() => parseDuration(text, '--timeout')).toThrow(UsageError);
});

test.each([
  ['7', 7],
  ['-1', -1],
])('%s is a whole number', (text, number) => {
  expect(parseInteger(text, '--tail')).toBe(number);
});
test.each(['', '1.5', 'x', '0x1'])('%j is none', (text) => {
  expect(() => parseInteger(text, '--tail')).toThrow(UsageError);
});
