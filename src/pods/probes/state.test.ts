import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterProbe,
  initialState,
  type ProbeKind,
  type ProbeResult,
  type ProbeState,
  type Thresholds,
} from './state.ts';

const RESULTS: Record<string, ProbeResult> = { S: 'success', F: 'failure', E: 'error' };

/** The verdict after each of the results: S success, F failure, E error; `!` where the probe is held from then on. */
function verdicts(kind: ProbeKind, results: string, thresholds: Thresholds = {}): string {
  const seen = [initialState(kind)];
  for (const letter of results)
    seen.push(afterProbe(seen.at(-1) as ProbeState, RESULTS[letter] as ProbeResult, { ...thresholds, kind }));
  return seen.map(({ verdict, isOnHold }) => verdict.charAt(0) + (isOnHold ? '!' : '')).join(' ');
}

describe('the verdict of a probe (s success, f failure, u unknown), first without a result and then after each', () => {
  const once = { failureThreshold: 1 };
  test.each<[string, ProbeKind, string, Thresholds, string]>([
    ['a container is alive until it fails', 'liveness', '', {}, 's'],
    ['not ready until it succeeds', 'readiness', '', {}, 'f'],
    ['and has not started until it succeeds', 'startup', '', {}, 'u'],
    ['three failures in a row kill, if nothing else is said', 'liveness', 'FFF', {}, 's s s f!'],
    ['a success in between begins the count anew', 'liveness', 'FFSFFF', {}, 's s s s s s f!'],
    ['one failure kills where one is enough', 'liveness', 'F', once, 's f!'],
    ['who is to be killed is asked no more', 'liveness', 'FS', once, 's f! f!'],
    ['an error says nothing and does not begin the count anew', 'liveness', 'FFEEF', {}, 's s s s s f!'],
    ['one success is enough for readiness', 'readiness', 'S', {}, 'f s'],
    ['unless more are asked for', 'readiness', 'SSFSSS', { successThreshold: 3 }, 'f f f f f f s'],
    ['a ready container stays ready for two failures', 'readiness', 'SFFF', {}, 'f s s s f'],
    ['and is ready again by itself', 'readiness', 'SFS', once, 'f s f s'],
    ['errors make nobody ready', 'readiness', 'EEEE', {}, 'f f f f f'],
    ['a success starts', 'startup', 'FFS', {}, 'u u u s'],
    ['failures in a row kill', 'startup', 'FF', { failureThreshold: 2 }, 'u u f!'],
  ])('%s', (_, kind, results, thresholds, expected) => {
    expect(verdicts(kind, results, thresholds)).toBe(expected);
  });
});

test('the verdict is always that of the last run of equal results that was long enough, or the first one', () => {
  const result = fc.constantFrom<ProbeResult>('success', 'failure');
  const threshold = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(
      fc.array(result, { maxLength: 30 }),
      threshold,
      threshold,
      (results, failureThreshold, successThreshold) => {
        let state = initialState('readiness');
        for (const one of results)
          state = afterProbe(state, one, { kind: 'readiness', failureThreshold, successThreshold });
        expect(state.verdict).toBe(
          longestRun(results, { success: successThreshold, failure: failureThreshold }) ?? 'failure',
        );
      },
    ),
  );
});

function longestRun(results: ProbeResult[], thresholds: { success: number; failure: number }): ProbeResult | undefined {
  for (let end = results.length; end > 0; end--) {
    const last = results[end - 1] as 'success' | 'failure';
    const row = results.slice(Math.max(0, end - thresholds[last]), end);
    if (row.length === thresholds[last] && row.every((one) => one === last)) return last;
  }
  return undefined;
}
