import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('work at one place is done in the order it came, failed or not, and elsewhere at once', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push(name);
      if (fails) throw new Error(name);
      return name;
    };
  const first = turns.take('a', work('1', true));
  const second = turns.take('a', work('2'));
  const other = turns.take('b', async () => done.push('elsewhere'));
  await expect(first).rejects.toThrow('1');
  expect(turns.isTaken('a')).toBe(true);
  expect(await second).toBe('2');
  await other;
  expect(done).toEqual(['elsewhere', '1', '2']);
  expect([turns.isTaken('a'), turns.isTaken('b')]).toEqual([false, false]);
});
