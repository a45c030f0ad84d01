import { expect, test } from 'vitest';
import type { PodSpec } from '../kube/generated/objects.ts';
import { type SourceResource, usesObject } from './used-objects.ts';

const pod = (spec: Partial<PodSpec>) => ({
  metadata: { name: 'p', namespace: 'shop' },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const object = (namespace = 'shop', name = 'x') => ({ apiVersion: 'v1', kind: 'Any', metadata: { name, namespace } });
const container = (more: object) => [{ name: 'c', ...more }];

test.each<[string, SourceResource, Partial<PodSpec>]>([
  ['a configMap volume', 'configmaps', { volumes: [{ name: 'v', configMap: { name: 'x' } }] }],
  ['a secret volume', 'secrets', { volumes: [{ name: 'v', secret: { secretName: 'x' } }] }],
  [
    'a projected configMap',
    'configmaps',
    { volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 'x' } }] } }] },
  ],
  ['a projected secret', 'secrets', { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'x' } }] } }] }],
  [
    'an environment from a ConfigMap',
    'configmaps',
    { containers: container({ envFrom: [{ configMapRef: { name: 'x' } }] }) },
  ],
  ['an environment from a Secret', 'secrets', { containers: container({ envFrom: [{ secretRef: { name: 'x' } }] }) }],
  [
    'a key of a ConfigMap, in an init container',
    'configmaps',
    {
      initContainers: container({ env: [{ name: 'E', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }),
    },
  ],
  [
    'a key of a Secret',
    'secrets',
    { containers: container({ env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }] }) },
  ],
  ['a claim', 'persistentvolumeclaims', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] }],
])('%s is used, in its own namespace and by its own kind only', (_, resource, spec) => {
  const other = resource === 'secrets' ? 'configmaps' : 'secrets';
  expect(usesObject(pod(spec), resource, object())).toBe(true);
  expect(usesObject(pod(spec), other, object())).toBe(false);
  expect(usesObject(pod(spec), resource, object('shop', 'y'))).toBe(false);
  expect(usesObject(pod(spec), resource, object('elsewhere'))).toBe(false);
});
