import { beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../../kube/generated/objects.ts';
import { type Fixture, type Json, NOW, PODS, podManifest, startApi } from './fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
  await f.post(PODS, podManifest('p'));
});

const pod = async (): Promise<Pod> => (await f.object(`${PODS}/p`)) as Pod;
const NOW_TEXT = NOW.toISOString().replace('.000', '');
const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
const outcome = ({ status, json }: { status: number; json: unknown }) => [status, (json as Json).message];

describe('a binding', () => {
  const BINDINGS = '/api/v1/namespaces/default/bindings';
  const binding = (more: Json = {}, metadata: Json = {}): Json => ({
    kind: 'Binding',
    apiVersion: 'v1',
    metadata: { name: 'p', ...metadata },
    target: { kind: 'Node', name: 'node1' },
    ...more,
  });
  const bind = (more: Json = {}, metadata: Json = {}, query = '') =>
    f.post(`${PODS}/p/binding${query}`, binding(more, metadata));

  test.each([`${PODS}/p/binding`, BINDINGS])('to %s gives the Pod its node', async (url) => {
    const answer = await f.post(url, binding({}, { annotations: { by: 'me' } }));
    expect([answer.status, answer.json]).toEqual([201, SUCCESS]);
    expect(await pod()).toMatchObject({
      metadata: { annotations: { by: 'me' } },
      spec: { nodeName: 'node1' },
      status: {
        conditions: [{ type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: NOW_TEXT }],
      },
    });
  });

  test('of a dry run gives nothing', async () => {
    expect((await bind({}, {}, '?dryRun=All')).status).toBe(201);
    expect((await pod()).spec?.nodeName).toBeUndefined();
  });

  const no = (why: string) => `Operation cannot be fulfilled on pods/binding "p": ${why}`;
  test.each<[string, () => Promise<unknown>, string]>([
    ['has a node', () => f.bind('p'), 'pod p is already assigned to node "node1"'],
    [
      'is being deleted',
      async () => {
        await f.merge(`${PODS}/p`, { metadata: { finalizers: ['a.b/c'] } });
        await f.remove(`${PODS}/p`);
      },
      'pod p is being deleted, cannot be assigned to a host',
    ],
    [
      'waits at a gate',
      async () => {
        await f.remove(`${PODS}/p`);
        const containers = [{ name: 'c', image: 'nginx' }];
        await f.post(PODS, podManifest('p', { spec: { containers, schedulingGates: [{ name: 'a.b/c' }] } }));
      },
      'pod p has non-empty .spec.schedulingGates',
    ],
  ])('of a Pod that %s is a conflict', async (_, before, why) => {
    await before();
    const answer = await bind();
    expect(outcome(answer)).toEqual([409, no(why)]);
    expect((answer.json as Json).details).toEqual({ name: 'p', kind: 'pods/binding' });
  });

  test.each<[string, Json, Json, number, string]>([
    ['another name', {}, { name: 'q' }, 400, 'name in URL does not match name in Binding object'],
    [
      'another namespace',
      {},
      { namespace: 'x' },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    ['no node', { target: {} }, {}, 422, 'Binding "p" is invalid: target.name: Required value'],
    [
      'something that is no node',
      { target: { kind: 'Pod', name: 'x' } },
      {},
      422,
      'Binding "p" is invalid: target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    ],
    [
      'a Pod of another uid',
      {},
      { uid: 'x' },
      409,
      'Operation cannot be fulfilled on pods "p": Precondition failed: UID in precondition: x, UID in object meta: uid-1',
    ],
    [
      'an older Pod',
      {},
      { resourceVersion: '1' },
      409,
      'Operation cannot be fulfilled on pods "p": Precondition failed: ResourceVersion in precondition: 1',
    ],
  ])('with %s is refused', async (_, more, metadata, code, message) => {
    const [status, said] = outcome(await bind(more, metadata));
    expect([status, String(said).slice(0, message.length)]).toEqual([
      code,
      message.replace('uid-1', (await pod()).metadata!.uid!),
    ]);
  });

  test('of a Pod that is not there is 404', async () => {
    expect(outcome(await f.post(BINDINGS, binding({}, { name: 'q' })))).toEqual([404, 'pods "q" not found']);
  });

  test('is only made', async () => {
    expect((await f.get(BINDINGS)).status).toBe(405);
    expect((await f.get(`${PODS}/p/binding`)).status).toBe(405);
  });
});

describe('an eviction', () => {
  const evict = (deleteOptions?: Json, name = 'p', query = '') =>
    f.post(`${PODS}/p/eviction${query}`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: 'default' },
      ...(deleteOptions && { deleteOptions }),
    });

  test('of a running Pod says so on the Pod, and deletes it by the options given', async () => {
    await f.bind('p');
    const answer = await evict({ gracePeriodSeconds: 7 });
    expect([answer.status, answer.json]).toEqual([201, SUCCESS]);
    expect(await pod()).toMatchObject({
      metadata: { deletionGracePeriodSeconds: 7, deletionTimestamp: expect.any(String) },
      status: {
        conditions: [
          {
            type: 'DisruptionTarget',
            status: 'True',
            reason: 'EvictionByEvictionAPI',
            message: 'Eviction API: evicting',
            lastProbeTime: null,
            lastTransitionTime: NOW_TEXT,
          },
        ],
      },
    });
  });

  test('without options takes the Pod’s own grace period', async () => {
    await f.bind('p');
    await evict();
    expect((await pod()).metadata?.deletionGracePeriodSeconds).toBe(30);
  });

  test.each<[string, Json | undefined]>([
    ['of a Pod without a node', undefined],
    ['of a Pod that has ended', { phase: 'Succeeded' }],
  ])('%s removes it', async (_, status) => {
    if (status) await f.bind('p', status);
    expect((await evict()).status).toBe(201);
    expect((await f.get(`${PODS}/p`)).status).toBe(404);
  });

  test.each<[string, Json | undefined, string]>([
    ['in the options', { dryRun: ['All'] }, ''],
    ['in the query', undefined, '?dryRun=All'],
  ])('with a dry run %s changes nothing', async (_, options, query) => {
    await f.bind('p');
    const before = await pod();
    expect((await evict(options, 'p', query)).status).toBe(201);
    expect(await pod()).toEqual(before);
  });

  test('with the resourceVersion of now deletes', async () => {
    await f.bind('p');
    const { resourceVersion } = (await pod()).metadata!;
    expect((await evict({ preconditions: { resourceVersion } })).status).toBe(201);
    expect((await pod()).metadata?.deletionTimestamp).toBeDefined();
  });

  test.each<[string, Json]>([
    ['another uid', { uid: 'x' }],
    ['an older resourceVersion', { resourceVersion: '1' }],
  ])('with %s is a conflict, and leaves the Pod alone', async (_, preconditions) => {
    await f.bind('p');
    const before = await pod();
    expect((await evict({ preconditions })).status).toBe(409);
    expect(await pod()).toEqual(before);
  });

  test('of another name, of no Pod, of options that are none', async () => {
    expect(outcome(await evict({}, 'q'))).toEqual([400, 'name in URL does not match name in Eviction object']);
    expect(outcome(await evict({ propagationPolicy: 'x' }))[0]).toBe(422);
    await f.remove(`${PODS}/p`);
    expect(outcome(await evict())).toEqual([404, 'pods "p" not found']);
  });
});

test('pods/resize is not served, as by a server that does not know it yet', async () => {
  const answer = await f.merge(`${PODS}/p/resize`, {});
  expect(outcome(answer)).toEqual([404, 'the server could not find the requested resource']);
  const { resources } = (await f.get('/api/v1')).json as { resources: { name: string }[] };
  const names = resources.map(({ name }) => name).filter((name) => /^(pods|bindings)/.test(name));
  expect(names).toEqual([
    'bindings',
    'pods',
    'pods/attach',
    'pods/binding',
    'pods/ephemeralcontainers',
    'pods/eviction',
    'pods/exec',
    'pods/log',
    'pods/portforward',
    'pods/proxy',
    'pods/status',
  ]);
});
