import type { Container, Pod } from './generated/objects.ts';
import { compareQuantities, parseQuantity, type Quantity } from './quantity.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COUNTED = ['cpu', 'memory'];
type Amounts = Map<string, Quantity>;

/**
 * The QoS class of a Pod (`pkg/apis/core/v1/helper/qos`): BestEffort without any cpu or memory request or limit, Guaranteed when every
 * container, init containers included, has limits for both and the requests equal them, else Burstable.
 */
export function qosClass(pod: Pod): QosClass {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const requests: Amounts = new Map();
  const limits: Amounts = new Map();
  for (const container of containers) {
    addAll(requests, container.resources?.requests);
    addAll(limits, container.resources?.limits);
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const guaranteed = containers.every(limitsBoth) && requests.size === limits.size && sameAmounts(requests, limits);
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function addAll(sums: Amounts, amounts: Record<string, string> | undefined): void {
  for (const name of COUNTED) {
    const text = amounts?.[name];
    if (text === undefined) continue;
    const amount = parseQuantity(text);
    if (amount.nanos <= 0n) continue;
    sums.set(name, { ...amount, nanos: amount.nanos + (sums.get(name)?.nanos ?? 0n) });
  }
}

function limitsBoth({ resources }: Container): boolean {
  return COUNTED.every((name) => {
    const text = resources?.limits?.[name];
    return text !== undefined && parseQuantity(text).nanos > 0n;
  });
}

function sameAmounts(a: Amounts, b: Amounts): boolean {
  return [...a].every(([name, amount]) => {
    const other = b.get(name);
    return other !== undefined && compareQuantities(amount, other) === 0;
  });
}
