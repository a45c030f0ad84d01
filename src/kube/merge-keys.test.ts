import { describe, expect, test } from 'vitest';
import { definitionOf } from './decoder.ts';
import { isAtomicType, mergeRule, openApiExtensions } from './merge-keys.ts';

describe('how lists merge', () => {
  test.each([
    ['PodSpec', 'containers', 'merge', 'name'],
    ['PodSpec', 'volumes', 'merge,retainKeys', 'name'],
    ['PodSpec', 'topologySpreadConstraints', 'merge', 'topologyKey'],
    ['PodSpec', 'tolerations', undefined, undefined],
    ['Container', 'ports', 'merge', 'containerPort'],
    ['Container', 'volumeMounts', 'merge', 'mountPath'],
    ['Container', 'args', undefined, undefined],
    ['ObjectMeta', 'finalizers', 'merge', undefined],
    ['ObjectMeta', 'ownerReferences', 'merge', 'uid'],
    ['PodStatus', 'conditions', 'merge', 'type'],
    ['ConfigMap', 'data', undefined, undefined],
  ])('%s.%s: %s by %s', (definition, field, patchStrategy, key) => {
    const rule = mergeRule(definition, field);
    expect([rule?.patchStrategy, rule?.patchMergeKey]).toEqual([patchStrategy, key]);
  });

  test('names of JavaScript are no rules', () => {
    expect(mergeRule('constructor', 'name')).toBeUndefined();
    expect(mergeRule('PodSpec', 'toString')).toBeUndefined();
  });
});

test('every rule is about a field that exists', () => {
  for (const definition of ['ObjectMeta', 'PodSpec', 'Container', 'EphemeralContainer', 'PodStatus', 'NodeStatus'])
    for (const field of Object.keys(definitionOf(definition)?.properties ?? {})) {
      const rule = mergeRule(definition, field);
      const type = definitionOf(definition)?.properties[field];
      if (rule?.listType) expect(type, `${definition}.${field}`).toMatch(/^\[\]/);
    }
});

test('the extensions of OpenAPI', () => {
  expect(openApiExtensions('Container', 'ports')).toEqual({
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'containerPort',
    'x-kubernetes-patch-strategy': 'merge',
  });
  expect(openApiExtensions('Container', 'name')).toEqual({});
  expect(isAtomicType('SecretKeySelector')).toBe(true);
});
