import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Supervised, Supervisor } from './supervise.ts';

const log = pino({ level: 'silent' });

/** A child that is none: it ends when the test says so. */
function fakeChild(pid: number): Supervised & { end(): void } {
  const child = Object.assign(new EventEmitter(), { pid, exitCode: null, signalCode: null });
  return {
    id: { pid, startTime: '1' },
    child: child as unknown as ChildProcess,
    end: () => child.emit('exit', 1, null),
  };
}

describe('a process that is kept running', () => {
  let starts: number[];
  let current: ReturnType<typeof fakeChild>;
  let broken: boolean;
  let supervisor: Supervisor;

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    starts = [];
    broken = false;
    const start = async () => {
      starts.push(Date.now());
      if (broken) throw new Error('it does not start');
      current = fakeChild(100 + starts.length);
      return current;
    };
    supervisor = new Supervisor({ log, start });
    current = fakeChild(100);
    supervisor.watch(current);
  });
  afterEach(() => void vi.useRealTimers());

  it('is started again when it ends', async () => {
    expect(supervisor.pid).toBe(100);
    current.end();
    expect(supervisor.pid).toBeUndefined();
    await vi.advanceTimersByTimeAsync(100);
    expect({ pid: supervisor.pid, restarts: supervisor.restarts, starts }).toEqual({
      pid: 101,
      restarts: 1,
      starts: [100],
    });
  });

  it('is tried again ever more seldom, at last every ten seconds', async () => {
    broken = true;
    current.end();
    await vi.advanceTimersByTimeAsync(42_700);
    expect(starts).toEqual([100, 300, 700, 1500, 3100, 6300, 12_700, 22_700, 32_700, 42_700]);
  });

  it('is started at once again after it stayed up for half a minute, and later when it did not', async () => {
    current.end();
    await vi.advanceTimersByTimeAsync(100);
    current.end();
    await vi.advanceTimersByTimeAsync(200);
    expect(starts).toEqual([100, 300]);
    await vi.advanceTimersByTimeAsync(31_000);
    current.end();
    await vi.advanceTimersByTimeAsync(100);
    expect(starts).toEqual([100, 300, 31_400]);
  });

  it.each(['stop', 'release'] as const)('is left alone after %s', async (way) => {
    current.end();
    await supervisor[way](10);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(starts).toEqual([]);
  });
});
