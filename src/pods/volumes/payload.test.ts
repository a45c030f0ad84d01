import { describe, expect, test } from 'vitest';
import type { PodSpec, Volume } from '../../kube/generated/objects.ts';
import { type PayloadInput, volumePayload } from './payload.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const CONFIG_MAPS = {
  web: { data: { 'index.html': 'hello', '.hidden': 'x' }, binaryData: { logo: base64('\u0001\u0002') } },
  empty: {},
};
const SECRETS = { login: { data: { user: base64('ann'), password: base64('s3cret') } } };

const input = (spec: Partial<PodSpec> = {}, more: Partial<PayloadInput> = {}): PayloadInput => ({
  pod: {
    metadata: {
      name: 'web-0',
      namespace: 'shop',
      uid: 'u-1',
      labels: { tier: 'front', app: 'web' },
      annotations: { note: 'two\nlines "quoted"' },
    },
    spec: {
      containers: [{ name: 'c', resources: { limits: { cpu: '1500m' }, requests: { memory: '64Mi' } } }],
      ...spec,
    },
  },
  lookup: {
    configMap: (name) => CONFIG_MAPS[name as keyof typeof CONFIG_MAPS],
    secret: (name) => SECRETS[name as keyof typeof SECRETS],
  },
  machine: { cpuMillis: 4000, memoryBytes: 2 ** 30, storageBytes: 0, unifiedCgroups: true },
  ...more,
});

/** As `ls -l` and `cat` would show it. */
const shown = (volume: Omit<Volume, 'name'>, of = input()) =>
  Object.fromEntries(
    [...(volumePayload({ name: 'v', ...volume }, of) ?? [])].map(([path, { data, mode, user }]) => [
      path,
      `${mode.toString(8)}${user === undefined ? '' : ` ${user}`} ${data}`,
    ]),
  );

test.each<[string, Omit<Volume, 'name'>, Record<string, string>]>([
  [
    'a configMap: its keys',
    { configMap: { name: 'web', defaultMode: 0o644 } },
    { 'index.html': '644 hello', '.hidden': '644 x', logo: '644 \u0001\u0002' },
  ],
  [
    'chosen keys, under other paths and modes',
    {
      configMap: {
        name: 'web',
        defaultMode: 0o440,
        items: [
          { key: 'index.html', path: 'html/deep/start' },
          { key: 'logo', path: 'logo', mode: 0o400 },
        ],
      },
    },
    { 'html/deep/start': '440 hello', logo: '400 \u0001\u0002' },
  ],
  ['one without data', { configMap: { name: 'empty' } }, {}],
  ['an optional one that is not there', { configMap: { name: 'none', optional: true } }, {}],
  [
    'an optional key that is not there',
    { configMap: { name: 'web', optional: true, items: [{ key: 'none', path: 'p' }] } },
    {},
  ],
  ['a secret', { secret: { secretName: 'login', defaultMode: 0o600 } }, { user: '600 ann', password: '600 s3cret' }],
  ['an optional secret that is not there', { secret: { secretName: 'none', optional: true } }, {}],
  [
    'the downward API',
    {
      downwardAPI: {
        items: [
          { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
          { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
          { path: 'app', fieldRef: { fieldPath: "metadata.labels['app']" } },
          { path: 'none', fieldRef: { fieldPath: "metadata.labels['none']" } },
          { path: 'who/name', mode: 0o400, fieldRef: { fieldPath: 'metadata.name' } },
          { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } },
          { path: 'mem', resourceFieldRef: { containerName: 'c', resource: 'requests.memory', divisor: '1Mi' } },
          { path: 'all', resourceFieldRef: { containerName: 'c', resource: 'limits.memory' } },
        ],
      },
    },
    {
      labels: '644 app="web"\ntier="front"',
      annotations: '644 note="two\\nlines \\"quoted\\""',
      app: '644 web',
      none: '644 ',
      'who/name': '400 web-0',
      cpu: '644 2',
      mem: '644 64',
      all: `644 ${2 ** 30}`,
    },
  ],
  [
    'several sources in one; the later wins',
    {
      projected: {
        defaultMode: 0o444,
        sources: [
          { secret: { name: 'login', items: [{ key: 'user', path: 'a' }] } },
          { configMap: { name: 'web', items: [{ key: 'index.html', path: 'b' }] } },
          { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.uid' } }] } },
          { configMap: { name: 'none', optional: true } },
        ],
      },
    },
    { a: '444 u-1', b: '444 hello' },
  ],
])('%s', (_, volume, files) => {
  expect(shown(volume)).toEqual(files);
});

describe('what is missing is told as the kubelet tells it', () => {
  test.each<[Omit<Volume, 'name'>, string]>([
    [{ configMap: { name: 'none' } }, 'configmap "none" not found'],
    [{ configMap: { name: 'web', items: [{ key: 'k', path: 'k' }] } }, 'references non-existent config key: k'],
    [{ secret: { secretName: 'none' } }, 'secret "none" not found'],
    [{ secret: { secretName: 'login', items: [{ key: 'k', path: 'k' }] } }, 'references non-existent secret key: k'],
    [{ projected: { sources: [{ secret: { name: 'none' } }] } }, 'secret "none" not found'],
    [
      { downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'status.podIP' } }] } },
      'unsupported fieldPath: status.podIP',
    ],
    [
      { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      'service account tokens are not given by this node',
    ],
    [
      { configMap: { name: 'web', items: [{ key: 'logo', path: '../up' }] } },
      'invalid path: must be relative and stay inside: "../up"',
    ],
  ])('%j: %s', (volume, message) => {
    expect(() => shown(volume)).toThrow(message);
  });
});

describe('a token of the service account', () => {
  const asked: unknown[] = [];
  const token = (...request: unknown[]) => {
    asked.push(request);
    return 't0ken';
  };
  const volume = {
    projected: {
      defaultMode: 0o644,
      sources: [{ serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 600 } }],
    },
  };

  test.each<[string, Partial<PodSpec>, string]>([
    ['is readable by everybody in the Pod', {}, '644 t0ken'],
    ['belongs to the user that all containers run as', { securityContext: { runAsUser: 1000 } }, '600 1000 t0ken'],
    ['is for the group where there is one', { securityContext: { fsGroup: 7 } }, '600 t0ken'],
    [
      'is for nobody in particular where users differ',
      {
        securityContext: { runAsUser: 1 },
        containers: [{ name: 'a' }, { name: 'b', securityContext: { runAsUser: 2 } }],
      },
      '644 t0ken',
    ],
  ])('%s', (_, spec, file) => {
    expect(shown(volume, input(spec, { token }))).toEqual({ token: file });
    expect(asked.pop()).toEqual(['vault', 600]);
  });
});

test('other kinds have no such files', () => {
  expect(volumePayload({ name: 'v', emptyDir: {} }, input())).toBeUndefined();
});
