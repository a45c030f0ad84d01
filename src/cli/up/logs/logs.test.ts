import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContainerStatus } from '../../../kube/generated/objects.ts';
import { LineSplitter } from './line-splitter.ts';
import { LogWindow, timedLine } from './log-window.ts';
import { hasEnded, isStill, nextRun } from './next-run.ts';

const text = (lines: readonly Buffer[]): string[] => lines.map(String);

describe('cutting bytes into lines', () => {
  test('however the bytes come, the lines are the same', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
        const splitter = new LineSplitter();
        const lines = [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.flush()];
        const whole = Buffer.concat(chunks).toString('latin1').split('\n');
        if (whole.at(-1) === '') whole.pop();
        expect(lines.map((line) => line.toString('latin1'))).toEqual(whole);
      }),
    );
  });

  test('a line without end is given at the end, an endless one in parts', () => {
    const splitter = new LineSplitter();
    expect(text(splitter.push(Buffer.from('a\nb')))).toEqual(['a']);
    expect(text(splitter.flush())).toEqual(['b']);
    const parts = splitter.push(Buffer.alloc(200_000, 'x'));
    expect([...parts, ...splitter.flush()].map(({ length }) => length)).toEqual([65536, 65536, 65536, 3392]);
  });
});

describe('taking a log up again', () => {
  const at = (second: number, fraction = '000000000') =>
    `2026-11-24T00:00:${String(second).padStart(2, '0')}.${fraction}Z`;
  const read = (window: LogWindow, lines: [string, string][]): string[] => {
    window.begin();
    return lines.filter(([time, t]) => window.isNew({ time, text: Buffer.from(t) })).map(([, t]) => t);
  };

  test('the time stands before each line', () => {
    expect(timedLine(Buffer.from('2026-11-24T00:00:01.5Z a b'))).toEqual({
      time: '2026-11-24T00:00:01.5Z',
      text: Buffer.from('a b'),
    });
    expect(timedLine(Buffer.from('2026-11-24T00:00:01+01:00 '))?.text).toEqual(Buffer.from(''));
    expect(timedLine(Buffer.from('no time here'))).toBeUndefined();
  });

  test('it is asked for from a little before the last line', () => {
    const window = new LogWindow();
    expect(window.begin()).toBeUndefined();
    window.isNew({ time: at(30), text: Buffer.alloc(0) });
    expect(window.begin()).toBe('2026-11-24T00:00:25Z');
  });

  test('what was read before is not read again, equal lines of one moment included', () => {
    const window = new LogWindow();
    expect(
      read(window, [
        [at(1), 'a'],
        [at(1), 'a'],
        [at(2), 'b'],
      ]),
    ).toEqual(['a', 'a', 'b']);
    expect(
      read(window, [
        [at(1), 'a'],
        [at(1), 'a'],
        [at(2), 'b'],
        [at(2), 'b'],
        [at(3), 'c'],
      ]),
    ).toEqual(['b', 'c']);
  });

  test('a line that began before others and ended after them is not lost', () => {
    const window = new LogWindow();
    expect(
      read(window, [
        [at(2), 'short'],
        [at(1), 'long'],
      ]),
    ).toEqual(['short', 'long']);
    expect(
      read(window, [
        [at(2), 'short'],
        [at(1), 'long'],
        [at(1, '5'), 'late'],
      ]),
    ).toEqual(['late']);
  });

  test('no line is lost or doubled wherever the connection breaks', () => {
    const lines = fc
      .array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 })
      .map((times) => times.sort().map((time, i): [string, string] => [at(20 + time), `line ${i}`]));
    fc.assert(
      fc.property(lines, fc.array(fc.nat(30), { maxLength: 5 }), (all, breaks) => {
        const window = new LogWindow();
        const given: string[] = [];
        for (const end of [...breaks, all.length]) {
          const since = window.begin() ?? '';
          for (const [time, t] of all.slice(0, end))
            if (time >= since && window.isNew({ time, text: Buffer.alloc(0) })) given.push(t);
        }
        expect(given).toHaveLength(all.length);
      }),
    );
  });

  test('memory is bounded, and what is forgotten is not read again', () => {
    const window = new LogWindow();
    const many = Array.from({ length: 50_000 }, (_, i): [string, string] => [at(10, String(i).padStart(9, '0')), 'x']);
    expect(read(window, many)).toHaveLength(50_000);
    expect(read(window, many)).toHaveLength(0);
  });
});

describe('which run of a container is read next', () => {
  const status = (more: Partial<ContainerStatus>): ContainerStatus => ({
    name: 'app',
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    ...more,
  });
  const ended = (containerID: string) => ({ terminated: { containerID, exitCode: 1 } });
  const first = status({ containerID: 'a', state: { running: {} } });
  const second = status({ containerID: 'b', state: { running: {} }, lastState: ended('a') });
  const between = status({
    containerID: 'a',
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: ended('a'),
  });
  const over = status({ containerID: 'b', state: ended('b'), lastState: ended('a') });

  test.each([
    { when: 'nothing has run', status: status({ state: { waiting: {} } }), read: [], next: undefined },
    { when: 'there is no status yet', status: undefined, read: [], next: undefined },
    { when: 'the first runs', status: first, read: [], next: { id: 'a', previous: false } },
    { when: 'the first has been read', status: first, read: ['a'], next: undefined },
    { when: 'it has ended and waits', status: between, read: [], next: { id: 'a', previous: true } },
    { when: 'the second runs, the first unread', status: second, read: [], next: { id: 'a', previous: true } },
    { when: 'the second runs', status: second, read: ['a'], next: { id: 'b', previous: false } },
    { when: 'all is over', status: over, read: ['a'], next: { id: 'b', previous: false } },
    { when: 'all is over and read', status: over, read: ['a', 'b'], next: undefined },
  ])('$when', ({ status: one, read, next }) => {
    expect(nextRun(one, new Set(read))).toEqual(next);
  });

  test('an answer is about a run only while the status still says so', () => {
    expect(isStill({ id: 'a', previous: false }, first)).toBe(true);
    expect(isStill({ id: 'a', previous: false }, second)).toBe(false);
    expect(isStill({ id: 'a', previous: true }, second)).toBe(true);
    expect(hasEnded({ id: 'a', previous: false }, first)).toBe(false);
    expect(hasEnded({ id: 'a', previous: false }, second)).toBe(true);
    expect(hasEnded({ id: 'b', previous: false }, over)).toBe(true);
  });
});
