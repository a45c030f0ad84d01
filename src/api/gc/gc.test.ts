import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import type { KubeObject } from '../../kube/object.ts';
import { configMap, type Fixture, type Json, MAPS, PODS, podManifest, startApi } from '../rest/fixture.ts';
import { finalizersUnder, judge, type OwnerState } from './judge.ts';

describe('judge', () => {
  const object = (states: OwnerState[], more: object = {}): KubeObject => ({
    metadata: {
      ownerReferences: states.map((name, i) => ({ kind: 'Pod', apiVersion: 'v1', name, uid: `${i}` })),
      ...more,
    },
  });
  test.each<[string, OwnerState[], object, boolean, unknown]>([
    ['no owners', [], {}, false, { action: 'keep' }],
    ['an owner that is there', ['there'], {}, false, { action: 'keep' }],
    ['an owner that is gone', ['gone'], {}, false, { action: 'delete', policy: 'Background' }],
    [
      'an owner that is gone, and finalizers',
      ['gone'],
      { finalizers: ['orphan'] },
      true,
      { action: 'delete', policy: 'Orphan' },
    ],
    ['the same', ['gone'], { finalizers: ['foregroundDeletion'] }, true, { action: 'delete', policy: 'Foreground' }],
    ['one of two gone', ['there', 'gone'], {}, false, { action: 'release', uids: ['1'] }],
    ['one of two waiting', ['waiting', 'there'], {}, true, { action: 'release', uids: ['0'] }],
    ['an owner that waits', ['waiting'], {}, false, { action: 'delete', policy: 'Background' }],
    [
      'an owner that waits, and objects of its own',
      ['waiting', 'gone'],
      {},
      true,
      { action: 'delete', policy: 'Foreground' },
    ],
    ['being deleted', ['gone'], { deletionTimestamp: '2026-01-01T00:00:00Z' }, false, { action: 'keep' }],
  ])('%s', (_, states, more, owns, verdict) => {
    expect(judge(object(states, more), ({ name }) => name as OwnerState, owns)).toEqual(verdict);
  });

  test.each<[string | undefined, string[], string[]]>([
    [undefined, ['orphan', 'x'], ['orphan', 'x']],
    ['Background', ['orphan', 'x', 'foregroundDeletion'], ['x']],
    ['Foreground', ['orphan', 'x'], ['x', 'foregroundDeletion']],
    ['Orphan', ['x', 'foregroundDeletion'], ['x', 'orphan']],
  ])('finalizers under %s', (policy, before, after) => {
    expect(finalizersUnder(policy, before)).toEqual(after);
  });
});

describe('the collector', () => {
  let f: Fixture;

  beforeEach(async () => {
    f = await startApi();
  });
  afterEach(() => f.api.stop());

  test('ends with its store, which may be closed first', async () => {
    await f.store.close();
    // A collector that began again would fail on the closed store, as an unhandled rejection, after its pause of a second.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
  });

  const maps = async (): Promise<string[]> => (await f.names(MAPS)).filter((name) => name !== 'kube-root-ca.crt');
  const become = (names: string[]) => eventually(async () => expect(await maps()).toEqual(names));
  const owner = async (name: string, more: Json = {}): Promise<Json> => {
    const { metadata } = await f.object(`${MAPS}/${name}`);
    return { kind: 'ConfigMap', apiVersion: 'v1', name, uid: metadata.uid, ...more };
  };
  const make = async (name: string, owners: Json[] = [], metadata: Json = {}): Promise<void> => {
    const object = configMap(name, { metadata: { name, ownerReferences: owners, ...metadata } });
    expect((await f.post(MAPS, object)).status).toBe(201);
  };

  test('what is owned goes with its owner, and what that owns', async () => {
    await make('a');
    await make('b', [await owner('a')]);
    await make('c', [await owner('b')]);
    await make('other');
    await f.remove(`${MAPS}/a`);
    await become(['other']);
  });

  test('an owner of another uid, or that never was, is none', async () => {
    await make('a');
    await make('b', [{ ...(await owner('a')), uid: 'another' }]);
    await become(['a']);
  });

  test('nothing goes on account of kinds that are not served', async () => {
    await make('a');
    await make('b', [{ kind: 'ReplicaSet', apiVersion: 'apps/v1', name: 'x', uid: 'x' }]);
    await make('c', [await owner('a')]);
    await f.remove(`${MAPS}/a`);
    await become(['b']);
  });

  test('one of two owners is enough; the other is forgotten', async () => {
    await make('a');
    await make('b');
    await make('c', [await owner('a'), await owner('b')]);
    await f.remove(`${MAPS}/a`);
    const left = [await owner('b')];
    await eventually(async () => expect((await f.object(`${MAPS}/c`)).metadata.ownerReferences).toEqual(left));
  });

  test('orphans stay', async () => {
    await make('a');
    await make('b', [await owner('a')]);
    await f.remove(`${MAPS}/a`, { propagationPolicy: 'Orphan' });
    await become(['b']);
    expect((await f.object(`${MAPS}/b`)).metadata).not.toHaveProperty('ownerReferences');
  });

  test('in the foreground the owner waits for those that block it', async () => {
    await make('a');
    await make('b', [await owner('a', { blockOwnerDeletion: true })], { finalizers: ['x.example/held'] });
    await make('c', [await owner('a', { blockOwnerDeletion: true })]);
    const answer = await f.remove(`${MAPS}/a`, { propagationPolicy: 'Foreground' });
    expect(answer.json).toMatchObject({ metadata: { name: 'a', finalizers: ['foregroundDeletion'] } });
    await become(['a', 'b']);
    expect((await f.object(`${MAPS}/b`)).metadata.deletionTimestamp).toBeDefined();
    await f.merge(`${MAPS}/b`, { metadata: { finalizers: null } });
    await become([]);
  });

  test('in the foreground an owner of nothing goes at once', async () => {
    await make('a');
    await f.remove(`${MAPS}/a`, { propagationPolicy: 'Foreground' });
    await become([]);
  });

  test('a Pod gets its grace period', async () => {
    await make('a');
    await f.post(PODS, { ...podManifest('p'), metadata: { name: 'p', ownerReferences: [await owner('a')] } });
    await f.bind('p');
    await f.remove(`${MAPS}/a`);
    await eventually(async () =>
      expect((await f.object(`${PODS}/p`)).metadata).toMatchObject({ deletionGracePeriodSeconds: 30 }),
    );
  });

  test('what happened while nobody looked is found at the start', async () => {
    await make('a');
    await make('b', [await owner('a')]);
    f.api.stop();
    await f.store.delete({ group: '', resource: 'configmaps', namespace: 'default', name: 'a' });
    expect(await maps()).toEqual(['b']);
    f = await startApi({ store: f.store });
    await become([]);
  });
});
