import type { Pod } from '../kube/generated/objects.ts';
import type { PodEvent } from './ports.ts';

/** Why a Pod fails as a whole, whatever its containers do. */
export interface PodFailure {
  /** Of the status. */
  reason: string;
  message: string;
  event: PodEvent;
  /** Seconds between SIGTERM and SIGKILL, where they are not the Pod's own. */
  gracePeriodSeconds?: number;
  /** The Pod was never let in: the node has made nothing for it. */
  isRejection?: true;
}

const DEADLINE = 'Pod was active on the node longer than the specified deadline';

export const DEADLINE_EXCEEDED: PodFailure = {
  reason: 'DeadlineExceeded',
  message: DEADLINE,
  event: { type: 'Normal', reason: 'DeadlineExceeded', message: DEADLINE },
};

/** The Pod takes more of the disk than it may (`evictPod` in the kubelet's eviction manager). */
export function evicted(message: string): PodFailure {
  const event = { type: 'Warning', reason: 'Evicted', message } as const;
  return { reason: 'Evicted', message, event, gracePeriodSeconds: 1 };
}

/** The node cannot give what the Pod asks for (`rejectPod` in the kubelet). */
export function rejected(reason: string, message: string): PodFailure {
  const event = { type: 'Warning', reason, message } as const;
  return { reason, message: `${REJECTED}${message}`, event, isRejection: true };
}

const REJECTED = 'Pod was rejected: ';

/** The Pod was not let in, now or before the node's last start. */
export function isRejected({ status }: Pod): boolean {
  return status?.phase === 'Failed' && (status.message ?? '').startsWith(REJECTED);
}
