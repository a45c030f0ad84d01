import type { Place, PlacedFinding } from '../../files/finding.ts';
import { placeFinding } from '../../files/place-finding.ts';
import type { FileTarget, LeftTemplate } from '../../files/targets.ts';
import { type ExplainedSidecar, explain } from '../../sidecar/explain.ts';
import { type Subject, subjectOf } from './headline.ts';
import type { Survey } from './survey.ts';

/** `explain -o json`. */
export interface ExplainReport {
  workloads: ExplainedTarget[];
  left: LeftTemplate[];
  /** About the texts and the definitions; those about workloads stand there. */
  findings: PlacedFinding[];
}

export interface ExplainedTarget extends Subject {
  sidecars: PlacedSidecar[];
  findings: PlacedFinding[];
}

/** An explained sidecar with the places of what decided, where that stands in a file. */
export interface PlacedSidecar extends Omit<ExplainedSidecar, 'findings' | 'decidedBy'> {
  decidedBy: ExplainedSidecar['decidedBy'] & Partial<Place>;
  findings: PlacedFinding[];
}

export function explainReport({ targets, sidecars, left, findings }: Survey): ExplainReport {
  const explained = explain(
    targets.map(({ target }) => target),
    sidecars.sidecars,
  );
  return {
    workloads: targets.map((target, i) => {
      const explanation = explained[i]!;
      const placed = (some: ExplainedSidecar['findings']): PlacedFinding[] =>
        some.map((finding) => placeFinding(finding, target, sidecars.definitions));
      return {
        ...subjectOf(target),
        sidecars: explanation.sidecars.map((one) => ({
          ...one,
          decidedBy: { ...one.decidedBy, ...placeOfRule(one, target, sidecars.definitions) },
          findings: placed(one.findings),
        })),
        findings: placed(explanation.findings),
      };
    }),
    left,
    findings,
  };
}

/** Of namespaces only their facts are known, not where they were written. */
function placeOfRule(
  { name, decidedBy }: ExplainedSidecar,
  target: FileTarget,
  definitions: Survey['sidecars']['definitions'],
): Place | undefined {
  if (decidedBy.on === 'namespace') return undefined;
  const bare = { severity: 'info', code: 'NearMiss', message: '', sidecar: name, ...decidedBy } as const;
  const { file, line, column } = placeFinding(bare, target, definitions);
  return { file, line, column };
}

/** All findings of a report, in the order in which they are shown. */
export function findingsOf({ workloads, findings }: ExplainReport): PlacedFinding[] {
  return [
    ...findings,
    ...workloads.flatMap((one) => [...one.sidecars.flatMap((sidecar) => sidecar.findings), ...one.findings]),
  ];
}
