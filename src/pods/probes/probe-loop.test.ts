import { expect, test, vi } from 'vitest';
import type { Clock } from '../clock.ts';
import { ProbeLoop } from './probe-loop.ts';

test('a probe whose timers are early is asked once a period all the same', async () => {
  const begun: number[] = [];
  let now = 0;
  let due: (() => void) | undefined;
  const clock: Clock = {
    now: () => now,
    setTimeout: (fire, ms) => {
      // Each timer is three milliseconds early by the wall clock.
      due = () => {
        now += Math.max(0, ms - 3);
        fire();
      };
    },
    clearTimeout: () => {},
  };
  const loop = new ProbeLoop({
    kind: 'liveness',
    probe: { periodSeconds: 1, failureThreshold: 3, successThreshold: 1 },
    clock,
    anchor: 0,
    startedAt: 0,
    ask: async () => {
      begun.push(now);
      return 'success';
    },
    changed: vi.fn(),
  });
  loop.begin();
  for (let i = 0; i < 4; i++) {
    due?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  loop.stop();
  expect(begun).toEqual([997, 1997, 2997, 3997]);
});
