import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterTick, nextTick } from './schedule.ts';

describe('the next tick, with ticks at 3, 13, 23 …', () => {
  test.each<[string, now: number, notBefore: number | undefined, tick: number]>([
    ['the first one', 0, undefined, 3],
    ['one that is now is over', 3, undefined, 13],
    ['within a period', 14, undefined, 23],
    ['not before the initial delay has passed', 4, 20, 23],
    ['but at its very end', 4, 23, 23],
    ['a clock that was set back behind the first tick', -100, undefined, -97],
  ])('%s', (_, now, notBefore, tick) => {
    expect(nextTick({ anchor: 3, periodMs: 10 }, now, notBefore)).toBe(tick);
  });
});

describe('after the tick at 100, in periods of 10, the next is looked for', () => {
  test.each<[string, begun: number, from: number]>([
    ['from its beginning, when it was on time', 100, 100],
    ['from its beginning, when it was late', 117, 117],
    ['from the tick, when the timer was early: it is not due again', 99, 100],
    ['from the tick, when the wall clock was put right by a little meanwhile', 92, 100],
    ['from its beginning, when the wall clock was set back by much', -3000, -3000],
  ])('%s', (_, begun, from) => {
    expect(afterTick(100, begun, 10)).toBe(from);
  });
});

test('a tick is a tick, comes after now, and within a period', () => {
  const time = fc.integer({ min: -(2 ** 40), max: 2 ** 41 });
  fc.assert(
    fc.property(time, fc.integer({ min: 1, max: 10_000 }), time, (anchor, periodMs, now) => {
      const tick = nextTick({ anchor, periodMs }, now);
      expect(Math.abs((tick - anchor) % periodMs)).toBe(0);
      expect(tick).toBeGreaterThan(now);
      expect(tick).toBeLessThanOrEqual(now + periodMs);
    }),
  );
});
