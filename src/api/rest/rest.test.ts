import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { memoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { type ApiServer, type ApiServerOptions, apiServer } from '../api-server.ts';
import { ask, type InMemoryOptions } from '../in-memory.ts';

type Json = Record<string, unknown>;

const NOW = new Date('2026-01-01T00:00:00Z');
const PODS = '/api/v1/namespaces/default/pods';
const MAPS = '/api/v1/namespaces/default/configmaps';
let store: Store;
let api: ApiServer;
let uids: number;

beforeEach(async () => {
  await start();
});

async function start(options: Partial<ApiServerOptions> = {}): Promise<void> {
  uids = 0;
  store = memoryStore();
  api = await apiServer({
    store,
    functions: {} as never,
    log: pino({ level: 'silent' }),
    now: () => NOW,
    ids: { uid: () => `uid-${++uids}`, random: () => 0.5 },
    ...options,
  });
}

const manifest = (name: string, more: Json = {}): Json => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx' }] },
  ...more,
});
const map = (name: string, more: Json = {}): Json => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name },
  ...more,
});
const post = (url: string, body: unknown, options: InMemoryOptions = {}) => ask(api, 'POST', url, { body, ...options });
const get = (url: string, options: InMemoryOptions = {}) => ask(api, 'GET', url, options);
const object = async (url: string): Promise<KubeObject> => (await get(url)).json as KubeObject;
const names = async (url: string): Promise<string[]> =>
  ((await get(url)).json as { items: KubeObject[] }).items.map(({ metadata }) => metadata.name ?? '');

/** Puts a Pod on a node, as the loop does. */
async function bind(name: string, status: Json = { phase: 'Running' }): Promise<void> {
  await store.update({ group: '', resource: 'pods', namespace: 'default', name }, (pod) => ({
    ...pod,
    spec: { ...(pod.spec as object), nodeName: 'node1' },
    status,
  }));
}

describe('create', () => {
  test('answers 201 with what is stored: defaults, identity, admission, status', async () => {
    const { status, json } = await post(PODS, {
      ...manifest('p'),
      metadata: {
        name: 'p',
        uid: 'mine',
        generation: 7,
        creationTimestamp: '2000-01-01T00:00:00Z',
        managedFields: [],
        selfLink: '/x',
      },
      status: { phase: 'Running' },
    });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z', generation: 1 },
      spec: { restartPolicy: 'Always', serviceAccountName: 'default', terminationGracePeriodSeconds: 30 },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    });
    expect((json as KubeObject).metadata.uid).toMatch(/^uid-/);
    expect((json as KubeObject).metadata).not.toHaveProperty('managedFields');
    expect(await object(`${PODS}/p`)).toEqual(json);
  });

  const refusals: [string, string, unknown, InMemoryOptions, number, string | RegExp][] = [
    ['an absent namespace', '/api/v1/namespaces/nope/pods', manifest('p'), {}, 404, 'namespaces "nope" not found'],
    [
      'all namespaces',
      '/api/v1/pods',
      manifest('p'),
      {},
      405,
      'the server does not allow this method on the requested resource',
    ],
    ['a named object', `${PODS}/p`, manifest('p'), {}, 405, /does not allow this method/],
    [
      'another namespace',
      PODS,
      manifest('p', { metadata: { name: 'p', namespace: 'x' } }),
      {},
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a resourceVersion',
      PODS,
      manifest('p', { metadata: { name: 'p', resourceVersion: '1' } }),
      {},
      400,
      'resourceVersion should not be set on objects to be created',
    ],
    ['another kind', PODS, map('p'), {}, 400, /ConfigMap in version "v1" cannot be handled as a Pod/],
    ['no name', MAPS, map(''), {}, 422, /name or generateName is required/],
    ['null', PODS, 'null', {}, 422, /^Pod "" is invalid: /],
    ['no object', PODS, '[]', {}, 400, /cannot unmarshal array/],
    [
      'no JSON',
      PODS,
      '{"kind": Pod}',
      {},
      400,
      `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character 'P' looking for beginning of value ({"kind": Pod})`,
    ],
    ['nothing', PODS, '', {}, 400, /unexpected end of JSON input \(<empty>\)$/],
    ['what is nested too deep', PODS, '{"spec":'.repeat(5_000), {}, 400, /exceeded max depth/],
    [
      'YAML that is none',
      PODS,
      'a: [1',
      { headers: { 'Content-Type': 'application/yaml' } },
      400,
      /error converting YAML to JSON: yaml/,
    ],
    [
      'protobuf',
      PODS,
      'k8s\0',
      { headers: { 'Content-Type': 'application/vnd.kubernetes.protobuf' } },
      415,
      /protobuf bodies are not read yet/,
    ],
    [
      'an unknown service account',
      PODS,
      manifest('p', { spec: { containers: [{ name: 'c', image: 'i' }], serviceAccountName: 'nope' } }),
      {},
      403,
      'pods "p" is forbidden: error looking up service account default/nope: serviceaccount "nope" not found',
    ],
    [
      'an unknown dryRun',
      `${PODS}?dryRun=Some`,
      manifest('p'),
      {},
      422,
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: "Some": supported values: "All"',
    ],
    [
      'an unknown fieldValidation',
      `${PODS}?fieldValidation=Maybe`,
      manifest('p'),
      {},
      422,
      /fieldValidation: Unsupported value: "Maybe": supported values: "Ignore", "Strict", "Warn"/,
    ],
    [
      'an answer that cannot be given',
      PODS,
      manifest('p'),
      { headers: { Accept: 'text/html' } },
      406,
      /only the following media types are accepted/,
    ],
  ];
  test.each(refusals)('refuses %s', async (_, url, body, options, code, message) => {
    const answer = await post(url, body, options);
    expect(answer.status).toBe(code);
    expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code });
    const text = (answer.json as { message: string }).message;
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect(await names(PODS)).toEqual([]);
  });

  test('a taken name is a conflict', async () => {
    await post(MAPS, map('m'));
    expect(await post(MAPS, map('m'))).toMatchObject({
      status: 409,
      json: { reason: 'AlreadyExists', message: 'configmaps "m" already exists' },
    });
    expect((await post(`${MAPS}?dryRun=All`, map('m'))).status).toBe(409);
  });

  test('generateName makes a name, and says when none is free', async () => {
    const body = { ...map(''), metadata: { generateName: 'm-' } };
    const first = await post(MAPS, body);
    expect((first.json as KubeObject).metadata.name).toMatch(/^m-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(await post(MAPS, body)).toMatchObject({
      status: 409,
      json: { message: expect.stringContaining('the server was not able to generate a unique name for the object') },
    });
  });

  test('unknown and repeated fields are refused, warned of or dropped', async () => {
    const text =
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"m"},"dta":{},"data":{"a":"1"},"data":{"a":"2"}}';
    const strict = await post(`${MAPS}?fieldValidation=Strict`, text);
    expect(strict).toMatchObject({
      status: 400,
      json: {
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta", duplicate field "data"',
      },
    });
    const warned = await post(`${MAPS}?dryRun=All`, text);
    expect(warned.headers.Warning).toEqual(['299 - "unknown field \\"dta\\""', '299 - "duplicate field \\"data\\""']);
    const ignored = await post(`${MAPS}?fieldValidation=Ignore`, text);
    expect(ignored.headers.Warning).toBeUndefined();
    expect(ignored.json).toMatchObject({ data: { a: '2' } });
    expect(ignored.json).not.toHaveProperty('dta');
  });

  test('dryRun answers what would be and writes nothing', async () => {
    const before = store.revision;
    expect(await post(`${PODS}?dryRun=All`, manifest('p'))).toMatchObject({
      status: 201,
      json: { metadata: { name: 'p' } },
    });
    expect(store.revision).toBe(before);
  });

  test('YAML is as good as JSON', async () => {
    const text = 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: m}\ndata: {a: "1"}\n';
    const answer = await post(MAPS, text, {
      headers: { 'Content-Type': 'application/yaml', Accept: 'application/yaml' },
    });
    expect(answer.status).toBe(201);
    expect(answer.text).toContain('data:\n  a: "1"\n');
  });

  test('admission may change, warn and refuse', async () => {
    const admit: NonNullable<ApiServerOptions['admit']> = (pod, { operation }) => {
      if (pod.metadata.name === 'bad') throw new StatusError('Forbidden', 'not this one');
      return operation === 'CREATE' ? { ...pod, metadata: { ...pod.metadata, labels: { seen: 'yes' } } } : pod;
    };
    await start({ admit, warningsFor: (_, { resource }) => (resource === 'pods' ? ['spec.x: not honoured'] : []) });
    const good = await post(PODS, manifest('p'));
    expect(good).toMatchObject({ status: 201, json: { metadata: { labels: { seen: 'yes' } } } });
    expect(good.headers.Warning).toEqual(['299 - "spec.x: not honoured"']);
    expect(await post(PODS, manifest('bad'))).toMatchObject({ status: 403, json: { message: 'not this one' } });
  });
});

describe('update', () => {
  test('replaces the object, keeps what is the server’s, and counts generations of the spec', async () => {
    await post(PODS, manifest('p'));
    const before = await object(`${PODS}/p`);
    const change = structuredClone(before) as KubeObject & { spec: { containers: { image: string }[] } };
    change.spec.containers[0]!.image = 'nginx:2';
    change.metadata.labels = { a: 'b' };
    change.metadata.creationTimestamp = '2000-01-01T00:00:00Z';
    change.status = { phase: 'Failed' };
    const { status, json } = await ask(api, 'PUT', `${PODS}/p`, { body: change });
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
    await post(MAPS, map('m', { data: { a: '1' } }));
    const before = await object(`${MAPS}/m`);
    expect((await ask(api, 'PUT', `${MAPS}/m`, { body: map('m', { data: { a: '1' } }) })).json).toEqual(before);
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
    await post(MAPS, map('m'));
    const answer = await ask(api, 'PUT', `${MAPS}/m`, { body: change(await object(`${MAPS}/m`)) });
    expect(answer.status).toBe(code);
    expect((answer.json as { message: string }).message).toMatch(message);
  });

  test('an absent object is 404, and a lease is made', async () => {
    expect(await ask(api, 'PUT', `${MAPS}/m`, { body: map('m') })).toMatchObject({
      status: 404,
      json: { message: 'configmaps "m" not found' },
    });
    const lease = { metadata: { name: 'l' }, spec: { holderIdentity: 'me' } };
    const url = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l';
    expect((await ask(api, 'PUT', url, { body: lease })).status).toBe(201);
    expect(await ask(api, 'PUT', url, { body: lease })).toMatchObject({
      status: 422,
      json: {
        message:
          'Lease.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      },
    });
  });

  test('status is changed through its own path, and nothing else there but metadata', async () => {
    await post(PODS, manifest('p'));
    const body = { status: { phase: 'Running' }, spec: { nodeName: 'x' }, metadata: { labels: { a: 'b' } } };
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    const { json } = await ask(api, 'PATCH', `${PODS}/p/status`, { body, headers });
    expect(json).toMatchObject({ status: { phase: 'Running' }, metadata: { labels: { a: 'b' }, generation: 1 } });
    expect((json as { spec: Json }).spec).not.toHaveProperty('nodeName');
  });

  test('fifty writers lose no update', async () => {
    await post(MAPS, map('m'));
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    const writes = Array.from({ length: 50 }, (_, i) =>
      ask(api, 'PATCH', `${MAPS}/m`, { body: { data: { [`k${i}`]: 'x' } }, headers }),
    );
    expect(new Set((await Promise.all(writes)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(Object.keys((await object(`${MAPS}/m`)).data as Json)).toHaveLength(50);
  });
});

describe('patch', () => {
  const patch = (type: string, body: unknown, query = '') =>
    ask(api, 'PATCH', `${PODS}/p${query}`, { body, headers: { 'Content-Type': `application/${type}` } });
  beforeEach(async () => {
    await post(PODS, manifest('p'));
  });

  test('all three kinds', async () => {
    await patch('merge-patch+json', { metadata: { labels: { a: '1' } } });
    await patch('json-patch+json', [{ op: 'add', path: '/metadata/labels/b', value: '2' }]);
    await patch('strategic-merge-patch+json', { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } });
    expect(await object(`${PODS}/p`)).toMatchObject({
      metadata: { labels: { a: '1', b: '2' }, generation: 2 },
      spec: { containers: [{ name: 'c', image: 'nginx:2', imagePullPolicy: 'Always' }] },
    });
  });

  const refusals: [string, string, unknown, string, number, string | RegExp][] = [
    [
      'a failed test',
      'json-patch+json',
      [{ op: 'test', path: '/metadata/name', value: 'x' }],
      '',
      422,
      'the server rejected our request due to an error in our request',
    ],
    ['an unknown operation', 'json-patch+json', [{ op: 'mend', path: '/metadata' }], '', 422, /rejected our request/],
    [
      'a JSON patch that is no list',
      'json-patch+json',
      {},
      '',
      400,
      'json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    ],
    [
      'too many operations',
      'json-patch+json',
      Array(10_001).fill({ op: 'test', path: '', value: 1 }),
      '',
      413,
      /The allowed maximum operations in a JSON patch is 10000, got 10001/,
    ],
    ['no JSON', 'merge-patch+json', '{', '', 400, /unexpected end of JSON input/],
    [
      'a result that is no Pod',
      'merge-patch+json',
      { spec: { containers: 3 } },
      '',
      422,
      /^ "" is invalid: patch: Invalid value: .*cannot unmarshal number/,
    ],
    ['a result that is nothing', 'merge-patch+json', 3, '', 422, /"" is invalid: patch/],
    [
      'unknown fields, strictly',
      'merge-patch+json',
      { spec: { foo: 1 } },
      '?fieldValidation=Strict',
      422,
      /strict decoding error: unknown field "spec.foo"/,
    ],
    [
      'what may not change',
      'merge-patch+json',
      { spec: { nodeName: 'n' } },
      '',
      422,
      /spec: Forbidden: pod updates may not change fields other than/,
    ],
    ['another name', 'merge-patch+json', { metadata: { name: 'q' } }, '', 400, /does not match the name on the URL/],
    [
      'an old version',
      'merge-patch+json',
      { metadata: { resourceVersion: '1' } },
      '',
      409,
      /the object has been modified/,
    ],
    [
      'a strategic fault',
      'strategic-merge-patch+json',
      { spec: { containers: [{ image: 'x' }] } },
      '',
      400,
      /does not contain declared merge key: name/,
    ],
    [
      'server-side apply, for now',
      'apply-patch+yaml',
      {},
      '',
      415,
      /server-side apply is not supported by this server yet/,
    ],
    ['another type', 'json', {}, '', 415, /accepted media types include: application\/json-patch\+json/],
  ];
  test.each(refusals)('refuses %s', async (_, type, body, query, code, message) => {
    const before = await object(`${PODS}/p`);
    const answer = await patch(type, body, query);
    expect(answer.status).toBe(code);
    const text = (answer.json as { message: string }).message;
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect(await object(`${PODS}/p`)).toEqual(before);
  });

  test('dryRun changes nothing, and unknown fields are warned of', async () => {
    const before = await object(`${PODS}/p`);
    const answer = await patch('merge-patch+json', { metadata: { labels: { a: 'b' } }, foo: 1 }, '?dryRun=All');
    expect(answer).toMatchObject({ status: 200, json: { metadata: { labels: { a: 'b' } } } });
    expect(answer.headers.Warning).toEqual(['299 - "unknown field \\"foo\\""']);
    expect(await object(`${PODS}/p`)).toEqual(before);
  });
});

describe('delete', () => {
  const remove = (url: string, body?: unknown) => ask(api, 'DELETE', url, body === undefined ? {} : { body });

  test('a Pod that no node has goes at once, and is answered', async () => {
    await post(PODS, manifest('p'));
    expect(await remove(`${PODS}/p`)).toMatchObject({
      status: 200,
      json: { kind: 'Pod', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 } },
    });
    expect(await get(`${PODS}/p`)).toMatchObject({
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
    await post(PODS, manifest('p'));
    await bind('p');
    const { json } = await remove(`${PODS}/p`, body);
    expect(json).toMatchObject({ metadata: { deletionTimestamp, deletionGracePeriodSeconds: seconds, generation: 2 } });
    expect(await object(`${PODS}/p`)).toEqual(json);
  });

  test('a grace period is shortened, never lengthened, and 0 removes', async () => {
    await post(PODS, manifest('p'));
    await bind('p');
    const grace = async (gracePeriodSeconds?: number) =>
      ((await remove(`${PODS}/p`, { gracePeriodSeconds })).json as KubeObject).metadata.deletionGracePeriodSeconds;
    expect([await grace(20), await grace(25), await grace(), await grace(10), await grace(0)]).toEqual([
      20, 20, 20, 10, 0,
    ]);
    expect((await get(`${PODS}/p`)).status).toBe(404);
  });

  test.each(['Succeeded', 'Failed'])('a Pod that is done (%s) goes at once', async (phase) => {
    await post(PODS, manifest('p'));
    await bind('p', { phase });
    await remove(`${PODS}/p`);
    expect((await get(`${PODS}/p`)).status).toBe(404);
  });

  test('other kinds are answered with a Status that has the uid', async () => {
    const made = (await post(MAPS, map('m'))).json as KubeObject;
    expect((await remove(`${MAPS}/m`)).json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'm', kind: 'configmaps', uid: made.metadata.uid },
    });
  });

  test('finalizers hold the object until the last is gone', async () => {
    await post(MAPS, { ...map('m'), metadata: { name: 'm', finalizers: ['x.io/a', 'x.io/b'] } });
    expect(await remove(`${MAPS}/m`)).toMatchObject({
      status: 200,
      json: { kind: 'ConfigMap', metadata: { deletionGracePeriodSeconds: 0 } },
    });
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    await ask(api, 'PATCH', `${MAPS}/m`, { body: { metadata: { finalizers: ['x.io/b'] } }, headers });
    expect((await get(`${MAPS}/m`)).status).toBe(200);
    await ask(api, 'PATCH', `${MAPS}/m`, { body: { metadata: { finalizers: null } }, headers });
    expect((await get(`${MAPS}/m`)).status).toBe(404);
  });

  test('a forced Pod with a finalizer stays, marked', async () => {
    await post(PODS, manifest('p', { metadata: { name: 'p', finalizers: ['x.io/a'] } }));
    await bind('p');
    await remove(`${PODS}/p`, { gracePeriodSeconds: 0 });
    expect((await object(`${PODS}/p`)).metadata).toMatchObject({
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
    await post(MAPS, map('m'));
    const answer = await remove(`${MAPS}/${name}`, body);
    expect(answer.status).toBe(code);
    expect((answer.json as { message: string }).message).toMatch(message);
    expect((await get(`${MAPS}/m`)).status).toBe(200);
  });

  test('options may stand in the query, and dryRun changes nothing', async () => {
    await post(PODS, manifest('p'));
    await bind('p');
    expect(await remove(`${PODS}/p?gracePeriodSeconds=3&dryRun=All`)).toMatchObject({
      json: { metadata: { deletionGracePeriodSeconds: 3 } },
    });
    expect((await object(`${PODS}/p`)).metadata.deletionTimestamp).toBeUndefined();
  });

  test('a collection is deleted by selector and answered as a list', async () => {
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ])
      await post(MAPS, { ...map(name!), metadata: { name, labels: { app } } });
    const { json } = await remove(`${MAPS}?labelSelector=app%3Dx`);
    expect((json as { items: unknown[] }).items).toHaveLength(2);
    expect(await names(MAPS)).toEqual(['c']);
  });
});

describe('get and list', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await post(MAPS, { ...map(name), metadata: { name, labels: { name } } });
  });

  test('a list has no kinds in its items, and the version at which it is true', async () => {
    const { json } = await get(MAPS);
    expect(json).toMatchObject({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(store.revision) },
    });
    expect((json as { items: Json[] }).items[0]).not.toHaveProperty('kind');
  });

  test('an absent namespace lists empty', async () => {
    expect(await get('/api/v1/namespaces/nope/pods')).toMatchObject({ status: 200, json: { items: [] } });
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
    expect(await names(MAPS + query)).toEqual(expected);
    expect(await names(`/api/v1/configmaps${query}`)).toEqual(expected);
  });

  test('pages agree with each other whatever happens between them', async () => {
    type Page = {
      items: KubeObject[];
      metadata: { continue: string; remainingItemCount?: number; resourceVersion: string };
    };
    const first = (await get(`${MAPS}?limit=2`)).json as Page;
    expect(first.metadata.remainingItemCount).toBe(3);
    await ask(api, 'DELETE', `${MAPS}/c`);
    await post(MAPS, map('bb'));
    const second = (await get(`${MAPS}?limit=2&continue=${first.metadata.continue}`)).json as Page;
    const third = (await get(`${MAPS}?limit=2&continue=${second.metadata.continue}`)).json as Page;
    const shown = [first, second, third].flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
    expect(shown).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(third.metadata.continue).toBeUndefined();
  });

  test('a page of a list that is forgotten is 410 with a token for going on', async () => {
    let now = NOW;
    await start({ now: () => now });
    for (const name of ['a', 'b', 'c']) await post(MAPS, map(name));
    const first = (await get(`${MAPS}?limit=1`)).json as { metadata: { continue: string } };
    await post(MAPS, map('ab'));
    now = new Date(NOW.getTime() + 10 * 60_000);
    const gone = await get(`${MAPS}?limit=1&continue=${first.metadata.continue}`);
    expect(gone).toMatchObject({ status: 410, json: { reason: 'Expired' } });
    const token = (gone.json as { metadata: { continue: string } }).metadata.continue;
    expect(await names(`${MAPS}?continue=${token}`)).toEqual(['ab', 'b', 'c']);
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
    const answer = await get(MAPS + query);
    expect(answer.status).toBe(code);
    expect((answer.json as { message: string }).message).toMatch(message);
  });

  test('a version to come names its cause, by which clients try again', async () => {
    expect((await get(`${MAPS}/a?resourceVersion=999999`)).json).toMatchObject({
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
    expect((await get(`${MAPS}?limit=1`, as('Table'))).json).toMatchObject({
      kind: 'Table',
      metadata: { continue: expect.any(String), remainingItemCount: 4 },
      rows: [{ cells: ['a', 0, '0s'], object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } }],
    });
    expect((await get(`${MAPS}/b`, as('Table'))).json).toMatchObject({
      kind: 'Table',
      rows: [{ cells: ['b', 0, '0s'] }],
    });
    expect((await get(`${MAPS}?includeObject=Some`, as('Table'))).status).toBe(400);
    expect((await get(MAPS, as('PartialObjectMetadataList'))).json).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: { length: 5 },
    });
    expect((await get(`${MAPS}/b`, as('PartialObjectMetadata'))).json).toMatchObject({
      kind: 'PartialObjectMetadata',
      metadata: { name: 'b' },
    });
    expect((await get(`${MAPS}/x`, as('Table'))).json).toMatchObject({ kind: 'Status', code: 404 });
  });

  test('big answers are zipped for those who take it, and people get them indented', async () => {
    await post(MAPS, map('big', { data: { x: 'x'.repeat(200_000) } }));
    const zipped = await get(`${MAPS}/big`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(zipped.headers['Content-Encoding']).toBe('gzip');
    expect(
      (await get(`${MAPS}/a`, { headers: { 'Accept-Encoding': 'gzip' } })).headers['Content-Encoding'],
    ).toBeUndefined();
    expect((await get(`${MAPS}/a`, { headers: { 'User-Agent': 'curl/8' } })).text).toContain('\n  "kind": "ConfigMap"');
    expect((await get(`${MAPS}/a?pretty=true`)).text).toContain('\n  "kind"');
  });

  test('events are one under two groups', async () => {
    const event = {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      reason: 'R',
      message: 'm',
      source: { component: 'kubelet' },
    };
    expect((await post('/api/v1/namespaces/default/events', event)).status).toBe(201);
    expect(await object('/apis/events.k8s.io/v1/namespaces/default/events/e')).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { name: 'p' },
      note: 'm',
      deprecatedSource: { component: 'kubelet' },
    });
    expect(await names('/api/v1/events?fieldSelector=involvedObject.name%3Dp,reason%3DR')).toEqual(['e']);
  });
});

describe('namespaces', () => {
  test('the permanent ones are there, each with its account, and stay', async () => {
    expect(await names('/api/v1/namespaces')).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    expect(await names('/api/v1/serviceaccounts')).toEqual(Array(4).fill('default'));
    expect(await ask(api, 'DELETE', '/api/v1/namespaces/default')).toMatchObject({
      status: 403,
      json: { message: 'namespaces "default" is forbidden: this namespace may not be deleted' },
    });
  });

  test('a deleted one takes its content with it, and admits no new one', async () => {
    await post('/api/v1/namespaces', { metadata: { name: 'n' } });
    expect((await get('/api/v1/namespaces/n/serviceaccounts/default')).status).toBe(200);
    const url = '/api/v1/namespaces/n/configmaps';
    await post(url, { metadata: { name: 'held', finalizers: ['x.io/a'] } });
    await post(url, { metadata: { name: 'free' } });
    expect(await ask(api, 'DELETE', '/api/v1/namespaces/n')).toMatchObject({
      status: 200,
      json: {
        kind: 'Namespace',
        metadata: { deletionTimestamp: expect.any(String) },
        status: { phase: 'Terminating' },
      },
    });
    expect(await post(url, { metadata: { name: 'late' } })).toMatchObject({
      status: 403,
      json: {
        message:
          'configmaps "late" is forbidden: unable to create new content in namespace n because it is being terminated',
        details: { causes: [{ reason: 'NamespaceTerminating' }] },
      },
    });
    await expect.poll(() => names(url)).toEqual(['held']);
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    await ask(api, 'PATCH', `${url}/held`, { body: { metadata: { finalizers: null } }, headers });
    await expect.poll(async () => (await get('/api/v1/namespaces/n')).status, { timeout: 5_000 }).toBe(404);
  });

  test('a restart takes up a removal that had begun', async () => {
    await post('/api/v1/namespaces', { metadata: { name: 'n', finalizers: ['x.io/a'] } });
    api.stop();
    await ask(api, 'DELETE', '/api/v1/namespaces/n');
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    await ask(api, 'PATCH', '/api/v1/namespaces/n', { body: { metadata: { finalizers: null } }, headers });
    expect((await get('/api/v1/namespaces/n')).status).toBe(200);
    api = await apiServer({ store, functions: {} as never, log: pino({ level: 'silent' }) });
    await expect.poll(async () => (await get('/api/v1/namespaces/n')).status, { timeout: 5_000 }).toBe(404);
  });
});
