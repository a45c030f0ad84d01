import type { Container, Pod } from '../kube/generated/objects.ts';
import { quantityMilliValue } from '../kube/quantity.ts';
import { initContainers, isSidecar, mainContainers } from './pod-spec.ts';

/** Amounts by resource name, in thousandths. */
export type Amounts = Record<string, number>;

/**
 * What a Pod asks of a node (KEP-753; AggregateContainerRequests): the most that is needed at any one time. While an init container runs it
 * shares the node with the sidecars listed before it; afterwards all sidecars run beside the main containers. Overhead comes on top.
 */
export function podRequests(pod: Pod): Amounts {
  let sidecars: Amounts = {};
  let peak: Amounts = {};
  for (const container of initContainers(pod)) {
    const own = requestsOf(container);
    const running = add(sidecars, own);
    peak = larger(peak, running);
    if (isSidecar(container)) sidecars = running;
  }
  const main = mainContainers(pod).map(requestsOf).reduce(add, {});
  return add(larger(peak, add(sidecars, main)), amounts(pod.spec?.overhead ?? {}));
}

/** A limit without request asks for the limit, as the API server sets it. */
function requestsOf({ resources }: Container): Amounts {
  return amounts({ ...resources?.limits, ...resources?.requests });
}

function amounts(list: Record<string, string>): Amounts {
  return Object.fromEntries(Object.entries(list).map(([name, text]) => [name, quantityMilliValue(text)]));
}

function add(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, (x, y) => x + y);
}

function larger(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, Math.max);
}

function merge(a: Amounts, b: Amounts, join: (x: number, y: number) => number): Amounts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, join(a[name] ?? 0, b[name] ?? 0)]));
}
