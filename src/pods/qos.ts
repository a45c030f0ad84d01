import type { Container, Pod } from '../kube/generated/objects.ts';
import { quantityMilliValue } from '../kube/quantity.ts';
import { allContainers } from './pod-spec.ts';

export type QOSClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COMPUTE = ['cpu', 'memory'] as const;

/**
 * The Pod's quality of service (`pkg/apis/core/v1/helper/qos`): Guaranteed when every container has limits of cpu and memory and asks for
 * exactly those, BestEffort when none asks for or limits either, else Burstable. Init containers and sidecars count.
 */
export function qosClass(pod: Pod): QOSClass {
  const containers = allContainers(pod);
  if (containers.every((container) => !amountsOf(container).some(isSet))) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function amountsOf({ resources }: Container): (string | undefined)[] {
  return COMPUTE.flatMap((name) => [resources?.requests?.[name], resources?.limits?.[name]]);
}

function isGuaranteed({ resources }: Container): boolean {
  return COMPUTE.every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    return isSet(limit) && isSet(request) && quantityMilliValue(limit) === quantityMilliValue(request);
  });
}

function isSet(amount: string | undefined): amount is string {
  return amount !== undefined && quantityMilliValue(amount) > 0;
}
