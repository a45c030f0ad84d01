import { RESOURCES, type Resource, type Subresource } from '../../kube/resources.ts';

/** Subresources that are answered, by resource and group. The others of the table have their place in issue 5. */
const SUBRESOURCES: Record<string, readonly string[]> = {
  pods: ['attach', 'binding', 'ephemeralcontainers', 'eviction', 'exec', 'log', 'portforward', 'proxy', 'status'],
  nodes: ['proxy', 'status'],
  namespaces: ['finalize', 'status'],
  persistentvolumeclaims: ['status'],
  serviceaccounts: ['token'],
  'sidecars.outfit.dev': ['status'],
  'clustersidecars.outfit.dev': ['status'],
};

/** The table's resources that are answered. */
export const SERVED: readonly Resource[] = RESOURCES;

export function servedSubresources({ group, resource, subresources }: Resource): Subresource[] {
  const served = SUBRESOURCES[group === '' ? resource : `${resource}.${group}`] ?? [];
  return subresources.filter(({ name }) => served.includes(name));
}
