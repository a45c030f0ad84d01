import type { Pod } from '../kube/generated/objects.ts';
import { podResources } from '../kube/pod-resources.ts';
import { roundUpToMilli } from '../kube/quantity.ts';

/** Amounts by resource name, in thousandths. */
export type Amounts = Record<string, number>;

const NANOS_OF_MILLI = 1_000_000n;

/** What a Pod asks of a node, by the rule of `podResources`. */
export function podRequests({ spec }: Pod): Amounts {
  const sums = podResources(spec ?? { containers: [] }, 'requests');
  return Object.fromEntries(
    [...sums].map(([name, amount]) => [name, Number(roundUpToMilli(amount).nanos / NANOS_OF_MILLI)]),
  );
}
