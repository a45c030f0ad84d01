import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../client/resources.ts';
import { type Change, planChanges } from './plan-changes.ts';
import type { Wanted } from './wanted.ts';

const resource = (name: string, kind: string, namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  name,
  kind,
  namespaced,
  aliases: [],
});
const wanted = (of: Resource, object: Partial<KubeObject>): Wanted => {
  const metadata = { name: 'web', ...object.metadata };
  return {
    resource: of,
    namespace: of.namespaced ? 'default' : '',
    name: metadata.name,
    label: `${of.kind.toLowerCase()}/${metadata.name}`,
    object: { kind: of.kind, ...object, metadata },
    source: 'web.yaml:1:1',
    finishes: false,
  };
};
const app = { name: 'app', image: 'nginx:1', command: ['run'] };
const native = { name: 'native', image: 'proxy:1', restartPolicy: 'Always' };
const init = { name: 'prepare', image: 'tool:1' };
const base = { initContainers: [native, init], containers: [app] };
const pod = (spec: object = {}, metadata: object = {}): Wanted =>
  wanted(resource('pods', 'Pod'), { spec: { ...base, ...spec }, metadata: { name: 'web', ...metadata } });
const configMap = (data: object): Wanted => wanted(resource('configmaps', 'ConfigMap'), { data });
const namespace = (name: string): Wanted => wanted(resource('namespaces', 'Namespace', false), { metadata: { name } });
const settings = (data: object): Wanted =>
  wanted(resource('configmaps', 'ConfigMap'), { data, metadata: { name: 'settings' } });

/** A change as one line. */
const told = (change: Change): string => {
  const { action, wanted: one } = change;
  if (action === 'patch') return `patch ${one.label} ${JSON.stringify(change.patch)} (${change.field})`;
  return action === 'replace' ? `replace ${one.label}: ${change.reason}` : `${action} ${one.label}`;
};
const plan = (before: Wanted[], after: Wanted[]): string[] => planChanges(before, after).map(told);

describe('the way from what runs to what is wanted', () => {
  test('everything is created in the order in which objects need each other', () => {
    const all = [pod(), configMap({}), namespace('team')];
    expect(plan([], all)).toEqual(['create namespace/team', 'create configmap/web', 'create pod/web']);
  });

  test('what goes, goes first, and the other way round', () => {
    expect(plan([namespace('team'), configMap({}), pod()], [])).toEqual([
      'delete pod/web',
      'delete configmap/web',
      'delete namespace/team',
    ]);
  });

  test.each([
    { what: 'nothing', after: pod(), change: 'keep pod/web' },
    {
      what: 'an image',
      after: pod({ containers: [{ ...app, image: 'nginx:2' }] }),
      change: 'patch pod/web {"spec":{"containers":[{"name":"app","image":"nginx:2"}]}} (spec.containers[app].image)',
    },
    {
      what: 'the image of a native sidecar',
      after: pod({ initContainers: [{ ...native, image: 'proxy:2' }, init] }),
      change:
        'patch pod/web {"spec":{"initContainers":[{"name":"native","image":"proxy:2"}]}} (spec.initContainers[native].image)',
    },
    {
      what: 'the image of an init container, which would not run again',
      after: pod({ initContainers: [native, { ...init, image: 'tool:2' }] }),
      change: 'replace pod/web: spec.initContainers[prepare].image changed',
    },
    {
      what: 'labels and annotations',
      after: pod({}, { labels: { tier: 'web' }, annotations: { note: 'x' } }),
      change: 'patch pod/web {"metadata":{"labels":{"tier":"web"},"annotations":{"note":"x"}}} (metadata.labels)',
    },
    {
      what: 'a command',
      after: pod({ containers: [{ ...app, command: ['walk'] }] }),
      change: 'replace pod/web: spec.containers[app].command[0] changed',
    },
    {
      what: 'a container more',
      after: pod({ containers: [app, { name: 'side', image: 'busybox' }] }),
      change: 'replace pod/web: spec.containers changed',
    },
    {
      what: 'containers that are no list: the server says why not',
      after: pod({ containers: 'none' }),
      change: 'replace pod/web: spec.containers changed',
    },
  ])('a Pod of which $what has changed', ({ after, change }) => {
    expect(plan([pod()], [after])).toEqual([change]);
  });

  test('a label that is gone is taken off', () => {
    expect(plan([pod({}, { labels: { a: '1', b: '2' } })], [pod({}, { labels: { a: '1' } })])).toEqual([
      'patch pod/web {"metadata":{"labels":{"b":null}}} (metadata.labels.b)',
    ]);
  });

  test('other objects are patched with what differs', () => {
    expect(plan([configMap({ a: '1', b: '2', c: '3' })], [configMap({ a: '1', b: 'two', d: '4' })])).toEqual([
      'patch configmap/web {"data":{"c":null,"b":"two","d":"4"}} (data.b)',
    ]);
  });

  test.each([
    { how: 'envFrom', spec: { containers: [{ ...app, envFrom: [{ configMapRef: { name: 'settings' } }] }] } },
    {
      how: 'env',
      spec: {
        containers: [{ ...app, env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }] }],
      },
    },
    {
      how: 'a mount with subPath',
      spec: {
        containers: [{ ...app, volumeMounts: [{ name: 'v', mountPath: '/a', subPath: 'a' }] }],
        volumes: [{ name: 'v', configMap: { name: 'settings' } }],
      },
    },
  ])('a Pod that reads a ConfigMap by $how starts anew when that changes', ({ spec }) => {
    expect(plan([settings({ a: '1' }), pod(spec)], [settings({ a: '2' }), pod(spec)])).toEqual([
      'patch configmap/settings {"data":{"a":"2"}} (data.a)',
      'replace pod/web: configmap/settings changed, which it reads only when it starts',
    ]);
  });

  test('a mounted ConfigMap reaches the Pod by itself', () => {
    const spec = {
      containers: [{ ...app, volumeMounts: [{ name: 'v', mountPath: '/a' }] }],
      volumes: [{ name: 'v', configMap: { name: 'settings' } }],
    };
    expect(plan([settings({ a: '1' }), pod(spec)], [settings({ a: '2' }), pod(spec)])[1]).toBe('keep pod/web');
  });
});
