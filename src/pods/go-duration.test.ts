import { expect, test } from 'vitest';
import { goDuration } from './go-duration.ts';

test.each([
  [0, '0s'],
  [-5, '0s'],
  [1, '1ms'],
  [185, '185ms'],
  [185.4, '185ms'],
  [1000, '1s'],
  [1200, '1.2s'],
  [1234, '1.234s'],
  [59_999.6, '1m0s'],
  [10_000, '10s'],
  [80_000, '1m20s'],
  [160_000, '2m40s'],
  [300_000, '5m0s'],
  [90_500, '1m30.5s'],
  [3_600_000, '1h0m0s'],
  [7_261_000, '2h1m1s'],
])('%d ms is %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});
