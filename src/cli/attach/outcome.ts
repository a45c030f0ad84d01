import type { AttachedFile, AttachedWorkload } from '../../files/attach-file.ts';
import type { DetachedFile, DetachedWorkload } from '../../files/detach-file.ts';
import { formatPlace, formatWorkload, type Place } from '../../files/finding.ts';
import type { LeftTemplate } from '../../files/targets.ts';
import type { WorkloadName } from '../../sidecar/explain.ts';

/** What became of one Pod template, for the summary. */
export interface Outcome extends Place {
  workload: WorkloadName;
  changed: boolean;
  found: LeftTemplate['found'];
  /** What happened, or why nothing did; for people. */
  says: string;
  /** Names of sidecars that were taken off. */
  removed: string[];
}

/** In the order of the text. */
export function attachOutcomes({ workloads, left }: AttachedFile): Outcome[] {
  return inOrder([
    ...workloads.map((one) => ({ ...common(one), removed: one.removed, says: attachSays(one) })),
    ...left.map(leftOutcome),
  ]);
}

export function detachOutcomes({ workloads, left }: DetachedFile): Outcome[] {
  return inOrder([
    ...workloads.map((one) => ({ ...common(one), removed: one.detached, says: detachSays(one) })),
    ...left.map(leftOutcome),
  ]);
}

/** `pod.yaml:1:1: Pod default/web-app: hello joined (selected by names)`. */
export function formatOutcome(outcome: Outcome): string {
  return `${formatPlace(outcome)}: ${formatWorkload(outcome.workload)}: ${outcome.says}`;
}

function attachSays({ changed, joined, before, removed, apart }: AttachedWorkload): string {
  if (joined.length === 0 && removed.length === 0) {
    if (apart.length === 0) return 'nothing joins';
    return `nothing joins: ${apart.map(({ sidecar, reason }) => `${sidecar}: ${reason}`).join('; ')}`;
  }
  if (!changed) return `${joined.map(({ name }) => name).join(', ')} attached already`;
  const gone = removed.map((name) => {
    const reason = apart.find(({ sidecar }) => sidecar === name)?.reason ?? 'it is not among the sidecars given';
    return `${name} taken off (${reason})`;
  });
  const come = joined.map(({ name, reason }) =>
    before.includes(name) ? `${name} renewed` : `${name} joined (${reason})`,
  );
  return [...come, ...gone].join('; ');
}

function detachSays({ changed, detached, remaining }: DetachedWorkload): string {
  const stay = remaining.length > 0 ? `${remaining.join(', ')} ${remaining.length === 1 ? 'stays' : 'stay'}` : '';
  if (detached.length === 0) return stay || 'nothing is attached';
  const off = `${detached.join(', ')} taken off${changed ? '' : ', and nothing of it was left'}`;
  return stay ? `${off}; ${stay}` : off;
}

function leftOutcome({ field, reason, ...left }: LeftTemplate): Outcome {
  return { ...common({ ...left, changed: false }), removed: [], says: `left alone: ${field}: ${reason}` };
}

function common({ workload, file, line, column, changed, found }: Omit<Outcome, 'says' | 'removed'>) {
  return { workload, file, line, column, changed, found };
}

function inOrder(outcomes: Outcome[]): Outcome[] {
  return outcomes.sort((a, b) => a.line - b.line || a.column - b.column);
}
