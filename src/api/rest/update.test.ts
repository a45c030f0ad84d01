import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import { configMap, type Fixture, type Json, MAPS, PODS, podManifest, startApi } from './fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

describe('update', () => {
  test('replaces the object, keeps what is the server’s, and counts generations of the spec', async () => {
    await f.post(PODS, podManifest('p'));
    const before = await f.object(`${PODS}/p`);
    const change = structuredClone(before) as KubeObject & { spec: { containers: { image: string }[] } };
    change.spec.containers[0]!.image = 'nginx:2';
    change.metadata.labels = { a: 'b' };
    change.metadata.creationTimestamp = '2000-01-01T00:00:00Z';
    change.status = { phase: 'Failed' };
    const { status, json } = await f.ask('PUT', `${PODS}/p`, { body: change });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      metadata: {
        labels: { a: 'b' },
        generation: 2,
        uid: before.metadata.uid,
        creationTimestamp: before.metadata.creationTimestamp,
      },
      spec: { containers: [{ image: 'nginx:2' }] },
      status: { phase: 'Pending' },
    });
    expect(Number((json as KubeObject).metadata.resourceVersion)).toBeGreaterThan(
      Number(before.metadata.resourceVersion),
    );
  });

  test('a change of nothing is not written', async () => {
    await f.post(MAPS, configMap('m', { data: { a: '1' } }));
    const before = await f.object(`${MAPS}/m`);
    expect((await f.ask('PUT', `${MAPS}/m`, { body: configMap('m', { data: { a: '1' } }) })).json).toEqual(before);
  });

  const refusals: [string, (m: KubeObject) => unknown, number, string | RegExp][] = [
    [
      'an old version',
      (m) => ({ ...m, metadata: { ...m.metadata, resourceVersion: '1' } }),
      409,
      'Operation cannot be fulfilled on configmaps "m": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'a version that is none',
      (m) => ({ ...m, metadata: { ...m.metadata, resourceVersion: 'x' } }),
      400,
      /resourceVersion: Invalid value: "x"/,
    ],
    [
      'another uid',
      (m) => ({ ...m, metadata: { ...m.metadata, uid: 'x' } }),
      409,
      /Precondition failed: UID in precondition: x/,
    ],
    [
      'another name',
      (m) => ({ ...m, metadata: { name: 'n' } }),
      400,
      'the name of the object (n) does not match the name on the URL (m)',
    ],
  ];
  test.each(refusals)('refuses %s', async (_, change, code, message) => {
    await f.post(MAPS, configMap('m'));
    const answer = await f.ask('PUT', `${MAPS}/m`, { body: change(await f.object(`${MAPS}/m`)) });
    expect(answer.status).toBe(code);
    expect((answer.json as { message: string }).message).toMatch(message);
  });

  test('an absent object is 404, and a lease is made', async () => {
    expect(await f.ask('PUT', `${MAPS}/m`, { body: configMap('m') })).toMatchObject({
      status: 404,
      json: { message: 'configmaps "m" not found' },
    });
    const lease = { metadata: { name: 'l' }, spec: { holderIdentity: 'me' } };
    const url = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l';
    expect((await f.ask('PUT', url, { body: lease })).status).toBe(201);
    expect(await f.ask('PUT', url, { body: lease })).toMatchObject({
      status: 422,
      json: {
        message:
          'Lease.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      },
    });
  });

  test('status is changed through its own path, and nothing else there but metadata', async () => {
    await f.post(PODS, podManifest('p'));
    const body = { status: { phase: 'Running' }, spec: { nodeName: 'x' }, metadata: { labels: { a: 'b' } } };
    const { json } = await f.merge(`${PODS}/p/status`, body);
    expect(json).toMatchObject({ status: { phase: 'Running' }, metadata: { labels: { a: 'b' }, generation: 1 } });
    expect((json as { spec: Json }).spec).not.toHaveProperty('nodeName');
  });

  test('fifty writers lose no update', async () => {
    await f.post(MAPS, configMap('m'));
    const writes = Array.from({ length: 50 }, (_, i) => f.merge(`${MAPS}/m`, { data: { [`k${i}`]: 'x' } }));
    expect(new Set((await Promise.all(writes)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(Object.keys((await f.object(`${MAPS}/m`)).data as Json)).toHaveLength(50);
  });
});
