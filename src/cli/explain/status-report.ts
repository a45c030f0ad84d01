import type { PlacedFinding } from '../../files/finding.ts';
import { placeFinding } from '../../files/place-finding.ts';
import { type AttachmentState, status } from '../../sidecar/status.ts';
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
  return {
    sidecars: targets.flatMap((target) =>
      status({ ...target.target, sidecars: sidecars.sidecars }).map((one) => ({
        ...subjectOf(target),
        ...one,
        findings: one.findings.map((finding) => placeFinding(finding, target, sidecars.definitions)),
      })),
    ),
    findings,
  };
}
