import type { ObjectMeta } from './generated/objects.ts';

/** Any Kubernetes object: plain JSON, unknown fields included. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}
