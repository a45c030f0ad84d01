import { attach } from './attach.ts';
import { type CompiledSidecars, compileSidecars } from './compile.ts';
import type { Finding } from './finding.ts';
import { readProvenance } from './provenance.ts';
import type { Rule } from './selects.ts';
import type { Sidecar } from './sidecar.ts';
import { nameOf, namespaceOf, type Target } from './target.ts';

/** Which object a result is about. */
export interface WorkloadName {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
}

export interface Explanation {
  workload: WorkloadName;
  sidecars: ExplainedSidecar[];
  /** About the whole template: conflicts, misplaced annotations, near misses. */
  findings: Finding[];
}

export interface ExplainedSidecar {
  name: string;
  kind: Sidecar['kind'];
  joins: boolean;
  /** Whether it is attached already. */
  attached: boolean;
  /** The first rule that decided it. */
  rule: Rule;
  reason: string;
  /** About this sidecar: why it cannot be attached, what it nearly matched. */
  findings: Finding[];
}

/** Who joins whom, and why or why not. */
export function explain(targets: readonly Target[], sidecars: CompiledSidecars | readonly Sidecar[]): Explanation[] {
  const compiled = 'fingerprints' in sidecars ? sidecars : compileSidecars(sidecars);
  return targets.map((target) => {
    const { selections, findings } = attach({ ...target, sidecars: compiled });
    const attached = new Set(readProvenance(target.template).provenance?.sidecars.map(({ name }) => name));
    return {
      workload: workloadName(target),
      sidecars: selections.map(({ sidecar: { name, kind }, selection: { joins, rule, reason } }) => ({
        name,
        kind,
        joins,
        attached: attached.has(name),
        rule,
        reason,
        findings: findings.filter(({ sidecar }) => sidecar === name),
      })),
      findings: findings.filter(({ sidecar }) => !selections.some((one) => one.sidecar.name === sidecar)),
    };
  });
}

export function workloadName(target: Target): WorkloadName {
  return {
    apiVersion: target.workload?.apiVersion ?? 'v1',
    kind: target.workload?.kind ?? 'Pod',
    namespace: namespaceOf(target),
    name: nameOf(target),
  };
}
