import type { FieldError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import type { StructuralSchema } from './structural.ts';

/** What the API server is given about a custom resource. Without it objects of the resource are kept as they come. */
export interface CustomKind {
  /** As `openAPIV3Schema` of its CustomResourceDefinition. Types are not looked at here: `check` does. */
  schema: StructuralSchema;
  /** Looks at an object before it is stored: pruned, with the schema's defaults; `previous` is what it replaces. */
  check(object: KubeObject, previous?: KubeObject): Verdict;
}

export interface Verdict {
  /** What the client is refused for. */
  errors: FieldError[];
  /** What the client is told besides. */
  warnings: string[];
}

/** By resource and group: `sidecars.outfit.dev`. */
export type CustomKinds = Readonly<Record<string, CustomKind>>;

export function customKindOf(kinds: CustomKinds, { custom, resource, group }: Resource): CustomKind | undefined {
  return custom ? kinds[`${resource}.${group}`] : undefined;
}
