import type { PodSpec } from '../../kube/generated/objects.ts';
import { podResources } from '../../kube/pod-resources.ts';
import { compareQuantities, formatQuantity, parseQuantity } from '../../kube/quantity.ts';

/** Amounts by resource name, as Kubernetes writes them. */
export type Amounts = Record<string, string>;

/** What a Pod counts for as a whole (`podResources`), by name. */
export function effectiveAmounts(spec: PodSpec, of: 'requests' | 'limits'): Amounts {
  const sums = [...podResources(spec, of)].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sums.map(([name, amount]) => [name, formatQuantity(amount)]));
}

/** `a` asks for less of something and for more of nothing. */
export function isCheaper(a: Amounts, b: Amounts): boolean {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differences = names.map((name) =>
    compareQuantities(parseQuantity(a[name] ?? '0'), parseQuantity(b[name] ?? '0')),
  );
  return differences.some((d) => d < 0) && differences.every((d) => d <= 0);
}
