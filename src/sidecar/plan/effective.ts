import type { Container, PodSpec } from '../../kube/generated/objects.ts';
import {
  compareQuantities,
  formatQuantity,
  InvalidQuantity,
  parseQuantity,
  type Quantity,
} from '../../kube/quantity.ts';
import { isNative } from '../sidecar.ts';

/** Amounts by resource name, as Kubernetes writes them. */
export type Amounts = Record<string, string>;

type Sums = ReadonlyMap<string, Quantity>;

/**
 * What a Pod counts for as a whole (KEP-753): the most that is needed at any one time. While an init container runs it shares the Pod with
 * the native sidecars listed before it; afterwards all of those run beside the main containers. Overhead comes on top. So the place of a
 * sidecar among the init containers changes the bill. `spec` is defaulted: a limit alone is a request, too.
 */
export function effectiveAmounts(spec: PodSpec, of: 'requests' | 'limits'): Amounts {
  let natives: Sums = new Map();
  let peak: Sums = new Map();
  for (const container of spec.initContainers ?? []) {
    const running = add(natives, amountsOf(container, of));
    peak = larger(peak, running);
    if (isNative(container)) natives = running;
  }
  const main = (spec.containers ?? []).reduce<Sums>((sum, container) => add(sum, amountsOf(container, of)), new Map());
  const total = add(larger(peak, add(natives, main)), read(spec.overhead));
  return Object.fromEntries(
    [...total].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, amount]) => [name, formatQuantity(amount)]),
  );
}

/** `a` asks for less of something and for more of nothing. */
export function isCheaper(a: Amounts, b: Amounts): boolean {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differences = names.map((name) =>
    compareQuantities(parseQuantity(a[name] ?? '0'), parseQuantity(b[name] ?? '0')),
  );
  return differences.some((d) => d < 0) && differences.every((d) => d <= 0);
}

function amountsOf({ resources }: Container, of: 'requests' | 'limits'): Sums {
  return read(of === 'requests' ? { ...resources?.limits, ...resources?.requests } : resources?.limits);
}

function read(amounts: Record<string, string> | undefined): Sums {
  const read = Object.entries(amounts ?? {}).flatMap(([name, text]): [string, Quantity][] => {
    try {
      return [[name, parseQuantity(text)]];
    } catch (error) {
      if (error instanceof InvalidQuantity) return [];
      throw error;
    }
  });
  return new Map(read);
}

function add(a: Sums, b: Sums): Sums {
  return merge(a, b, (x, y) => x + y);
}

function larger(a: Sums, b: Sums): Sums {
  return merge(a, b, maximum);
}

/** Math.max knows no bigint. */
function maximum(x: bigint, y: bigint): bigint {
  if (x < y) return y;
  return x;
}

function merge(a: Sums, b: Sums, join: (x: bigint, y: bigint) => bigint): Sums {
  const result = new Map(a);
  for (const [name, amount] of b) {
    const before = a.get(name);
    result.set(name, { format: before?.format ?? amount.format, nanos: join(before?.nanos ?? 0n, amount.nanos) });
  }
  return result;
}
