import type { Pod } from '../kube/generated/objects.ts';
import { allContainers } from './pod-spec.ts';

/** Bytes that all messages of one Pod may have together (`MaxPodTerminationMessageLogLength`). */
const MAX_POD = 12 * 1024;

/** The part of a container's message that fits when all containers of the Pod share the room evenly (`normalizeStatus` in the kubelet's status manager). */
export function shareOfMessage(pod: Pod, message: string): string {
  const containers = allContainers(pod).length;
  const bytes = Buffer.from(message);
  const share = Math.floor(MAX_POD / Math.max(1, containers));
  return bytes.length <= share ? message : bytes.subarray(0, share).toString();
}
