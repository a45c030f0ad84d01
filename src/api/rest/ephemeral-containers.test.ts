import { beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../../kube/generated/objects.ts';
import { type Fixture, type Json, PODS, podManifest, startApi } from './fixture.ts';

let f: Fixture;
const URL = `${PODS}/p/ephemeralcontainers`;
const STRATEGIC = { 'Content-Type': 'application/strategic-merge-patch+json' };

beforeEach(async () => {
  f = await startApi({
    warningsFor: (object) =>
      ((object as Pod).spec?.ephemeralContainers ?? []).map(({ name }) => `${name}: this is said of it`),
  });
  await f.post(PODS, podManifest('p'));
  await f.bind('p');
});

/** What `kubectl debug` sends: a two-way strategic merge of the Pod that it has got. */
const debug = (name: string, more: Json = {}, query = '') =>
  f.ask('PATCH', URL + query, {
    headers: STRATEGIC,
    body: { spec: { ephemeralContainers: [{ name, image: 'busybox', ...more }] } },
  });
const pod = async (): Promise<Pod> => (await f.object(`${PODS}/p`)) as Pod;
const added = async () => (await pod()).spec?.ephemeralContainers?.map(({ name }) => name);

describe('pods/ephemeralcontainers', () => {
  test('takes a container, with the defaults of containers, and counts the generation', async () => {
    const answer = await debug('debug', { targetContainerName: 'c', stdin: true, tty: true });
    expect(answer.status).toBe(200);
    expect(await pod()).toMatchObject({
      metadata: { generation: 2 },
      spec: {
        nodeName: 'node1',
        containers: [{ name: 'c' }],
        ephemeralContainers: [
          {
            name: 'debug',
            image: 'busybox',
            imagePullPolicy: 'Always',
            resources: {},
            stdin: true,
            targetContainerName: 'c',
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            tty: true,
          },
        ],
      },
    });
  });

  test('a patch adds to those that are there; warnings are of the new one', async () => {
    await debug('one');
    const answer = await debug('two');
    // `name` is the merge key.
    expect((await added())?.toSorted()).toEqual(['one', 'two']);
    expect(answer.headers.Warning).toEqual(['299 - "two: this is said of it"']);
  });

  test('PUT takes nothing else of the object but metadata', async () => {
    const before = await pod();
    const change = structuredClone(before) as Pod & { metadata: Json; spec: Json; status: Json };
    change.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox' }];
    change.spec.nodeName = 'elsewhere';
    change.spec.containers = [];
    change.status.phase = 'Failed';
    change.metadata.labels = { debugged: 'yes' };
    expect((await f.ask('PUT', URL, { body: change })).status).toBe(200);
    const { spec, metadata, status } = await pod();
    expect({ ...spec, ephemeralContainers: [] }).toEqual({ ...before.spec, ephemeralContainers: [] });
    expect(await added()).toEqual(['debug']);
    expect([metadata?.labels, status]).toEqual([{ debugged: 'yes' }, before.status]);
  });

  test('GET answers the Pod', async () => {
    expect((await f.get(URL)).json).toEqual((await f.get(`${PODS}/p`)).json);
  });

  test('dry run adds nothing', async () => {
    expect((await debug('debug', {}, '?dryRun=All')).status).toBe(200);
    expect(await added()).toBeUndefined();
  });

  const only = 'cannot be set for an Ephemeral Container';
  const probe = { exec: { command: ['true'] } };
  test.each<[string, Json, string]>([
    ['a name that is taken', { name: 'c' }, 'spec.ephemeralContainers[0].name: Duplicate value: "c"'],
    ['no image', { image: null }, 'spec.ephemeralContainers[0].image: Required value'],
    [
      'a target that is not there',
      { targetContainerName: 'x' },
      'spec.ephemeralContainers[0].targetContainerName: Not found: "x"',
    ],
    ['ports', { ports: [{ containerPort: 80 }] }, `spec.ephemeralContainers[0].ports: Forbidden: ${only}`],
    ['resources', { resources: { limits: { cpu: '1' } } }, `spec.ephemeralContainers[0].resources: Forbidden: ${only}`],
    ['probes', { livenessProbe: probe }, `spec.ephemeralContainers[0].livenessProbe: Forbidden: ${only}`],
    ['hooks', { lifecycle: { preStop: probe } }, `spec.ephemeralContainers[0].lifecycle: Forbidden: ${only}`],
    ['a restart policy', { restartPolicy: 'Always' }, `spec.ephemeralContainers[0].restartPolicy: Forbidden: ${only}`],
  ])('refuses %s', async (_, more, message) => {
    const { status, json } = await debug('debug', more);
    expect([status, (json as Json).message]).toEqual([422, `Pod "p" is invalid: ${message}`]);
  });

  test('refuses to take one away or to change one', async () => {
    await debug('debug');
    const object = structuredClone(await pod()) as Pod & { spec: Json };
    object.spec.ephemeralContainers = [];
    expect(await f.ask('PUT', URL, { body: object })).toMatchObject({
      status: 422,
      json: {
        message:
          'Pod "p" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
      },
    });
    const changed = await debug('debug', { image: 'nginx' });
    expect(changed.status).toBe(422);
    expect((changed.json as Json).message).toContain('existing ephemeral containers "debug" may not be changed\n');
  });

  test('the Pod itself does not take them', async () => {
    const body = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } };
    const answer = await f.ask('PATCH', `${PODS}/p`, { headers: STRATEGIC, body });
    expect(answer.status).toBe(422);
    expect((answer.json as Json).message).toMatch(
      /^Pod "p" is invalid: spec: Forbidden: pod updates may not change fields/,
    );
  });

  test('a Pod that is not there is not found', async () => {
    expect((await f.ask('PATCH', `${PODS}/q/ephemeralcontainers`, { headers: STRATEGIC, body: {} })).status).toBe(404);
  });
});

describe('pods/status', () => {
  const gate = (status: string) => ({ status: { conditions: [{ type: 'www.example.com/ready', status }] } });

  test('a condition for a readiness gate comes beside those that are there', async () => {
    const put = (status: string) => f.ask('PATCH', `${PODS}/p/status`, { headers: STRATEGIC, body: gate(status) });
    await f.ask('PATCH', `${PODS}/p/status`, {
      headers: STRATEGIC,
      body: { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
    });
    expect((await put('False')).status).toBe(200);
    expect((await put('True')).status).toBe(200);
    const { conditions = [] } = (await pod()).status ?? {};
    expect(Object.fromEntries(conditions.map(({ type, status }) => [type, status]))).toEqual({
      Ready: 'False',
      'www.example.com/ready': 'True',
    });
  });

  test.each<[string, Json, string]>([
    [
      'a condition without a proper name',
      { status: { conditions: [{ type: 'a b', status: 'True' }] } },
      `metadata.conditions[0].Type: Invalid value: "a b": name part must consist of alphanumeric characters`,
    ],
    [
      'another QoS class',
      { status: { qosClass: 'Guaranteed' } },
      'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    ],
  ])('refuses %s', async (_, body, message) => {
    await f.merge(`${PODS}/p/status`, { status: { qosClass: 'BestEffort' } });
    const answer = await f.merge(`${PODS}/p/status`, body);
    expect(answer.status).toBe(422);
    expect((answer.json as Json).message).toContain(message);
  });

  test('a status without QoS class keeps it; owners are not changed this way', async () => {
    const object = structuredClone(await pod()) as Pod & { status: Json; metadata: Json };
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'm', uid: '1' };
    object.metadata.ownerReferences = [owner];
    object.status = { phase: 'Running' };
    const { json } = await f.ask('PUT', `${PODS}/p/status`, { body: object });
    expect((json as Json).metadata).not.toHaveProperty('ownerReferences');
  });
});
