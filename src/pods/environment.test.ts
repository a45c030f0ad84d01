import { describe, expect, test } from 'vitest';
import type { ConfigMap, Container, Pod, Secret } from '../kube/generated/objects.ts';
import { ConfigError } from './config-error.ts';
import { environment, expandCommand } from './environment.ts';

const CONFIG_MAPS: Record<string, ConfigMap> = {
  cfg: { metadata: { name: 'cfg' }, data: { COLOR: 'red', SIZE: 'xl' } },
  empty: { metadata: { name: 'empty' } },
};
const SECRETS: Record<string, Secret> = {
  sec: { metadata: { name: 'sec' }, data: { PASSWORD: Buffer.from('s3cret\n').toString('base64') } },
  binary: { metadata: { name: 'binary' }, data: { KEY: Buffer.from([1, 0, 2]).toString('base64') } },
};
const POD: Pod = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u-1',
    labels: { app: 'web', 'example.com/tier': 'front' },
    annotations: { note: 'hello' },
  },
  spec: {
    nodeName: 'node1',
    serviceAccountName: 'default',
    containers: [
      { name: 'c' },
      {
        name: 'other',
        resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '1500m', memory: '128Mi' } },
      },
    ],
  },
};

function variablesOf(container: Partial<Container>, api?: { host: string; port: number }): [string, string][] {
  return [
    ...environment({
      pod: POD,
      container: { name: 'c', ...container },
      podIPs: ['10.88.0.7', 'fd00::7'],
      hostIPs: ['192.0.2.1'],
      nodeName: 'node1',
      machine: { cpuMillis: 2000, memoryBytes: 4 * 2 ** 30, storageBytes: 10 * 2 ** 30, unifiedCgroups: false },
      lookup: { configMap: (name) => CONFIG_MAPS[name], secret: (name) => SECRETS[name] },
      ...(api && { api }),
    }),
  ];
}
const field = (fieldPath: string) => ({ name: 'V', valueFrom: { fieldRef: { fieldPath } } });
const resource = (resource: string, more = {}) => ({
  name: 'V',
  valueFrom: { resourceFieldRef: { resource, ...more } },
});

describe('the environment of a container', () => {
  test.each<[string, Partial<Container>, [string, string][]]>([
    ['is empty without env', {}, []],
    [
      'takes values as they are',
      { env: [{ name: 'A', value: '1' }, { name: 'B' }] },
      [
        ['A', '1'],
        ['B', ''],
      ],
    ],
    [
      'lets a value use earlier variables only',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '$(A)$(C)' },
          { name: 'C', value: '3' },
        ],
      },
      [
        ['A', '1'],
        ['B', '1$(C)'],
        ['C', '3'],
      ],
    ],
    [
      'lets the last of one name win',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '$(A)2' },
        ],
      },
      [['A', '12']],
    ],
    [
      'puts envFrom before env, with its prefix',
      {
        env: [
          { name: 'APP_COLOR', value: 'blue' },
          { name: 'USES', value: '$(APP_SIZE)' },
        ],
        envFrom: [{ prefix: 'APP_', configMapRef: { name: 'cfg' } }, { secretRef: { name: 'sec' } }],
      },
      [
        ['APP_COLOR', 'blue'],
        ['APP_SIZE', 'xl'],
        ['PASSWORD', 's3cret\n'],
        ['USES', 'xl'],
      ],
    ],
    [
      'leaves out optional references that lead nowhere',
      {
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'K', optional: true } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 'sec', key: 'none', optional: true } } },
        ],
        envFrom: [{ configMapRef: { name: 'none', optional: true } }, { configMapRef: { name: 'empty' } }],
      },
      [],
    ],
    [
      'reads keys of ConfigMaps and Secrets',
      {
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'COLOR' } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 'sec', key: 'PASSWORD' } } },
        ],
      },
      [
        ['A', 'red'],
        ['B', 's3cret\n'],
      ],
    ],
  ])('%s', (_, container, variables) => {
    expect(variablesOf(container)).toEqual(variables);
  });
});

describe('the downward API in an environment', () => {
  test.each([
    ['metadata.name', 'web'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'u-1'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['example.com/tier']", 'front'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'hello'],
    ['spec.nodeName', 'node1'],
    ['spec.serviceAccountName', 'default'],
    ['status.hostIP', '192.0.2.1'],
    ['status.hostIPs', '192.0.2.1'],
    ['status.podIP', '10.88.0.7'],
    ['status.podIPs', '10.88.0.7,fd00::7'],
  ])('%s is %j', (path, value) => {
    expect(variablesOf({ env: [field(path)] })).toEqual([['V', value]]);
  });

  test.each<[string, object, string]>([
    ['limits.cpu', { containerName: 'other' }, '2'],
    ['limits.cpu', { containerName: 'other', divisor: '1m' }, '1500'],
    ['limits.memory', { containerName: 'other', divisor: '1Mi' }, '128'],
    ['limits.memory', { containerName: 'other', divisor: '100Mi' }, '2'],
    ['limits.memory', { containerName: 'other', divisor: '0' }, '134217728'],
    ['requests.cpu', { containerName: 'other', divisor: '1m' }, '250'],
    ['requests.memory', { containerName: 'other' }, '67108864'],
    ['limits.cpu', {}, '2'],
    ['limits.memory', { divisor: '1Gi' }, '4'],
    ['limits.ephemeral-storage', { divisor: '1Gi' }, '10'],
    ['requests.cpu', {}, '0'],
  ])('%s %j is %s', (name, more, value) => {
    expect(variablesOf({ env: [resource(name, more)] })).toEqual([['V', value]]);
  });
});

describe('what is missing or makes no sense is a ConfigError', () => {
  test.each<[Partial<Container>, string]>([
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'K' } } }] },
      'configmap "none" not found',
    ],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'K' } } }] },
      "couldn't find key K in ConfigMap shop/cfg",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'sec', key: 'toString' } } }] },
      "couldn't find key toString in Secret shop/sec",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'binary', key: 'KEY' } } }] },
      'key KEY of Secret shop/binary holds a zero byte, which no environment can carry',
    ],
    [{ env: [field('metadata.labels')] }, 'unsupported fieldPath: metadata.labels'],
    [{ env: [resource('limits.cpu', { containerName: 'none' })] }, 'container none not found'],
  ])('%j: %s', (container, message) => {
    expect(() => variablesOf(container)).toThrow(new ConfigError(message));
  });
});

test('command and args see the whole environment; the shell keeps its own $(…)', () => {
  const variables = new Map([['WHO', 'me']]);
  const container = { name: 'c', command: ['/bin/$(WHO)'], args: ['-c', 'echo $(date -u) $$(WHO) $(WHO)'] };
  expect(expandCommand(container, variables)).toEqual({
    command: ['/bin/me'],
    args: ['-c', 'echo $(date -u) $(WHO) me'],
  });
});

test('where the API can be reached its place lies under all else', () => {
  const env = [
    { name: 'URL', value: 'https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)' },
    { name: 'KUBERNETES_PORT', value: 'mine' },
  ];
  const url = 'tcp://10.205.0.1:7443';
  expect(Object.fromEntries(variablesOf({ env }, { host: '10.205.0.1', port: 7443 }))).toEqual({
    KUBERNETES_SERVICE_HOST: '10.205.0.1',
    KUBERNETES_SERVICE_PORT: '7443',
    KUBERNETES_SERVICE_PORT_HTTPS: '7443',
    KUBERNETES_PORT: 'mine',
    KUBERNETES_PORT_443_TCP: url,
    KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
    KUBERNETES_PORT_443_TCP_PORT: '7443',
    KUBERNETES_PORT_443_TCP_ADDR: '10.205.0.1',
    URL: 'https://10.205.0.1:7443',
  });
  expect(variablesOf({ env })).toEqual([
    ['URL', 'https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)'],
    ['KUBERNETES_PORT', 'mine'],
  ]);
});
