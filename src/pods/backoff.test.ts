import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BackOff, backOffUntil, KUBELET_BACKOFF, nextBackOff } from './backoff.ts';

/** Plays a thing that fails again and again, each time `runsMs` after it was started; tells how long each start waited. */
function waits(times: number, runsMs: number, rules = KUBELET_BACKOFF): number[] {
  const result: number[] = [];
  let memory: BackOff | undefined;
  let now = 0;
  for (let i = 0; i < times; i++) {
    const failedAt = now + runsMs;
    const until = backOffUntil(memory, failedAt, failedAt, rules) ?? failedAt;
    result.push((until - failedAt) / 1000);
    memory = nextBackOff(memory, failedAt, until, rules);
    now = until;
  }
  return result;
}

test('the first failure waits for nothing, then 10 s, doubled up to five minutes', () => {
  expect(waits(9, 1)).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300]);
});

test('ten minutes without a failure make it forget', () => {
  expect(waits(4, 600_001)).toEqual([0, 0, 0, 0]);
  expect(waits(4, 600_000)).toEqual([0, 10, 20, 40]);
});

test('a clock that was set back makes nobody wait for it to catch up', () => {
  const memory: BackOff = { delayMs: 300_000, since: 3_600_000 };
  expect(backOffUntil(memory, 3_600_000, 0)).toBeUndefined();
  expect(backOffUntil(memory, 500, 0)).toBe(300_500);
});

test('other rules', () => {
  expect(waits(6, 1, { initialMs: 1000, maxMs: 5000 })).toEqual([0, 1, 2, 4, 5, 5]);
});

describe('laws', () => {
  const rules = fc.record({
    initialMs: fc.integer({ min: 1, max: 20_000 }),
    maxMs: fc.integer({ min: 20_000, max: 400_000 }),
  });

  test('a wait is never longer than the maximum, and never in the past', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 20 }), rules, (runs, r) => {
        let memory: BackOff | undefined;
        let now = 0;
        for (const run of runs) {
          const failedAt = now + run;
          const until = backOffUntil(memory, failedAt, failedAt, r);
          if (until !== undefined) expect(until - failedAt).toBeGreaterThan(0);
          expect((until ?? failedAt) - failedAt).toBeLessThanOrEqual(r.maxMs);
          now = until ?? failedAt;
          memory = nextBackOff(memory, failedAt, now, r);
        }
      }),
    );
  });
});
