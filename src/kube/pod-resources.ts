import type { Container, PodSpec } from './generated/objects.ts';
import { InvalidQuantity, parseQuantity, type Quantity } from './quantity.ts';

/** Amounts by resource name. */
export type ResourceSums = ReadonlyMap<string, Quantity>;

/**
 * What a Pod counts for as a whole (KEP-753; AggregateContainerRequests and AggregateContainerLimits of component-helpers): the most that is
 * needed at any one time. While an init container runs it shares the Pod with the native sidecars listed before it; afterwards all of those
 * run beside the main containers. So the place of a sidecar among the init containers changes the bill. A limit alone is a request, too, as
 * the API server sets it. Overhead comes on top of requests, and of limits where there are any. Text that is no quantity counts for nothing.
 */
export function podResources(spec: PodSpec, of: 'requests' | 'limits'): ResourceSums {
  let natives: ResourceSums = new Map();
  let peak: ResourceSums = new Map();
  for (const container of spec.initContainers ?? []) {
    const running = add(natives, amountsOf(container, of));
    peak = larger(peak, running);
    if (container.restartPolicy === 'Always') natives = running;
  }
  const beside = (spec.containers ?? []).reduce((sum, container) => add(sum, amountsOf(container, of)), natives);
  const sums = larger(peak, beside);
  const overhead = [...read(spec.overhead)].filter(([name]) => of === 'requests' || sums.has(name));
  return add(sums, new Map(overhead));
}

function amountsOf({ resources }: Container, of: 'requests' | 'limits'): ResourceSums {
  return read(of === 'requests' ? { ...resources?.limits, ...resources?.requests } : resources?.limits);
}

function read(amounts: Record<string, string> | undefined): ResourceSums {
  const known = Object.entries(amounts ?? {}).flatMap(([name, text]): [string, Quantity][] => {
    try {
      return [[name, parseQuantity(text)]];
    } catch (error) {
      if (error instanceof InvalidQuantity) return [];
      throw error;
    }
  });
  return new Map(known);
}

function add(a: ResourceSums, b: ResourceSums): ResourceSums {
  return merge(a, b, (x, y) => x + y);
}

function larger(a: ResourceSums, b: ResourceSums): ResourceSums {
  return merge(a, b, maximum);
}

/** Math.max knows no bigint. */
function maximum(x: bigint, y: bigint): bigint {
  return x < y ? y : x;
}

function merge(a: ResourceSums, b: ResourceSums, join: (x: bigint, y: bigint) => bigint): ResourceSums {
  const result = new Map(a);
  for (const [name, amount] of b) {
    const before = a.get(name);
    result.set(name, { format: before?.format ?? amount.format, nanos: join(before?.nanos ?? 0n, amount.nanos) });
  }
  return result;
}
