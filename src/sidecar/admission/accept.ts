import { type CompiledSidecar, type CompiledSidecars, checkSidecar } from '../compile.ts';
import { matchesAny } from '../glob.ts';
import { describeCycle } from '../order.ts';
import { neverBoth } from './never-both.ts';

/** Whether a sidecar of a cluster may join anybody, and why not. */
export interface Acceptance {
  accepted: boolean;
  reason: 'Accepted' | 'Invalid' | 'NameTaken' | 'OrderCycle';
  message: string;
}

export interface Accepted {
  /** Of each sidecar, by `keyOfSidecar`. */
  acceptances: ReadonlyMap<string, Acceptance>;
  /** What may join Pods of a namespace; the same object for the same namespace. */
  sidecarsOf(namespace: string): CompiledSidecars;
}

/** What a Sidecar or ClusterSidecar is known by: `hello` of namespace `shop` is `shop/hello`, a ClusterSidecar `/hello`. */
export function keyOfSidecar({ kind, metadata }: Pick<CompiledSidecar['sidecar'], 'kind' | 'metadata'>): string {
  return `${kind === 'ClusterSidecar' ? '' : (metadata.namespace ?? 'default')}/${metadata.name ?? ''}`;
}

/**
 * Which sidecars of a cluster get along. Where two cannot both join one Pod (they share a name, or their orders contradict each other), the one that
 * was there first stays accepted, ClusterSidecars before Sidecars, so that nobody's new sidecar takes away another's. Those that can be
 * seen never to meet in a Pod do not disturb each other; the rest is found out when they do.
 */
export function acceptSidecars(
  compiled: CompiledSidecars,
  definitions: readonly CompiledSidecar['sidecar'][],
): Accepted {
  const known = new Set(compiled.sidecars.map(({ sidecar }) => keyOfSidecar(sidecar)));
  const left = definitions.filter((one) => !known.has(keyOfSidecar(one)));
  const acceptances = new Map(left.map((one) => [keyOfSidecar(one), invalid(one)]));
  const byAge = [...compiled.sidecars].sort(older);
  const wide = byAge.filter(({ kind }) => kind === 'ClusterSidecar');
  const decide = (among: readonly CompiledSidecar[], already: readonly CompiledSidecar[]): CompiledSidecar[] => {
    const accepted = [...already];
    for (const one of among) {
      const acceptance = objection(one, accepted) ?? ACCEPTED;
      acceptances.set(keyOfSidecar(one.sidecar), acceptance);
      if (acceptance.accepted) accepted.push(one);
    }
    return accepted;
  };
  const everywhere = decide(wide, []);
  const ofNamespace = new Map<string, CompiledSidecars>();
  const view = (sidecars: readonly CompiledSidecar[]): CompiledSidecars => ({
    // In the order in which the engine names them.
    sidecars: compiled.sidecars.filter((one) => sidecars.includes(one)),
    findings: [],
    fingerprints: compiled.fingerprints,
    sound: compiled.sound,
  });
  for (const [namespace, own] of groupBy(
    byAge.filter(({ kind }) => kind === 'Sidecar'),
    namespaceOf,
  ))
    ofNamespace.set(namespace, view(decide(own, everywhere)));
  const others = view(everywhere);
  return { acceptances, sidecarsOf: (namespace) => ofNamespace.get(namespace) ?? others };
}

const ACCEPTED: Acceptance = { accepted: true, reason: 'Accepted', message: 'The definition is valid.' };

/** Of a definition that compiling left out: it came before this version of Outfit, or past validation. */
function invalid(definition: CompiledSidecar['sidecar']): Acceptance {
  const errors = checkSidecar(definition).filter(({ severity }) => severity === 'error');
  const message = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return { accepted: false, reason: 'Invalid', message };
}

function objection(one: CompiledSidecar, accepted: readonly CompiledSidecar[]): Acceptance | undefined {
  const peers = accepted.filter((other) => !neverBoth(one, other));
  const namesake = peers.find(({ name }) => name === one.name);
  if (namesake !== undefined) {
    const message = `There is a ${namesake.kind} "${one.name}" that may join the same Pods, and a Pod knows sidecars by their names.`;
    return { accepted: false, reason: 'NameTaken', message };
  }
  const cycle = cycleWith(one, peers);
  if (cycle === undefined) return undefined;
  return { accepted: false, reason: 'OrderCycle', message: `Nothing can be first: ${describeCycle(cycle)}.` };
}

/**
 * The shortest chain of wishes that leads from a sidecar back to it, among sidecars that may all meet in a Pod. Longer chains, and those
 * through init containers, are found where they do meet.
 */
function cycleWith(one: CompiledSidecar, peers: readonly CompiledSidecar[]): string[] | undefined {
  const paths: (readonly CompiledSidecar[])[] = [[one]];
  const seen = new Set<CompiledSidecar>();
  for (const path of paths) {
    const last = path.at(-1)!;
    if (path.length > 1 && isBefore(last, one)) {
      const mayMeet = path.every((a) => path.every((b) => a === b || !neverBoth(a, b)));
      return mayMeet ? [...path, one].map(({ name }) => `sidecar ${name}`) : undefined;
    }
    for (const next of peers)
      if (!seen.has(next) && isBefore(last, next)) {
        seen.add(next);
        paths.push([...path, next]);
      }
  }
  return undefined;
}

function isBefore({ name, sidecar: { spec } }: CompiledSidecar, other: CompiledSidecar): boolean {
  const { after = [] } = other.sidecar.spec.order ?? {};
  return matchesAny(spec.order?.before ?? [], other.name) || matchesAny(after, name);
}

/** Of one second, by name: always the same order. */
function older(a: CompiledSidecar, b: CompiledSidecar): number {
  const [x, y] = [a, b].map(({ sidecar: { metadata } }) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`);
  return (x ?? '') < (y ?? '') ? -1 : 1;
}

function namespaceOf({ sidecar: { metadata } }: CompiledSidecar): string {
  return metadata.namespace ?? 'default';
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
