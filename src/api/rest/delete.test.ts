import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import { configMap, type Fixture, MAPS, PODS, podManifest, startApi } from './fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

describe('delete', () => {
  test('a Pod that no node has goes at once, and is answered', async () => {
    await f.post(PODS, podManifest('p'));
    expect(await f.remove(`${PODS}/p`)).toMatchObject({
      status: 200,
      json: { kind: 'Pod', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 } },
    });
    expect(await f.get(`${PODS}/p`)).toMatchObject({
      status: 404,
      json: { message: 'pods "p" not found', details: { name: 'p', kind: 'pods' } },
    });
  });

  const graces: [string, unknown, string, number][] = [
    ['its own', undefined, '2026-01-01T00:00:30Z', 30],
    ['the wished one', { gracePeriodSeconds: 5 }, '2026-01-01T00:00:05Z', 5],
    ['one second for a negative wish', { gracePeriodSeconds: -3 }, '2026-01-01T00:00:01Z', 1],
  ];
  test.each(graces)('a running Pod is marked and given %s', async (_, body, deletionTimestamp, seconds) => {
    await f.post(PODS, podManifest('p'));
    await f.bind('p');
    const { json } = await f.remove(`${PODS}/p`, body);
    expect(json).toMatchObject({ metadata: { deletionTimestamp, deletionGracePeriodSeconds: seconds, generation: 2 } });
    expect(await f.object(`${PODS}/p`)).toEqual(json);
  });

  test('a grace period is shortened, never lengthened, and 0 removes', async () => {
    await f.post(PODS, podManifest('p'));
    await f.bind('p');
    const grace = async (gracePeriodSeconds?: number) =>
      ((await f.remove(`${PODS}/p`, { gracePeriodSeconds })).json as KubeObject).metadata.deletionGracePeriodSeconds;
    expect([await grace(20), await grace(25), await grace(), await grace(10), await grace(0)]).toEqual([
      20, 20, 20, 10, 0,
    ]);
    expect((await f.get(`${PODS}/p`)).status).toBe(404);
  });

  test.each(['Succeeded', 'Failed'])('a Pod that is done (%s) goes at once', async (phase) => {
    await f.post(PODS, podManifest('p'));
    await f.bind('p', { phase });
    await f.remove(`${PODS}/p`);
    expect((await f.get(`${PODS}/p`)).status).toBe(404);
  });

  test('other kinds are answered with a Status that has the uid', async () => {
    const made = (await f.post(MAPS, configMap('m'))).json as KubeObject;
    expect((await f.remove(`${MAPS}/m`)).json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'm', kind: 'configmaps', uid: made.metadata.uid },
    });
  });

  test('finalizers hold the object until the last is gone', async () => {
    await f.post(MAPS, { ...configMap('m'), metadata: { name: 'm', finalizers: ['x.io/a', 'x.io/b'] } });
    expect(await f.remove(`${MAPS}/m`)).toMatchObject({
      status: 200,
      json: { kind: 'ConfigMap', metadata: { deletionGracePeriodSeconds: 0 } },
    });
    await f.merge(`${MAPS}/m`, { metadata: { finalizers: ['x.io/b'] } });
    expect((await f.get(`${MAPS}/m`)).status).toBe(200);
    await f.merge(`${MAPS}/m`, { metadata: { finalizers: null } });
    expect((await f.get(`${MAPS}/m`)).status).toBe(404);
  });

  test('a forced Pod with a finalizer stays, marked', async () => {
    await f.post(PODS, podManifest('p', { metadata: { name: 'p', finalizers: ['x.io/a'] } }));
    await f.bind('p');
    await f.remove(`${PODS}/p`, { gracePeriodSeconds: 0 });
    expect((await f.object(`${PODS}/p`)).metadata).toMatchObject({
      deletionGracePeriodSeconds: 0,
      finalizers: ['x.io/a'],
    });
  });

  const refusals: [string, string, unknown, number, string | RegExp][] = [
    ['what is not there', 'n', undefined, 404, 'configmaps "n" not found'],
    [
      'another uid',
      'm',
      { preconditions: { uid: 'x' } },
      409,
      /the UID in the precondition \(x\) does not match the UID in record/,
    ],
    [
      'another version',
      'm',
      { preconditions: { resourceVersion: '1' } },
      409,
      /the ResourceVersion in the precondition \(1\)/,
    ],
    [
      'an unknown propagation',
      'm',
      { propagationPolicy: 'Up' },
      422,
      /DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Up"/,
    ],
    ['options of another kind', 'm', { kind: 'Pod' }, 400, /cannot be converted to DeleteOptions/],
    ['options of a wrong type', 'm', { gracePeriodSeconds: 'x' }, 400, /cannot unmarshal string/],
    ['no JSON', 'm', '{', 400, /unexpected end of JSON input/],
    ['a grace period that is none', 'm?gracePeriodSeconds=x', undefined, 400, /invalid syntax/],
  ];
  test.each(refusals)('refuses %s', async (_, name, body, code, message) => {
    await f.post(MAPS, configMap('m'));
    const answer = await f.remove(`${MAPS}/${name}`, body);
    expect(answer.status).toBe(code);
    expect((answer.json as { message: string }).message).toMatch(message);
    expect((await f.get(`${MAPS}/m`)).status).toBe(200);
  });

  test('options may stand in the query, and dryRun changes nothing', async () => {
    await f.post(PODS, podManifest('p'));
    await f.bind('p');
    expect(await f.remove(`${PODS}/p?gracePeriodSeconds=3&dryRun=All`)).toMatchObject({
      json: { metadata: { deletionGracePeriodSeconds: 3 } },
    });
    expect((await f.object(`${PODS}/p`)).metadata.deletionTimestamp).toBeUndefined();
  });

  test('a collection is deleted by selector and answered as a list', async () => {
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ])
      await f.post(MAPS, { ...configMap(name!), metadata: { name, labels: { app } } });
    const { json } = await f.remove(`${MAPS}?labelSelector=app%3Dx`);
    expect((json as { items: unknown[] }).items).toHaveLength(2);
    expect(await f.names(MAPS)).toEqual(['c']);
  });
});
