import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareUnchanged } from './share.ts';

const json = fc.jsonValue({ maxDepth: 4 });
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value));

test('what did not change is the very same part', () => {
  const before = {
    metadata: { labels: { a: '1' } },
    spec: { containers: [{ name: 'x' }, { name: 'y' }] },
    status: { n: 1 },
  };
  const after = shareUnchanged(before, { ...copy(before), status: { n: 2 } });
  expect(after).not.toBe(before);
  expect(after.metadata).toBe(before.metadata);
  expect(after.spec).toBe(before.spec);
  expect(after.status).toEqual({ n: 2 });
});

test('equal values are the previous one, different values the next one', () => {
  fc.assert(
    fc.property(json, json, (before, other) => {
      expect(shareUnchanged(before, copy(before))).toBe(before);
      const text = JSON.stringify(before);
      expect(shareUnchanged<unknown>(before, copy(other))).toEqual(copy(other));
      expect(JSON.stringify(before)).toBe(text);
    }),
  );
});
