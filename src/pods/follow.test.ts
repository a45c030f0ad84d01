import { expect, test } from 'vitest';
import { memoryStore } from '../store/memory-store.ts';
import { followCollection } from './follow.ts';

const PODS = { group: '', resource: 'pods' };

/** A store with Pods p1 to pN, each a change of its own. */
async function storeOf(pods: number, historyLength: number) {
  const store = memoryStore({ historyLength });
  const add = (name: string) => store.create({ ...PODS, namespace: 'd', name }, { metadata: { name, namespace: 'd' } });
  for (let i = 1; i <= pods; i++) await add(`p${i}`);
  return { store, add };
}

function follow({ store }: Awaited<ReturnType<typeof storeOf>>, since: number, told: string[] = []) {
  const control = new AbortController();
  const ended = followCollection(store, PODS, {
    since,
    signal: control.signal,
    onEvent: ({ type, object }) => void told.push(`${type} ${object.metadata.name}`),
    onList: (items) => void told.push(`list of ${items.length}`),
    onError: async (error) => void told.push(String(error)),
  });
  const end = () => {
    control.abort();
    return ended;
  };
  return { told, end };
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 20));

test('tells every change after the revision', async () => {
  const world = await storeOf(2, 100);
  const { told, end } = follow(world, world.store.revision - 1);
  await world.add('p3');
  await turns();
  await end();
  expect(told).toEqual(['ADDED p2', 'ADDED p3']);
});

test('when history does not reach back, it begins with a list and goes on from there', async () => {
  const world = await storeOf(10, 2);
  const { told, end } = follow(world, 1);
  await turns();
  await world.add('p11');
  await turns();
  await end();
  expect(told).toEqual(['list of 10', 'ADDED p11']);
});

test('a watch that fails otherwise is told, and begun again', async () => {
  const world = await storeOf(1, 100);
  const watch = world.store.watch.bind(world.store);
  let tries = 0;
  world.store.watch = (...args) => {
    tries += 1;
    if (tries === 1) throw new Error('odd');
    return watch(...args);
  };
  const { told, end } = follow(world, world.store.revision);
  await turns();
  await world.add('p2');
  await turns();
  await end();
  expect(told).toEqual(['Error: odd', 'list of 1', 'ADDED p2']);
});
