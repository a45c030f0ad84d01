import type { PlacedFinding } from '../../files/finding.ts';
import { placeFinding } from '../../files/place-finding.ts';
import type { FileTarget } from '../../files/targets.ts';
import type { Finding } from '../../sidecar/finding.ts';
import { type AttachmentState, statusAndFaults } from '../../sidecar/status.ts';
import { type Subject, subjectOf } from './headline.ts';
import type { Survey } from './survey.ts';

/** `status -o json`. */
export interface StatusReport {
  sidecars: SidecarState[];
  /** About the texts, the definitions, and what is attached where. */
  findings: PlacedFinding[];
}

/** One sidecar of one workload. */
export interface SidecarState extends Subject {
  sidecar: string;
  state: AttachmentState;
  reason: string;
  findings: PlacedFinding[];
}

export function statusReport({ targets, sidecars, findings }: Survey): StatusReport {
  const looked = targets.map((target) => ({
    target,
    ...statusAndFaults({ ...target.target, sidecars: sidecars.sidecars }),
  }));
  const placed = (some: readonly Finding[], target: FileTarget): PlacedFinding[] =>
    some.map((finding) => placeFinding(finding, target, sidecars.definitions));
  return {
    sidecars: looked.flatMap(({ target, sidecars: states }) =>
      states.map((one) => ({ ...subjectOf(target), ...one, findings: placed(one.findings, target) })),
    ),
    findings: [...findings, ...looked.flatMap(({ target, faults }) => placed(faults, target))],
  };
}

/** What keeps something from being as it should be. That a person edited something is an answer, and no error. */
export function problemsOf({ sidecars, findings }: StatusReport): PlacedFinding[] {
  return [...findings, ...sidecars.flatMap((one) => (one.state === 'edited' ? [] : one.findings))];
}
