import type { Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { pluralName, type Resource, typeName } from '../client/resources.ts';

/** One object that has to be on the node, complete: sidecars attached, namespace set. */
export interface Wanted {
  resource: Resource;
  /** Empty for what belongs to no namespace. */
  namespace: string;
  name: string;
  object: KubeObject;
  /** How lines call it: `pod/web-app`, `pod/web-app -n team-a`. */
  label: string;
  /** Where it was written: `web/pod.yaml:12`. */
  source: string;
  /** A Pod that is done only when it has Succeeded: it stands for a Job. */
  finishes: boolean;
}

/** What tells objects apart. */
export type WantedId = Pick<Wanted, 'resource' | 'namespace' | 'name'>;

export function keyOf({ resource, namespace, name }: WantedId): string {
  return `${pluralName(resource)}/${namespace}/${name}`;
}

/** `pod/web-app`: as kubectl names it; with its namespace where that is not `home`, the one of this run. */
export function labelOf({ resource, namespace, name }: WantedId, home: string): string {
  return `${typeName(resource)}/${name}${inNamespace(namespace, home)}`;
}

export function podLabel({ metadata }: Pod, home: string): string {
  return `pod/${metadata?.name}${inNamespace(metadata?.namespace, home)}`;
}

function inNamespace(namespace: string | undefined, home: string): string {
  return namespace && namespace !== home ? ` -n ${namespace}` : '';
}

export function isPod({ resource }: WantedId): boolean {
  return isPods(resource);
}

export function isPods({ group, name }: Resource): boolean {
  return group === '' && name === 'pods';
}
