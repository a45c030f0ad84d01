import { beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../../kube/generated/objects.ts';
import { needsRenewal, PodTokens, type TokenWish } from './pod-tokens.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-01-01T00:00:00Z');

describe('a token is renewed', () => {
  const CASES: [string, { life: number; age: number; random?: number }, boolean][] = [
    ['not at once', { life: HOUR, age: 0 }, false],
    ['not at 80 % of its life', { life: HOUR, age: 48 * MINUTE }, false],
    ['after 80 % of its life', { life: HOUR, age: 48 * MINUTE + 1 }, true],
    ['not nine seconds before that', { life: HOUR, age: 48 * MINUTE - 9_000, random: 0.9 }, false],
    ['nine seconds before that, by chance', { life: HOUR, age: 48 * MINUTE - 8_999, random: 0.9 }, true],
    ['never more than ten seconds earlier', { life: HOUR, age: 48 * MINUTE - 10_000, random: 0.999 }, false],
    ['the shortest, after eight minutes', { life: 10 * MINUTE, age: 8 * MINUTE + 1 }, true],
    ['one of a year, not within a day', { life: 365 * 24 * HOUR, age: 24 * HOUR }, false],
    ['one of a year, after a day', { life: 365 * 24 * HOUR, age: 24 * HOUR + 1 }, true],
    ['one of thirty hours, after 80 %', { life: 30 * HOUR, age: 24 * HOUR + 1 }, true],
    ['past its end', { life: HOUR, age: 2 * HOUR }, true],
    ['not when the clock was set back', { life: HOUR, age: -HOUR }, false],
  ];
  test.each(CASES)('%s', (_, { life, age, random = 0 }, expected) => {
    const token = { expiresAt: START + life, expirationSeconds: life / 1000 };
    expect(needsRenewal(token, START + age, random)).toBe(expected);
  });
});

describe('tokens of pods', () => {
  const pod = (uid: string, serviceAccountName = 'default'): Pod => ({
    metadata: { name: 'p', namespace: 'shop', uid },
    spec: { serviceAccountName, containers: [] },
  });
  let now: number;
  let asked: TokenWish[];
  let refusal: string | undefined;
  let tokens: PodTokens;

  beforeEach(() => {
    now = START;
    asked = [];
    refusal = undefined;
    tokens = new PodTokens({
      now: () => now,
      random: () => 0,
      request: (_, wish) => {
        if (refusal) throw new Error(refusal);
        asked.push(wish);
        return { token: `token-${asked.length}`, expiresAt: now + wish.expirationSeconds * 1000 };
      },
    });
  });

  test('one is asked for once, and again when it is time', () => {
    const [a, b] = [pod('a'), pod('b')];
    const api = (of: Pod) => tokens.token(of, undefined, 3600);
    expect([api(a), api(a), api(b), tokens.token(a, 'vault', 600), api(pod('a', 'other'))]).toEqual([
      'token-1',
      'token-1',
      'token-2',
      'token-3',
      'token-4',
    ]);
    now += 49 * MINUTE;
    expect([api(a), api(a)]).toEqual(['token-5', 'token-5']);
    expect(asked[2]).toEqual({ audience: 'vault', expirationSeconds: 600 });
  });

  test('one that cannot be renewed is kept to its end', () => {
    tokens.token(pod('a'), undefined, 3600);
    refusal = 'serviceaccounts "default" not found';
    now += 59 * MINUTE;
    expect(tokens.token(pod('a'), undefined, 3600)).toBe('token-1');
    now += MINUTE;
    expect(() => tokens.token(pod('a'), undefined, 3600)).toThrow(`token expired and refresh failed: ${refusal}`);
    expect(() => tokens.token(pod('b'), undefined, 3600)).toThrow(`failed to fetch token: ${refusal}`);
  });

  test('those of a pod that is gone are forgotten', () => {
    tokens.token(pod('a'), undefined, 3600);
    tokens.token(pod('b'), undefined, 3600);
    tokens.forget('a');
    expect([tokens.token(pod('a'), undefined, 3600), tokens.token(pod('b'), undefined, 3600)]).toEqual([
      'token-3',
      'token-2',
    ]);
  });
});
