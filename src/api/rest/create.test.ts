import { beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { ApiServerOptions } from '../api-server.ts';
import type { InMemoryOptions } from '../in-memory.ts';
import { configMap, type Fixture, MAPS, PODS, podManifest, startApi } from './fixture.ts';

let f: Fixture;

beforeEach(async () => {
  f = await startApi();
});

describe('create', () => {
  test('answers 201 with what is stored: defaults, identity, admission, status', async () => {
    const { status, json } = await f.post(PODS, {
      ...podManifest('p'),
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
    expect(await f.object(`${PODS}/p`)).toEqual(json);
  });

  const refusals: [string, string, unknown, InMemoryOptions, number, string | RegExp][] = [
    ['an absent namespace', '/api/v1/namespaces/nope/pods', podManifest('p'), {}, 404, 'namespaces "nope" not found'],
    [
      'all namespaces',
      '/api/v1/pods',
      podManifest('p'),
      {},
      405,
      'the server does not allow this method on the requested resource',
    ],
    ['a named object', `${PODS}/p`, podManifest('p'), {}, 405, /does not allow this method/],
    [
      'another namespace',
      PODS,
      podManifest('p', { metadata: { name: 'p', namespace: 'x' } }),
      {},
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a resourceVersion',
      PODS,
      podManifest('p', { metadata: { name: 'p', resourceVersion: '1' } }),
      {},
      400,
      'resourceVersion should not be set on objects to be created',
    ],
    ['another kind', PODS, configMap('p'), {}, 400, /ConfigMap in version "v1" cannot be handled as a Pod/],
    ['no name', MAPS, configMap(''), {}, 422, /name or generateName is required/],
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
      'protobuf that is none',
      PODS,
      podManifest('p'),
      { headers: { 'Content-Type': 'application/vnd.kubernetes.protobuf' } },
      400,
      /^the object provided is unrecognized \(must be of type Pod\): .* expected prefix \[107 56 115 0\]/,
    ],
    [
      'protobuf of a kind that has no message',
      '/apis/outfit.dev/v1alpha1/namespaces/default/sidecars',
      Buffer.from('k8s\0'),
      { headers: { 'Content-Type': 'application/vnd.kubernetes.protobuf' } },
      415,
      /no protobuf message is known for outfit.dev\/v1alpha1, Kind=Sidecar/,
    ],
    [
      'an unknown service account',
      PODS,
      podManifest('p', { spec: { containers: [{ name: 'c', image: 'i' }], serviceAccountName: 'nope' } }),
      {},
      403,
      'pods "p" is forbidden: error looking up service account default/nope: serviceaccount "nope" not found',
    ],
    [
      'an unknown dryRun',
      `${PODS}?dryRun=Some`,
      podManifest('p'),
      {},
      422,
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: "Some": supported values: "All"',
    ],
    [
      'an unknown fieldValidation',
      `${PODS}?fieldValidation=Maybe`,
      podManifest('p'),
      {},
      422,
      /fieldValidation: Unsupported value: "Maybe": supported values: "Ignore", "Strict", "Warn"/,
    ],
    [
      'an answer that cannot be given',
      PODS,
      podManifest('p'),
      { headers: { Accept: 'text/html' } },
      406,
      /only the following media types are accepted/,
    ],
  ];
  test.each(refusals)('refuses %s', async (_, url, body, options, code, message) => {
    const answer = await f.post(url, body, options);
    expect(answer.status).toBe(code);
    expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code });
    const text = (answer.json as { message: string }).message;
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect(await f.names(PODS)).toEqual([]);
  });

  test('a taken name is a conflict', async () => {
    await f.post(MAPS, configMap('m'));
    expect(await f.post(MAPS, configMap('m'))).toMatchObject({
      status: 409,
      json: { reason: 'AlreadyExists', message: 'configmaps "m" already exists' },
    });
    expect((await f.post(`${MAPS}?dryRun=All`, configMap('m'))).status).toBe(409);
  });

  test('generateName makes a name, and says when none is free', async () => {
    const body = { ...configMap(''), metadata: { generateName: 'm-' } };
    const first = await f.post(MAPS, body);
    expect((first.json as KubeObject).metadata.name).toMatch(/^m-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(await f.post(MAPS, body)).toMatchObject({
      status: 409,
      json: { message: expect.stringContaining('the server was not able to generate a unique name for the object') },
    });
  });

  test('unknown and repeated fields are refused, warned of or dropped', async () => {
    const text =
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"m"},"dta":{},"data":{"a":"1"},"data":{"a":"2"}}';
    const strict = await f.post(`${MAPS}?fieldValidation=Strict`, text);
    expect(strict).toMatchObject({
      status: 400,
      json: {
        message:
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta", duplicate field "data"',
      },
    });
    const warned = await f.post(`${MAPS}?dryRun=All`, text);
    expect(warned.headers.Warning).toEqual(['299 - "unknown field \\"dta\\""', '299 - "duplicate field \\"data\\""']);
    const ignored = await f.post(`${MAPS}?fieldValidation=Ignore`, text);
    expect(ignored.headers.Warning).toBeUndefined();
    expect(ignored.json).toMatchObject({ data: { a: '2' } });
    expect(ignored.json).not.toHaveProperty('dta');
  });

  test('dryRun answers what would be and writes nothing', async () => {
    const before = f.store.revision;
    expect(await f.post(`${PODS}?dryRun=All`, podManifest('p'))).toMatchObject({
      status: 201,
      json: { metadata: { name: 'p' } },
    });
    expect(f.store.revision).toBe(before);
  });

  test('YAML is as good as JSON', async () => {
    const text = 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: m}\ndata: {a: "1"}\n';
    const answer = await f.post(MAPS, text, {
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
    f = await startApi({
      admit,
      warningsFor: (_, { resource }) => (resource === 'pods' ? ['spec.x: not honoured'] : []),
    });
    const good = await f.post(PODS, podManifest('p'));
    expect(good).toMatchObject({ status: 201, json: { metadata: { labels: { seen: 'yes' } } } });
    expect(good.headers.Warning).toEqual(['299 - "spec.x: not honoured"']);
    expect(await f.post(PODS, podManifest('bad'))).toMatchObject({ status: 403, json: { message: 'not this one' } });
  });
});
