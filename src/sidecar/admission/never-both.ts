import type { CompiledSidecar } from '../compile.ts';

/**
 * Whether two sidecars can be seen never to join one Pod: they want different values of a label, or names that are too different. False
 * when it cannot be seen, as with conditions.
 */
export function neverBoth({ sidecar: a }: CompiledSidecar, { sidecar: b }: CompiledSidecar): boolean {
  const [x, y] = [a.spec.selector ?? {}, b.spec.selector ?? {}];
  return (
    contradict(x.matchLabels, y.matchLabels) ||
    contradict(x.namespaceSelector?.matchLabels, y.namespaceSelector?.matchLabels) ||
    apart(x.names, y.names)
  );
}

function contradict(a: Record<string, string> = {}, b: Record<string, string> = {}): boolean {
  return Object.entries(a).some(([key, value]) => Object.hasOwn(b, key) && b[key] !== value);
}

/** A Pod has its own name and its owners'; those of Kubernetes' own controllers begin each other. */
function apart(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === undefined || b === undefined || [...a, ...b].some((name) => /[*?]/.test(name))) return false;
  return a.every((one) => b.every((other) => !begins(one, other) && !begins(other, one)));
}

function begins(owner: string, name: string): boolean {
  return name === owner || name.startsWith(`${owner}-`);
}
