import { createHash } from 'node:crypto';
import type { Container } from '../kube/generated/objects.ts';

/**
 * Eight hex digits over what makes a running container another one when it changes: name and image, nothing else
 * (`pickFieldsToHash` in the kubelet's `pkg/kubelet/container/helpers.go`). Kept in the annotation `io.kubernetes.container.hash`.
 */
export function containerHash({ name, image = '' }: Pick<Container, 'name' | 'image'>): string {
  return createHash('sha256')
    .update(JSON.stringify([name, image]))
    .digest('hex')
    .slice(0, 8);
}
