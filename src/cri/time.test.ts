import { expect, it } from 'vitest';
import { isoOfNanos } from './time.ts';

it.each([
  [0n, undefined],
  [1n, '1970-01-01T00:00:00.000000001Z'],
  [1_700_000_000_123_456_789n, '2023-11-14T22:13:20.123456789Z'],
  [1_700_000_000_000_000_000n, '2023-11-14T22:13:20.000000000Z'],
])('%d nanoseconds are %s', (nanos, text) => {
  expect(isoOfNanos(nanos)).toBe(text);
});
