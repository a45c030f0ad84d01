import type { PlacedFinding } from '../../files/finding.ts';
import { placeFinding } from '../../files/place-finding.ts';
import type { LeftTemplate } from '../../files/targets.ts';
import { type PlannedWorkload, plan } from '../../sidecar/plan.ts';
import { type Subject, subjectOf } from './headline.ts';
import type { Survey } from './survey.ts';

/** `plan -o json`. */
export interface PlanReport {
  workloads: PlannedTarget[];
  left: LeftTemplate[];
  /** About the texts and the definitions; those about workloads stand there. */
  findings: PlacedFinding[];
}

export interface PlannedTarget extends Subject, Omit<PlannedWorkload, 'workload' | 'findings'> {
  findings: PlacedFinding[];
}

export function planReport({ targets, sidecars, left, objects, findings }: Survey): PlanReport {
  const planned = plan({
    targets: targets.map(({ target }) => target),
    sidecars: sidecars.sidecars,
    others: objects,
  });
  return {
    workloads: targets.map((target, i) => ({
      ...subjectOf(target),
      ...planned[i]!,
      findings: planned[i]!.findings.map((finding) => placeFinding(finding, target, sidecars.definitions)),
    })),
    left,
    findings,
  };
}
