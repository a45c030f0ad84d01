import type { ObjectMeta, OwnerReference, PodSpec } from '../kube/generated/objects.ts';

/** A Pod template, or a Pod seen as one. Unknown fields survive. */
export interface Template {
  metadata?: ObjectMeta;
  spec?: PodSpec;
  [field: string]: unknown;
}

/** The object that carries the template: a Pod, a Deployment, a CronJob … */
export interface Workload {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  [field: string]: unknown;
}

/** What is known of the namespace. In files that is often nothing. */
export interface NamespaceFacts {
  metadata?: Pick<ObjectMeta, 'name' | 'labels' | 'annotations'>;
}

/** Where a sidecar may join. */
export interface Target {
  template: Template;
  /** Absent: a Pod of the template's own name. */
  workload?: Workload;
  namespace?: NamespaceFacts;
}

/** The namespace of a target; `default`, as for kubectl, when nothing names one. */
export function namespaceOf({ template, workload, namespace }: Target): string {
  const names = [namespace?.metadata?.name, workload?.metadata?.namespace, template?.metadata?.namespace];
  return names.find((name) => typeof name === 'string' && name !== '') ?? 'default';
}

/** Kind and group of the object that carries the template. */
export function kindOf({ workload }: Pick<Target, 'workload'>): { kind: string; group: string } {
  const apiVersion = workload?.apiVersion ?? 'v1';
  return {
    kind: workload?.kind ?? 'Pod',
    group: apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/'))),
  };
}

/** The name that people know it by: a Pod that is still to be named has its prefix. */
export function nameOf({ template, workload }: Pick<Target, 'template' | 'workload'>): string {
  const metadata = workload?.metadata ?? template?.metadata;
  const name = metadata?.name ?? metadata?.generateName;
  return typeof name === 'string' ? name : '';
}

export function ownersOf({ template, workload }: Pick<Target, 'template' | 'workload'>): readonly OwnerReference[] {
  const owners: unknown = workload?.metadata?.ownerReferences ?? template.metadata?.ownerReferences;
  return Array.isArray(owners) ? owners.filter((owner) => typeof owner?.name === 'string') : [];
}
