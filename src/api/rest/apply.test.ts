import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import type { InMemoryAnswer } from '../in-memory.ts';
import { configMap, type Fixture, type Json, MAPS, PODS, podManifest, startApi } from './fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

const APPLY = { 'Content-Type': 'application/apply-patch+yaml' };

function apply(url: string, manager: string, body: unknown, query = ''): Promise<InMemoryAnswer> {
  return f.ask('PATCH', `${url}?fieldManager=${manager}${query}`, { body, headers: APPLY });
}

const pod = (container: Json, spec: Json = {}): Json => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', ...container }], ...spec },
});

/** Managers with their fields, without times. */
async function owners(url: string): Promise<unknown> {
  const { metadata } = await f.object(url);
  return (metadata.managedFields ?? []).map(({ manager, operation, subresource, fieldsV1 }) => [
    subresource ? `${manager}/${subresource}` : manager,
    operation,
    fieldsV1,
  ]);
}

describe('managedFields', () => {
  test('of a Pod that is created: all that the client and the defaults say, and nothing that the server says', async () => {
    await f.post(
      `${PODS}?fieldManager=kubectl-create`,
      podManifest('p', { metadata: { name: 'p', labels: { a: 'b' } } }),
    );
    const { metadata } = await f.object(`${PODS}/p`);
    expect(metadata.managedFields).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"c"}': {
                '.': {},
                'f:image': {},
                'f:imagePullPolicy': {},
                'f:name': {},
                'f:resources': {},
                'f:terminationMessagePath': {},
                'f:terminationMessagePolicy': {},
              },
            },
            'f:dnsPolicy': {},
            'f:enableServiceLinks': {},
            'f:restartPolicy': {},
            'f:schedulerName': {},
            'f:securityContext': {},
            'f:terminationGracePeriodSeconds': {},
          },
        },
      },
    ]);
  });

  test('an update takes what it changes from everybody, and its own subresource apart', async () => {
    await f.post(`${MAPS}?fieldManager=first`, configMap('m', { data: { a: '1', b: '1', c: '1' } }));
    await f.ask('PATCH', `${MAPS}/m?fieldManager=second`, {
      body: { data: { a: '2', c: null, d: '2' } },
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    expect(await owners(`${MAPS}/m`)).toEqual([
      ['first', 'Update', { 'f:data': { '.': {}, 'f:b': {} } }],
      ['second', 'Update', { 'f:data': { 'f:a': {}, 'f:d': {} } }],
    ]);
  });

  test('a writer without a name is known by its program', async () => {
    await f.post(MAPS, configMap('m', { data: { a: '1' } }), { headers: { 'User-Agent': 'curl/8.1 (linux)' } });
    expect(await owners(`${MAPS}/m`)).toEqual([['curl', 'Update', { 'f:data': { '.': {}, 'f:a': {} } }]]);
  });

  test('a change that comes to nothing writes nothing', async () => {
    await f.post(`${MAPS}?fieldManager=first`, configMap('m', { data: { a: '1' } }));
    const before = await f.object(`${MAPS}/m`);
    await f.ask('PUT', `${MAPS}/m?fieldManager=second`, { body: before });
    expect(await f.object(`${MAPS}/m`)).toEqual(before);
  });

  test('a client may write them, or ask with [{}] that all be forgotten; an empty list says nothing', async () => {
    await f.post(`${MAPS}?fieldManager=first`, configMap('m', { data: { a: '1' } }));
    const entry = {
      manager: 'mine',
      operation: 'Apply',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:a': {} } },
    };
    await f.merge(`${MAPS}/m`, { metadata: { managedFields: [entry] } });
    expect(await owners(`${MAPS}/m`)).toEqual([['mine', 'Apply', { 'f:data': { 'f:a': {} } }]]);
    await f.merge(`${MAPS}/m`, { metadata: { managedFields: [] } });
    await f.merge(`${MAPS}/m`, { metadata: { managedFields: [{ ...entry, operation: 'Steal' }] } });
    await f.merge(`${MAPS}/m`, { metadata: { managedFields: [{ ...entry, fieldsV1: { __proto__x: {} } }] } });
    expect(await owners(`${MAPS}/m`)).toEqual([['mine', 'Apply', { 'f:data': { 'f:a': {} } }]]);
    await f.merge(`${MAPS}/m`, { metadata: { managedFields: [{}] } });
    expect((await f.object(`${MAPS}/m`)).metadata).not.toHaveProperty('managedFields');
  });

  test('more than ten managers that update are taken together', async () => {
    await f.post(`${MAPS}?fieldManager=m0`, configMap('m', { data: { k0: '' } }));
    for (let i = 1; i <= 12; i++)
      await f.ask('PATCH', `${MAPS}/m?fieldManager=m${i}`, {
        body: { data: { [`k${i}`]: '' } },
        headers: { 'Content-Type': 'application/merge-patch+json' },
      });
    const entries = (await f.object(`${MAPS}/m`)).metadata.managedFields ?? [];
    expect(entries).toHaveLength(10);
    expect(entries.map(({ manager }) => manager)).toContain('ancient-changes');
  });

  test('of an event they are in the words of the group that it was written through', async () => {
    const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
    const event = {
      kind: 'Event',
      apiVersion: 'events.k8s.io/v1',
      metadata: { name: 'e' },
      regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
      reason: 'Seen',
      action: 'Look',
      type: 'Normal',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'x.example/c',
      reportingInstance: 'i',
      note: 'one',
    };
    const { status } = await f.post(`${EVENTS}?fieldManager=new`, event);
    expect(status).toBe(201);
    await f.ask('PATCH', '/api/v1/namespaces/default/events/e?fieldManager=old', {
      body: { message: 'two' },
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    const [first, second] = (await owners(`${EVENTS}/e`)) as [unknown[], unknown[]];
    expect(first[2]).not.toHaveProperty('f:note');
    expect(first[2]).toHaveProperty('f:regarding');
    expect(second).toEqual(['old', 'Update', { 'f:message': {} }]);
  });
});

describe('server-side apply', () => {
  test('creates what is not there, owned by the applier only as far as it says something', async () => {
    const made = await apply(`${PODS}/p`, 'kubectl', pod({ image: 'nginx', ports: [{ containerPort: 80 }] }));
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ spec: { restartPolicy: 'Always' }, status: { phase: 'Pending' } });
    expect(await owners(`${PODS}/p`)).toEqual([
      [
        'kubectl',
        'Apply',
        {
          'f:spec': {
            'f:containers': {
              'k:{"name":"c"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      ],
    ]);
  });

  test('again it changes nothing, not even its own time', async () => {
    await apply(`${PODS}/p`, 'a', pod({ image: 'nginx' }));
    const before = await f.object(`${PODS}/p`);
    const again = await apply(`${PODS}/p`, 'a', pod({ image: 'nginx' }));
    expect(again).toMatchObject({ status: 200, json: before });
    expect(await f.object(`${PODS}/p`)).toEqual(before);
  });

  test('what is not said any more goes, unless somebody else owns it', async () => {
    await apply(`${MAPS}/m`, 'a', configMap('m', { data: { mine: '1', ours: '1' } }));
    await apply(`${MAPS}/m`, 'b', configMap('m', { data: { ours: '1', theirs: '1' } }));
    await apply(`${MAPS}/m`, 'a', configMap('m'));
    expect(await f.object(`${MAPS}/m`)).toMatchObject({ data: { ours: '1', theirs: '1' } });
    expect(await owners(`${MAPS}/m`)).toEqual([['b', 'Apply', { 'f:data': { 'f:ours': {}, 'f:theirs': {} } }]]);
  });

  test('an item of a list goes as a whole, and those of others stay', async () => {
    const two = (...names: string[]) => ({
      ...pod({ image: 'i' }, { schedulingGates: names.map((name) => ({ name })) }),
    });
    await apply(`${PODS}/p`, 'a', two('x.example/a', 'x.example/b'));
    await apply(`${PODS}/p`, 'a', two('x.example/b'));
    expect((await f.object(`${PODS}/p`)).spec).toMatchObject({ schedulingGates: [{ name: 'x.example/b' }] });
  });

  describe('conflicts', () => {
    const images = async (): Promise<string> => {
      const { spec } = (await f.object(`${PODS}/p`)) as unknown as { spec: { containers: { image: string }[] } };
      return spec.containers.map(({ image }) => image).join(' ');
    };
    beforeEach(async () => {
      await f.post(
        `${PODS}?fieldManager=kubectl-client-side-apply`,
        pod({ image: 'one' }, { activeDeadlineSeconds: 9 }),
      );
    });

    test('one is said as kubectl prints it', async () => {
      const { status, json } = await apply(`${PODS}/p`, 'b', pod({ image: 'two' }));
      expect(status).toBe(409);
      expect(json).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message:
          'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .spec.containers[name="c"].image',
        reason: 'Conflict',
        details: {
          causes: [
            {
              reason: 'FieldManagerConflict',
              message: 'conflict with "kubectl-client-side-apply" using v1',
              field: '.spec.containers[name="c"].image',
            },
          ],
        },
        code: 409,
      });
      expect(await images()).toBe('one');
    });

    test('several are listed by manager', async () => {
      const { json } = await apply(`${PODS}/p`, 'b', pod({ image: 'two' }, { activeDeadlineSeconds: 5 }));
      expect((json as Json).message).toBe(
        `Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using v1:
- .spec.activeDeadlineSeconds
- .spec.containers[name="c"].image`,
      );
    });

    test('force takes the fields over', async () => {
      expect(await apply(`${PODS}/p`, 'b', pod({ image: 'two' }), '&force=true')).toMatchObject({ status: 200 });
      expect(await images()).toBe('two');
      expect(await owners(`${PODS}/p`)).toMatchObject([
        ['b', 'Apply', { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { 'f:image': {} } } } }],
        ['kubectl-client-side-apply', 'Update', expect.anything()],
      ]);
      expect(JSON.stringify(((await owners(`${PODS}/p`)) as unknown[])[1])).not.toContain('f:image"');
    });

    test('the same value is owned together, and a change by one of two conflicts with the other', async () => {
      expect(await apply(`${PODS}/p`, 'b', pod({ image: 'one' }))).toMatchObject({ status: 200 });
      expect(await apply(`${PODS}/p`, 'c', pod({ image: 'one' }))).toMatchObject({ status: 200 });
      expect(((await apply(`${PODS}/p`, 'c', pod({ image: 'two' }))).json as Json).message).toBe(
        `Apply failed with 2 conflicts: conflicts with "b":
- .spec.containers[name="c"].image
conflicts with "kubectl-client-side-apply" using v1:
- .spec.containers[name="c"].image`,
      );
    });

    test('a dry run says the same and does nothing', async () => {
      expect(await apply(`${PODS}/p`, 'b', pod({ image: 'two' }), '&dryRun=All')).toMatchObject({ status: 409 });
      const forced = await apply(`${PODS}/p`, 'b', pod({ image: 'two' }), '&dryRun=All&force=true');
      expect(forced).toMatchObject({ status: 200, json: { spec: { containers: [{ image: 'two' }] } } });
      expect(await images()).toBe('one');
    });
  });

  test('kubectl takes over what it has applied from the client, as long as nobody has changed it since', async () => {
    const lastApplied = (data: Json) => ({
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        ...configMap('m', { data }),
        metadata: { name: 'm' },
      }),
    });
    const object = configMap('m', { data: { a: '1', b: '1' } });
    await f.post(`${MAPS}?fieldManager=kubectl-client-side-apply`, {
      ...object,
      metadata: { name: 'm', annotations: lastApplied({ a: '1', b: '1' }) },
    });
    const taken = await apply(`${MAPS}/m`, 'kubectl', configMap('m', { data: { a: '2', b: '1' } }));
    expect(taken).toMatchObject({ status: 200, json: { data: { a: '2' } } });
    const { annotations } = (taken.json as KubeObject).metadata;
    expect(JSON.parse(Object.values(annotations ?? {})[0]!)).toEqual(configMap('m', { data: { a: '2', b: '1' } }));

    await f.ask('PATCH', `${MAPS}/m?fieldManager=hand`, {
      body: { data: { b: '3' } },
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    expect((await apply(`${MAPS}/m`, 'kubectl', configMap('m', { data: { a: '2', b: '4' } }))).json).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "hand" using v1: .data.b',
    });
  });

  test('what nobody had kept account of belongs to before-first-apply', async () => {
    await f.store.create(
      { group: '', resource: 'configmaps', namespace: 'default', name: 'm' },
      configMap('m', { metadata: { name: 'm', namespace: 'default', uid: 'u' }, data: { a: '1' } }) as KubeObject,
    );
    await f.merge(`${MAPS}/m`, { data: { b: '1' } });
    expect((await f.object(`${MAPS}/m`)).metadata).not.toHaveProperty('managedFields');
    expect((await apply(`${MAPS}/m`, 'a', configMap('m', { data: { a: '2' } }))).json).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
    });
    await apply(`${MAPS}/m`, 'a', configMap('m', { data: { a: '1' } }));
    expect(await owners(`${MAPS}/m`)).toEqual([
      ['a', 'Apply', { 'f:data': { 'f:a': {} } }],
      ['before-first-apply', 'Update', { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } }],
    ]);
  });

  test('a subresource is applied apart, and owns only its own fields', async () => {
    await apply(`${PODS}/p`, 'a', pod({ image: 'nginx' }));
    const body = {
      ...pod({ image: 'other' }),
      status: { conditions: [{ type: 'x.example/Ready', status: 'True' }] },
    };
    const { status } = await apply(`${PODS}/p/status`, 'a', body);
    expect(status).toBe(200);
    expect((await f.object(`${PODS}/p`)).spec).toMatchObject({ containers: [{ image: 'nginx' }] });
    expect(((await owners(`${PODS}/p`)) as unknown[])[1]).toEqual([
      'a/status',
      'Apply',
      {
        'f:status': {
          'f:conditions': { 'k:{"type":"x.example/Ready"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
        },
      },
    ]);
    expect((await apply(`${PODS}/none/status`, 'a', { ...body, metadata: { name: 'none' } })).status).toBe(404);
  });

  test('a custom resource is owned as its schema says', async () => {
    const SIDECARS = '/apis/outfit.dev/v1alpha1/namespaces/default/sidecars';
    const sidecar = {
      kind: 'Sidecar',
      apiVersion: 'outfit.dev/v1alpha1',
      metadata: { name: 's' },
      spec: { a: { b: 1 } },
    };
    expect((await apply(`${SIDECARS}/s`, 'a', sidecar)).status).toBe(201);
    expect(await owners(`${SIDECARS}/s`)).toEqual([
      ['a', 'Apply', { 'f:spec': { 'f:a': { '.': {}, 'f:b': {} }, '.': {} } }],
    ]);
  });

  const refusals: [string, string, unknown, number, string | RegExp][] = [
    [
      'no manager',
      '?fieldManager=',
      configMap('m'),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
    ['no object', '?fieldManager=a', '[]', 400, /^error decoding YAML/],
    ['no YAML', '?fieldManager=a', 'a: [', 400, /^error decoding YAML/],
    [
      'another version',
      '?fieldManager=a',
      { ...configMap('m'), apiVersion: 'v2' },
      400,
      'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1',
    ],
    ['another kind', '?fieldManager=a', { ...configMap('m'), kind: 'Pod' }, 400, 'invalid object type: v1, Kind=Pod'],
    ['another name', '?fieldManager=a', configMap('x'), 400, /does not match the name on the URL/],
    [
      'managedFields',
      '?fieldManager=a',
      configMap('m', { metadata: { name: 'm', managedFields: [] } }),
      400,
      'metadata.managedFields must be nil',
    ],
    [
      'an unknown field',
      '?fieldManager=a',
      configMap('m', { foo: 1 }),
      400,
      'failed to create typed patch object (default/m; v1, Kind=ConfigMap): .foo: field not declared in schema',
    ],
    [
      'a uid of what is not there',
      '?fieldManager=a',
      configMap('m', { metadata: { name: 'm', uid: 'x' } }),
      409,
      /uid mismatch/,
    ],
    ['a wrong type', '?fieldManager=a', configMap('m', { data: 3 }), 422, /cannot unmarshal number/],
  ];
  test.each(refusals)('refuses %s', async (_, query, body, code, message) => {
    const answer = await f.ask('PATCH', `${MAPS}/m${query}`, { body, headers: APPLY });
    const text = (answer.json as Json).message as string;
    expect([answer.status, text]).toEqual([
      code,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
  });

  test.each([
    [
      'the same item twice',
      [{ name: 'c' }, { name: 'c' }],
      /\.spec\.containers: duplicate entries for key \[name="c"\]/,
    ],
    ['an item without its key', [{ image: 'x' }], /\.spec\.containers: element 0: associative list with keys/],
  ])('refuses %s in a list', async (_, containers, message) => {
    const { status, json } = await apply(`${PODS}/p`, 'a', pod({}, { containers }));
    expect(status).toBe(400);
    expect((json as Json).message).toMatch(message);
  });

  test('YAML is read, and a resourceVersion that is old is a conflict', async () => {
    const yaml = (rv: string) =>
      `kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: m\n  resourceVersion: "${rv}"\ndata: {a: "1"}\n`;
    expect((await apply(`${MAPS}/m`, 'a', yaml('7'))).status).toBe(201);
    expect((await apply(`${MAPS}/m`, 'a', yaml('1'))).json).toMatchObject({ code: 409, reason: 'Conflict' });
  });
});
