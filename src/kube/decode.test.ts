import { describe, expect, test } from 'vitest';
import { decodeObject, strictDecodingError } from './decode.ts';
import { findResource, type Resource } from './resources.ts';

const PODS = findResource('', 'v1', 'pods') as Resource;
const SECRETS = findResource('', 'v1', 'secrets') as Resource;

const spec = (spec: unknown) => ({ apiVersion: 'v1', kind: 'Pod', spec });
const container = (container: object) => spec({ containers: [{ name: 'c', ...container }] });

describe('what is kept of a good object', () => {
  test('kind and apiVersion of the resource, where the client leaves them out', () => {
    expect(decodeObject(PODS, { metadata: { name: 'web' } }).object).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'web' },
    });
  });

  test('null and {} bodies decode', () => {
    expect(decodeObject(PODS, null).object).toEqual({ kind: 'Pod', apiVersion: 'v1', metadata: {} });
    expect(decodeObject(PODS, {}).object).toEqual({ kind: 'Pod', apiVersion: 'v1', metadata: {} });
  });

  test('the canonical form of quantities and times', () => {
    const { object } = decodeObject(PODS, {
      metadata: { creationTimestamp: '2024-01-01T02:00:00+02:00' },
      ...container({ resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }),
    });
    expect(object).toMatchObject({
      metadata: { creationTimestamp: '2024-01-01T00:00:00Z' },
      spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1Gi' } } }] },
    });
  });

  test('nothing of what Go leaves out when empty, but what a pointer says', () => {
    const { object } = decodeObject(PODS, {
      metadata: { creationTimestamp: null, labels: {}, annotations: null, generateName: '' },
      ...spec({
        hostNetwork: false,
        automountServiceAccountToken: false,
        nodeName: '',
        nodeSelector: {},
        volumes: [{ name: 'v', emptyDir: {} }],
        initContainers: [],
        containers: [{ name: '', args: [], tty: false, securityContext: { runAsUser: 0, privileged: false } }],
        terminationGracePeriodSeconds: 0,
      }),
    });
    expect(object).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {},
      spec: {
        automountServiceAccountToken: false,
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [{ name: '', securityContext: { runAsUser: 0, privileged: false } }],
        terminationGracePeriodSeconds: 0,
      },
    });
  });

  test('null in a list is an empty element', () => {
    expect(decodeObject(PODS, container({ args: ['a', null] })).object).toMatchObject({
      spec: { containers: [{ args: ['a', ''] }] },
    });
  });

  test('a null probe time of a condition', () => {
    const body = { status: { conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null }] } };
    expect(decodeObject(PODS, body).object.status).toEqual(body.status);
  });

  test('keys that JavaScript finds special are labels like others', () => {
    const body = JSON.parse('{"metadata": {"labels": {"__proto__": "x", "constructor": "y"}}}');
    expect(JSON.stringify(decodeObject(PODS, body).object.metadata.labels)).toBe('{"__proto__":"x","constructor":"y"}');
  });
});

describe('unknown fields', () => {
  test('are dropped and listed, with indices, in the order of the document', () => {
    const { object, strictErrors } = decodeObject(PODS, {
      ...spec({ containers: [{ name: 'c', imagee: 'nginx', env: [{ name: 'A', vale: 1 }] }], restart: 'Never' }),
      extra: {},
    });
    expect(strictErrors).toEqual([
      'unknown field "spec.containers[0].imagee"',
      'unknown field "spec.containers[0].env[0].vale"',
      'unknown field "spec.restart"',
      'unknown field "extra"',
    ]);
    expect(object).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {},
      spec: { containers: [{ name: 'c', env: [{ name: 'A' }] }] },
    });
  });

  test('of JavaScript objects are unknown too', () => {
    expect(decodeObject(PODS, { toString: 1 }).strictErrors).toEqual(['unknown field "toString"']);
  });

  test('are refused by strict validation', () => {
    expect(strictDecodingError(PODS, ['unknown field "spec.foo"', 'unknown field "bar"'])).toMatchObject({
      reason: 'BadRequest',
      message:
        'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo", unknown field "bar"',
    });
  });
});

describe('what cannot be a Pod', () => {
  const UNRECOGNIZED =
    "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal";
  const NOT_A_POD = 'Pod in version "v1" cannot be handled as a Pod:';
  const FIELD = `${NOT_A_POD} json: cannot unmarshal`;
  test.each<[string, unknown, string]>([
    [
      'a list',
      [],
      `${UNRECOGNIZED} array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
    ],
    [
      'a kind that is no text',
      { kind: 3 },
      `${UNRECOGNIZED} number into Go struct field .kind of type string ({"kind":3})`,
    ],
    [
      'another kind',
      { apiVersion: 'v1', kind: 'ConfigMap' },
      'ConfigMap in version "v1" cannot be handled as a Pod: converting (v1.ConfigMap) to (core.Pod): unknown conversion',
    ],
    [
      'an unknown kind',
      { apiVersion: 'apps/v1', kind: 'Pod' },
      'Pod in version "v1" cannot be handled as a Pod: no kind "Pod" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'a text for a list (the article)',
      container({ volumeMounts: 'var-logs' }),
      `${FIELD} string into Go struct field Container.spec.containers.volumeMounts of type []v1.VolumeMount`,
    ],
    ['a text for an object', spec('x'), `${FIELD} string into Go struct field Pod.spec of type v1.PodSpec`],
    [
      'a text for a number',
      container({ ports: [{ containerPort: '80' }] }),
      `${FIELD} string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
    ],
    [
      'a fraction',
      spec({ terminationGracePeriodSeconds: 1.5 }),
      `${FIELD} number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64`,
    ],
    [
      'too large a number',
      container({ ports: [{ containerPort: 9999999999 }] }),
      `${FIELD} number 9999999999 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
    ],
    [
      'a number for a text',
      container({ env: [{ name: 'A', value: 1 }] }),
      `${FIELD} number into Go struct field EnvVar.spec.containers.env.value of type string`,
    ],
    [
      'a number for a word',
      container({ imagePullPolicy: 1 }),
      `${FIELD} number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy`,
    ],
    [
      'a text for a truth',
      spec({ hostNetwork: 'true' }),
      `${FIELD} string into Go struct field PodSpec.spec.hostNetwork of type bool`,
    ],
    [
      'a label that is no text',
      { metadata: { labels: { a: true } } },
      `${FIELD} bool into Go struct field ObjectMeta.metadata.labels of type string`,
    ],
    [
      'a list of labels',
      { metadata: { labels: [] } },
      `${FIELD} array into Go struct field ObjectMeta.metadata.labels of type map[string]string`,
    ],
    [
      'amounts that are no map',
      container({ resources: { limits: 'x' } }),
      `${FIELD} string into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList`,
    ],
    [
      'a port that is neither',
      container({ livenessProbe: { tcpSocket: { port: true } } }),
      `${FIELD} bool into Go struct field TCPSocketAction.spec.containers.livenessProbe.tcpSocket.port of type int32`,
    ],
    [
      'a wrong quantity',
      container({ resources: { limits: { cpu: 'x' } } }),
      `${NOT_A_POD} quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    [
      'a wrong time',
      { metadata: { creationTimestamp: 'x' } },
      `${NOT_A_POD} parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"`,
    ],
    [
      'a number for a time',
      { metadata: { creationTimestamp: 1 } },
      `${FIELD} number into Go struct field ObjectMeta.metadata.creationTimestamp of type string`,
    ],
    [
      'the first of two faults',
      spec({ hostNetwork: 1, containers: 2 }),
      `${FIELD} number into Go struct field PodSpec.spec.hostNetwork of type bool`,
    ],
    [
      'a fault before a wrong quantity, which ends the reading',
      { ...container({ stdin: 1, resources: { limits: { cpu: 'x' } } }) },
      `${NOT_A_POD} quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
  ])('%s', (_, body, message) => {
    expect(() => decodeObject(PODS, body)).toThrow(expect.objectContaining({ reason: 'BadRequest', message }));
  });

  test('data that is no base64', () => {
    expect(() => decodeObject(SECRETS, { data: { a: 'x y' } })).toThrow(
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 1',
    );
  });

  test('a document as deep as a client likes', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = { a: deep };
    expect(() => decodeObject(PODS, { spec: deep })).toThrow('exceeded max depth');
  });
});
