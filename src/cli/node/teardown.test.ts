import pino from 'pino';
import { expect, test } from 'vitest';
import { allDone } from './all-done.ts';
import { Teardown } from './teardown.ts';

const silent = pino({ level: 'silent' });

test('steps are undone last first, once, and one that fails does not keep the others', async () => {
  const done: string[] = [];
  const teardown = new Teardown(silent);
  teardown.add('a', () => done.push('a'));
  teardown.add('b', async () => {
    throw new Error('no');
  });
  teardown.add('c', async () => done.push('c'));
  const [first, second] = await Promise.all([teardown.run(), teardown.run()]);
  expect({ done, first, second }).toEqual({ done: ['c', 'a'], first: false, second: false });
  expect(await new Teardown(silent).run()).toBe(true);
});

test('allDone waits for all before it tells the first failure', async () => {
  let ended = false;
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => {
    ended = true;
  });
  await expect(allDone([Promise.reject(new Error('early')), slow])).rejects.toThrow('early');
  expect(ended).toBe(true);
  expect(await allDone([1, Promise.resolve('x')])).toEqual([1, 'x']);
});
