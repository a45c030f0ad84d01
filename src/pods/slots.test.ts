import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

/** Tasks that end when the test says so. */
function tasks() {
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    log.push(`${name} ends`);
    return name;
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { log, task, end };
}

test('at most so many at a time, first come first served', async () => {
  const { log, task, end } = tasks();
  const slots = new Slots(2);
  const all = ['a', 'b', 'c', 'd'].map((name) => slots.run(task(name)));
  await end('');
  expect(log).toEqual(['a begins', 'b begins']);
  await end('b');
  await end('a');
  await end('c');
  await end('d');
  expect(log).toEqual(['a begins', 'b begins', 'b ends', 'c begins', 'a ends', 'd begins', 'c ends', 'd ends']);
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('one at a time with the same key; others go past', async () => {
  const { log, task, end } = tasks();
  const slots = new Slots(2);
  void slots.run(task('a1'), { key: 'a' });
  void slots.run(task('a2'), { key: 'a' });
  void slots.run(task('b1'), { key: 'b' });
  await end('');
  expect(log).toEqual(['a1 begins', 'b1 begins']);
  await end('a1');
  expect(log.slice(2)).toEqual(['a1 ends', 'a2 begins']);
});

test('who gives up leaves the queue', async () => {
  const { log, task, end } = tasks();
  const slots = new Slots(1);
  const control = new AbortController();
  void slots.run(task('a'));
  const given = slots.run(task('b'), { signal: control.signal });
  const last = slots.run(task('c'));
  control.abort(new Error('no more'));
  await expect(given).rejects.toThrow('no more');
  await end('a');
  await end('c');
  expect(await last).toBe('c');
  expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
});

test('an aborted signal does not even queue', async () => {
  const { log, task } = tasks();
  await expect(new Slots(1).run(task('a'), { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  expect(log).toEqual([]);
});

test('a task that fails frees its slot', async () => {
  const slots = new Slots(1);
  await expect(slots.run(() => Promise.reject(new Error('oh')), { key: 'k' })).rejects.toThrow('oh');
  expect(await slots.run(async () => 1, { key: 'k' })).toBe(1);
});
