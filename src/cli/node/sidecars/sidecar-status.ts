import { type Acceptance, keyOfSidecar } from '../../../sidecar/admission/accept.ts';
import type { AttachedSidecar } from '../../../sidecar/provenance.ts';
import type { Sidecar } from '../../../sidecar/sidecar.ts';
import type { Carrier } from './carriers.ts';
import type { SidecarSet } from './known-sidecars.ts';

/** metav1.Condition. */
interface Condition {
  type: string;
  status: 'True' | 'False';
  observedGeneration: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

export interface SidecarStatus {
  observedGeneration: number;
  /** Pods that carry it, in any version, and have not ended. */
  joined: number;
  conditions: Condition[];
}

/**
 * The status of every sidecar, by `keyOfSidecar`. `before` gives what it has now, and `now` as metav1.Time is put where a condition changes.
 */
export function sidecarStatuses(
  set: SidecarSet,
  carriers: Iterable<Carrier>,
  { before, now }: { before: (sidecar: Sidecar) => unknown; now: string },
): Map<string, SidecarStatus> {
  const counts = countJoined(set, carriers);
  return new Map(
    set.definitions.map((sidecar) => {
      const key = keyOfSidecar(sidecar);
      const { generation = 0 } = sidecar.metadata;
      const accepted = acceptedCondition(set.acceptances.get(key), generation, { before: before(sidecar), now });
      return [key, { observedGeneration: generation, joined: counts.get(key) ?? 0, conditions: [accepted] }];
    }),
  );
}

/** A Pod knows its sidecars by name only. Where a Sidecar and a ClusterSidecar share one, the version tells; else the Sidecar is nearer. */
function countJoined({ definitions, compiled }: SidecarSet, carriers: Iterable<Carrier>): Map<string, number> {
  const keys = new Set(definitions.map(keyOfSidecar));
  const digests = new Map(compiled.sidecars.map(({ sidecar, digest }) => [keyOfSidecar(sidecar), digest]));
  const counts = new Map<string, number>();
  const keyOf = (namespace: string, { name, digest }: AttachedSidecar): string => {
    const [own, wide] = [`${namespace}/${name}`, `/${name}`];
    return keys.has(own) && digests.get(wide) !== digest ? own : wide;
  };
  for (const { namespace, sidecars } of carriers)
    for (const one of sidecars) {
      const key = keyOf(namespace, one);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  return counts;
}

function acceptedCondition(
  acceptance: Acceptance | undefined,
  observedGeneration: number,
  { before, now }: { before: unknown; now: string },
): Condition {
  const { accepted = false, reason = 'Invalid', message = '' } = acceptance ?? {};
  const status = accepted ? 'True' : 'False';
  const { conditions = [] } = (before ?? {}) as { conditions?: Condition[] };
  const same = conditions.find((condition) => condition.type === 'Accepted' && condition.status === status);
  const lastTransitionTime = same?.lastTransitionTime ?? now;
  return { type: 'Accepted', status, observedGeneration, lastTransitionTime, reason, message };
}
