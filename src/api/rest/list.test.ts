import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import { configMap, type Fixture, type Json, MAPS, NOW, startApi } from './fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

describe('get and list', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await f.post(MAPS, { ...configMap(name), metadata: { name, labels: { name } } });
  });

  test('a list has no kinds in its items, and the version at which it is true', async () => {
    const { json } = await f.get(MAPS);
    expect(json).toMatchObject({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(f.store.revision) },
    });
    expect((json as { items: Json[] }).items[0]).not.toHaveProperty('kind');
  });

  test('an absent namespace lists empty', async () => {
    expect(await f.get('/api/v1/namespaces/nope/pods')).toMatchObject({ status: 200, json: { items: [] } });
  });

  const selections: [string, string[]][] = [
    ['?labelSelector=name%20in%20(a,b)', ['a', 'b']],
    ['?labelSelector=name!%3Da,name!%3Db', ['c', 'd', 'e']],
    ['?labelSelector=!name', []],
    ['?fieldSelector=metadata.name%3Dc', ['c']],
    ['?fieldSelector=metadata.name!%3Dc,metadata.namespace%3Ddefault', ['a', 'b', 'd', 'e']],
    ['?fieldSelector=metadata.namespace%3Dx', []],
  ];
  test.each(selections)('%s', async (query, expected) => {
    expect(await f.names(MAPS + query)).toEqual(expected);
    expect(await f.names(`/api/v1/configmaps${query}`)).toEqual(expected);
  });

  test('pages agree with each other whatever happens between them', async () => {
    type Page = {
      items: KubeObject[];
      metadata: { continue: string; remainingItemCount?: number; resourceVersion: string };
    };
    const first = (await f.get(`${MAPS}?limit=2`)).json as Page;
    expect(first.metadata.remainingItemCount).toBe(3);
    await f.remove(`${MAPS}/c`);
    await f.post(MAPS, configMap('bb'));
    const second = (await f.get(`${MAPS}?limit=2&continue=${first.metadata.continue}`)).json as Page;
    const third = (await f.get(`${MAPS}?limit=2&continue=${second.metadata.continue}`)).json as Page;
    const shown = [first, second, third].flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
    expect(shown).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(third.metadata.continue).toBeUndefined();
  });

  test('a page of a list that is forgotten is 410 with a token for going on', async () => {
    let now = NOW;
    f = await startApi({ now: () => now });
    for (const name of ['a', 'b', 'c']) await f.post(MAPS, configMap(name));
    const first = (await f.get(`${MAPS}?limit=1`)).json as { metadata: { continue: string } };
    await f.post(MAPS, configMap('ab'));
    now = new Date(NOW.getTime() + 10 * 60_000);
    const gone = await f.get(`${MAPS}?limit=1&continue=${first.metadata.continue}`);
    expect(gone).toMatchObject({ status: 410, json: { reason: 'Expired' } });
    const token = (gone.json as { metadata: { continue: string } }).metadata.continue;
    expect(await f.names(`${MAPS}?continue=${token}`)).toEqual(['ab', 'b', 'c']);
  });

  const refusals: [string, string, number, string | RegExp][] = [
    [
      'a field that cannot be selected by',
      '?fieldSelector=data.x%3D1',
      400,
      '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['a selector that cannot be read', '?labelSelector=a%20b', 400, /unable to parse requirement/],
    ['a continue that is none', '?continue=x', 400, /continue key is not valid/],
    ['a limit that is none', '?limit=x', 400, /invalid syntax/],
    ['a version that is none', '?resourceVersion=x', 400, /resourceVersion: Invalid value: "x"/],
    [
      'a version to come',
      '?resourceVersion=999999',
      504,
      /^Timeout: Too large resource version: 999999, current: \d+$/,
    ],
    [
      'an old version, exactly',
      '?resourceVersion=1&resourceVersionMatch=Exact',
      410,
      'The resourceVersion for the provided list is too old.',
    ],
    [
      'a match without version',
      '?resourceVersionMatch=Exact',
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      'an unknown match',
      '?resourceVersion=1&resourceVersionMatch=Some',
      422,
      /supported values: "Exact", "NotOlderThan", ""/,
    ],
    ['initial events of a list', '?sendInitialEvents=true', 422, /sendInitialEvents is forbidden for list/],
  ];
  test.each(refusals)('refuses %s', async (_, query, code, message) => {
    const answer = await f.get(MAPS + query);
    expect(answer.status).toBe(code);
    expect((answer.json as { message: string }).message).toMatch(message);
  });

  test('a version to come names its cause, by which clients try again', async () => {
    expect((await f.get(`${MAPS}/a?resourceVersion=999999`)).json).toMatchObject({
      code: 504,
      reason: 'Timeout',
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
  });

  test('tables and metadata', async () => {
    const as = (kind: string) => ({
      headers: { Accept: `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json` },
    });
    expect((await f.get(`${MAPS}?limit=1`, as('Table'))).json).toMatchObject({
      kind: 'Table',
      metadata: { continue: expect.any(String), remainingItemCount: 4 },
      rows: [{ cells: ['a', 0, '0s'], object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } }],
    });
    expect((await f.get(`${MAPS}/b`, as('Table'))).json).toMatchObject({
      kind: 'Table',
      rows: [{ cells: ['b', 0, '0s'] }],
    });
    // kubectl --sort-by decodes each row's object by itself.
    expect((await f.get(`${MAPS}?limit=1&includeObject=Object`, as('Table'))).json).toMatchObject({
      rows: [{ object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } } }],
    });
    expect((await f.get(`${MAPS}?includeObject=Some`, as('Table'))).status).toBe(400);
    expect((await f.get(MAPS, as('PartialObjectMetadataList'))).json).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: { length: 5 },
    });
    expect((await f.get(`${MAPS}/b`, as('PartialObjectMetadata'))).json).toMatchObject({
      kind: 'PartialObjectMetadata',
      metadata: { name: 'b' },
    });
    expect((await f.get(`${MAPS}/x`, as('Table'))).json).toMatchObject({ kind: 'Status', code: 404 });
  });

  test('big answers are zipped for those who take it, and people get them indented', async () => {
    await f.post(MAPS, configMap('big', { data: { x: 'x'.repeat(200_000) } }));
    const zipped = await f.get(`${MAPS}/big`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(zipped.headers['Content-Encoding']).toBe('gzip');
    expect(
      (await f.get(`${MAPS}/a`, { headers: { 'Accept-Encoding': 'gzip' } })).headers['Content-Encoding'],
    ).toBeUndefined();
    expect((await f.get(`${MAPS}/a`, { headers: { 'User-Agent': 'curl/8' } })).text).toContain(
      '\n  "kind": "ConfigMap"',
    );
    expect((await f.get(`${MAPS}/a?pretty=true`)).text).toContain('\n  "kind"');
  });

  test('events are one under two groups', async () => {
    const event = {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      reason: 'R',
      message: 'm',
      source: { component: 'kubelet' },
    };
    expect((await f.post('/api/v1/namespaces/default/events', event)).status).toBe(201);
    expect(await f.object('/apis/events.k8s.io/v1/namespaces/default/events/e')).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { name: 'p' },
      note: 'm',
      deprecatedSource: { component: 'kubelet' },
    });
    expect(await f.names('/api/v1/events?fieldSelector=involvedObject.name%3Dp,reason%3DR')).toEqual(['e']);
  });
});
