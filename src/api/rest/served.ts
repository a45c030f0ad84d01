import { RESOURCES, type Resource, type Subresource } from '../../kube/resources.ts';

/** Subresources that are answered, by the resource of the core group. The others of the table have their place in issue 5. */
const SUBRESOURCES: Record<string, readonly string[]> = {
  pods: ['attach', 'exec', 'log', 'portforward', 'status'],
  nodes: ['status'],
  namespaces: ['finalize', 'status'],
  persistentvolumeclaims: ['status'],
};

/** The table's resources that are answered. */
export const SERVED: readonly Resource[] = RESOURCES.filter(({ resource }) => resource !== 'bindings');

export function servedSubresources({ group, resource, subresources }: Resource): Subresource[] {
  const served = group === '' ? (SUBRESOURCES[resource] ?? []) : [];
  return subresources.filter(({ name }) => served.includes(name));
}
