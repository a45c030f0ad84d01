import { describe, expect, test } from 'vitest';
import { notSupported } from '../../kube/field-errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { type Fixture, type Json, startApi } from '../rest/fixture.ts';
import type { CustomKind } from './custom-kind.ts';
import { prune, type StructuralSchema } from './structural.ts';

const SCHEMA: StructuralSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        joins: { type: 'string', default: 'Always' },
        free: { 'x-kubernetes-preserve-unknown-fields': true },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        list: { type: 'array', items: { type: 'object', properties: { a: { type: 'integer' } } } },
      },
    },
    status: { type: 'object', properties: { joined: { type: 'integer' } } },
  },
};

describe('prune', () => {
  test.each<[string, unknown, unknown, string[]]>([
    ['defaults', { spec: {} }, { spec: { joins: 'Always' } }, []],
    ['a default is not put over a value', { spec: { joins: 'No' } }, { spec: { joins: 'No' } }, []],
    ['null is absent', { spec: { joins: null, free: null } }, { spec: { joins: 'Always' } }, []],
    ['an unknown field goes', { spec: { joins: 'A', jions: 'B' } }, { spec: { joins: 'A' } }, ['spec.jions']],
    [
      'in lists, too',
      { spec: { joins: 'A', list: [{ a: 1 }, { b: 2 }] } },
      { spec: { joins: 'A', list: [{ a: 1 }, {}] } },
      ['spec.list[1].b'],
    ],
    [
      'maps have any keys',
      { spec: { joins: 'A', labels: { x: 'y' } } },
      { spec: { joins: 'A', labels: { x: 'y' } } },
      [],
    ],
    [
      'where anything goes',
      { spec: { joins: 'A', free: { x: [{ y: 1 }] } } },
      { spec: { joins: 'A', free: { x: [{ y: 1 }] } } },
      [],
    ],
    ['a wrong type stays, for validation', { spec: { joins: 5, list: 'no' } }, { spec: { joins: 5, list: 'no' } }, []],
    [
      'a field named as the prototype',
      { spec: { joins: 'A', labels: JSON.parse('{"__proto__":"x"}') } },
      { spec: { joins: 'A', labels: JSON.parse('{"__proto__":"x"}') } },
      [],
    ],
  ])('%s', (_, value, kept, unknown) => {
    expect(prune(SCHEMA, value)).toEqual({ value: kept, unknown });
  });
});

const SIDECARS = '/apis/outfit.dev/v1alpha1/namespaces/default/sidecars';

const CUSTOM: CustomKind = {
  schema: SCHEMA,
  check: ({ spec, status }, previous) => {
    const { joins } = spec as { joins: string };
    const { joined } = (status ?? {}) as { joined?: number };
    return {
      errors: [
        ...(joins === 'Never' ? [notSupported('spec.joins', joins, ['Always'])] : []),
        ...(joined === -1 ? [notSupported('status.joined', joined, [])] : []),
      ],
      warnings: joins === 'Sometimes' ? ['spec.joins: think again', ...(previous ? ['it was there before'] : [])] : [],
    };
  },
};

const sidecar = (spec: Json = {}, more: Json = {}): Json => ({
  apiVersion: 'outfit.dev/v1alpha1',
  kind: 'Sidecar',
  metadata: { name: 'hello' },
  spec,
  ...more,
});

const start = (): Promise<Fixture> => startApi({ customKinds: { 'sidecars.outfit.dev': CUSTOM } });

describe('a custom resource', () => {
  test('is created with defaults, generation 1 and no status of the client', async () => {
    const { post } = await start();
    const { status, json } = await post(SIDECARS, sidecar({ labels: { a: 'b' } }, { status: { joined: 7 } }));
    expect({ status, json }).toMatchObject({
      status: 201,
      json: {
        kind: 'Sidecar',
        metadata: { name: 'hello', generation: 1 },
        spec: { joins: 'Always', labels: { a: 'b' } },
      },
    });
    expect(json).not.toHaveProperty('status');
  });

  test('an unknown field is refused, warned of or dropped', async () => {
    const { post } = await start();
    const send = (name: string, validation: string) =>
      post(`${SIDECARS}?fieldValidation=${validation}`, sidecar({ jions: 'A' }, { metadata: { name, lables: {} } }));
    expect((await send('a', 'Strict')).json).toMatchObject({
      code: 400,
      message:
        'Sidecar in version "v1alpha1" cannot be handled as a Sidecar: strict decoding error: unknown field "metadata.lables", unknown field "spec.jions"',
    });
    const warned = await send('b', 'Warn');
    expect(warned.headers.Warning).toEqual([
      '299 - "unknown field \\"metadata.lables\\""',
      '299 - "unknown field \\"spec.jions\\""',
    ]);
    expect((warned.json as KubeObject).spec).toEqual({ joins: 'Always' });
    const ignored = await send('c', 'Ignore');
    expect(ignored).toMatchObject({ status: 201, json: { spec: { joins: 'Always' } } });
    expect(ignored.headers.Warning).toBeUndefined();
  });

  test('what its rules refuse is 422, what they warn of is a warning', async () => {
    const { post, merge } = await start();
    expect((await post(SIDECARS, sidecar({ joins: 'Never' }))).json).toMatchObject({
      code: 422,
      message:
        'Sidecar.outfit.dev "hello" is invalid: spec.joins: Unsupported value: "Never": supported values: "Always"',
      details: { group: 'outfit.dev', kind: 'Sidecar', causes: [{ field: 'spec.joins' }] },
    });
    const made = await post(SIDECARS, sidecar({ joins: 'Sometimes' }));
    expect(made.headers.Warning).toEqual(['299 - "spec.joins: think again"']);
    const labelled = await merge(`${SIDECARS}/hello`, { metadata: { labels: { a: 'b' } } });
    expect(labelled.headers.Warning).toContain('299 - "it was there before"');
  });

  test.each<[string, Json, number, string]>([
    ['no kind', { metadata: { name: 'x' } }, 400, `Object 'Kind' is missing in '{"metadata":{"name":"x"}}'`],
    [
      'another version',
      { kind: 'Sidecar', apiVersion: 'v1' },
      400,
      'the API version in the data (v1) does not match the expected API version (outfit.dev/v1alpha1)',
    ],
    [
      'another kind',
      { kind: 'ClusterSidecar', apiVersion: 'outfit.dev/v1alpha1' },
      422,
      'Sidecar.outfit.dev "" is invalid: kind: Invalid value: "ClusterSidecar": must be Sidecar',
    ],
    [
      'metadata of a wrong type',
      sidecar({}, { metadata: { name: 5 } }),
      400,
      'Sidecar in version "v1alpha1" cannot be handled as a Sidecar: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    ],
  ])('%s', async (_, body, code, message) => {
    const { post } = await start();
    expect((await post(SIDECARS, body)).json).toMatchObject({ code, message });
  });

  test('its name is a label', async () => {
    const { post } = await start();
    expect((await post(SIDECARS, sidecar({}, { metadata: { name: 'a.b' } }))).json).toMatchObject({
      code: 422,
      message: 'Sidecar.outfit.dev "a.b" is invalid: metadata.name: Invalid value: "a.b": must not contain dots',
    });
  });

  test('a change of spec counts the generation up; a change of status does not, and has a place of its own', async () => {
    const { post, merge } = await start();
    await post(SIDECARS, sidecar());
    expect((await merge(`${SIDECARS}/hello`, { spec: { joins: 'A' }, status: { joined: 3 } })).json).toMatchObject({
      metadata: { generation: 2 },
      spec: { joins: 'A' },
    });
    const counted = await merge(`${SIDECARS}/hello/status`, { spec: { joins: 'B' }, status: { joined: 3 } });
    expect(counted.json).toMatchObject({ metadata: { generation: 2 }, spec: { joins: 'A' }, status: { joined: 3 } });
    expect((await merge(`${SIDECARS}/hello/status`, { status: { joined: -1 } })).json).toMatchObject({ code: 422 });
  });

  test('takes no strategic merge patch, and no PUT without the version that it replaces', async () => {
    const { post, ask } = await start();
    await post(SIDECARS, sidecar());
    const headers = { 'Content-Type': 'application/strategic-merge-patch+json' };
    expect((await ask('PATCH', `${SIDECARS}/hello`, { body: {}, headers })).json).toMatchObject({
      code: 415,
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    });
    expect((await ask('PUT', `${SIDECARS}/hello`, { body: sidecar() })).json).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'metadata.resourceVersion' }] },
    });
  });

  test('one without rules is kept as it comes', async () => {
    const { post } = await start();
    const body = { ...sidecar({ any: ['thing'] }), kind: 'ClusterSidecar' };
    const { status, json } = await post('/apis/outfit.dev/v1alpha1/clustersidecars', body);
    expect({ status, json }).toMatchObject({ status: 201, json: { spec: { any: ['thing'] } } });
  });

  test('goes with its namespace', async () => {
    const { post, remove, get, store } = await start();
    await post('/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'shop' } });
    const place = '/apis/outfit.dev/v1alpha1/namespaces/shop/sidecars';
    expect((await post(place, sidecar())).status).toBe(201);
    await remove('/api/v1/namespaces/shop');
    await expect
      .poll(() => store.get({ group: '', resource: 'namespaces', namespace: '', name: 'shop' }))
      .toBeUndefined();
    expect((await get(place)).json).toMatchObject({ items: [] });
  });
});

describe('admission', () => {
  test('may warn, and what is computed from the object comes after it', async () => {
    const { post } = await startApi({
      admit: (object, { resource, warn }) => {
        if (resource.resource !== 'pods') return object;
        warn('a container joins');
        const resources = { limits: { cpu: '1', memory: '1Gi' } };
        return { ...object, spec: { ...(object.spec as object), containers: [{ name: 'c', image: 'i', resources }] } };
      },
    });
    const pod = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const { headers, json } = await post('/api/v1/namespaces/default/pods', pod);
    expect(headers.Warning).toEqual(['299 - "a container joins"']);
    expect(json).toMatchObject({ status: { qosClass: 'Guaranteed' } });
  });
});
