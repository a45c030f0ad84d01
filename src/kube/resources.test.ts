import { describe, expect, test } from 'vitest';
import { definitionOf } from './decoder.ts';
import { apiVersionOf, findKind, findResource, RESOURCES, resourceByWord } from './resources.ts';

describe('the table', () => {
  test.each(RESOURCES.filter((r) => !r.custom).map((r) => [`${r.resource} of ${apiVersionOf(r)}`, r] as const))(
    '%s has a type',
    (_, r) => {
      expect(definitionOf(r.definition)).toBeDefined();
      for (const sub of r.subresources)
        if (sub.definition) expect(definitionOf(sub.definition), sub.name).toBeDefined();
    },
  );

  test('both kinds of events are kept in one place', () => {
    expect(findResource('events.k8s.io', 'v1', 'events')?.storage).toEqual({ group: '', resource: 'events' });
  });
});

describe('finding', () => {
  test('by kind', () => {
    expect(findKind('v1', 'Pod')?.resource).toBe('pods');
    expect(findKind('coordination.k8s.io/v1', 'Lease')?.resource).toBe('leases');
    expect(findKind('outfit.dev/v1alpha1', 'ClusterSidecar')).toMatchObject({ namespaced: false, custom: true });
    expect(findKind('apps/v1', 'Pod')).toBeUndefined();
  });

  test.each([
    ['po', 'pods'],
    ['Pod', 'pods'],
    ['PODS', 'pods'],
    ['ns', 'namespaces'],
    ['cm', 'configmaps'],
    ['leases.coordination.k8s.io', 'leases'],
    ['ev', 'events'],
    ['sidecar', 'sidecars'],
    ['clustersidecars.outfit.dev', 'clustersidecars'],
    ['bindings', undefined],
    ['nonsense', undefined],
  ])('by the word %s', (word, expected) => expect(resourceByWord(word)?.resource).toBe(expected));

  test('the core events come first', () => expect(resourceByWord('events')?.group).toBe(''));
});
