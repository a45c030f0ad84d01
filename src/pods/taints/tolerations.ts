import type { Pod, Taint, Toleration } from '../../kube/generated/objects.ts';

/** Whether a Pod does not mind a taint. */
export function isTolerated(pod: Pod, taint: Taint): boolean {
  return tolerationOf(pod, taint) !== undefined;
}

/**
 * For how long the Pod may stay on a node with these taints, in seconds: 0 where it must go at once, Infinity where it may stay. Of several tolerations of
 * one taint the first counts, of several taints the shortest time (taint-eviction-controller, getMinTolerationTime).
 */
export function secondsTolerated(pod: Pod, taints: readonly Taint[]): number {
  const seconds = taints.map((taint) => {
    const toleration = tolerationOf(pod, taint);
    return toleration ? Math.max(0, toleration.tolerationSeconds ?? Number.POSITIVE_INFINITY) : 0;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...seconds);
}

function tolerationOf({ spec }: Pod, taint: Taint): Toleration | undefined {
  return (spec?.tolerations ?? []).find((one) => tolerates(one, taint));
}

/** An empty key with Exists tolerates everything, an empty effect every effect. */
function tolerates({ key = '', operator = 'Equal', value = '', effect = '' }: Toleration, taint: Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return key !== '' && value === (taint.value ?? '');
}
