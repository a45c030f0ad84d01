import { formatFinding, formatWorkload, type PlacedFinding } from '../../files/finding.ts';
import type { Paint } from '../paint.ts';
import type { ExplainedTarget, ExplainReport, PlacedSidecar } from './explain-report.ts';
import { headline, paintSeverity } from './headline.ts';

/** A longer name pushes only its own line to the right. */
const WIDEST_NAME = 32;

/** The tree that a person reads: workloads, and under each its sidecars and what there is to say. */
export function explainTree({ workloads, left }: ExplainReport, paint: Paint): string {
  const blocks = workloads.map((one) => treeOf(one, paint));
  const alone = left.map(({ workload, file, line, field, reason }) => {
    const place = paint.dim(`${file}:${line}`);
    return `${paint.bold(formatWorkload(workload))} (${field})  ${place}\n└─ left alone: ${reason}`;
  });
  return [...blocks, ...alone, summary(workloads)].map((block) => `${block}\n`).join('\n');
}

function treeOf(target: ExplainedTarget, paint: Paint): string {
  const width = Math.max(...target.sidecars.map(({ name }) => Math.min(name.length, WIDEST_NAME)));
  const children = [
    ...target.sidecars.map((one) => sidecarLines(one, width, paint)),
    ...target.findings.map((finding) => [findingLine(finding, paint)]),
  ];
  const branches = children.flatMap(([first = '', ...rest], i) => {
    const last = i === children.length - 1;
    return [`${last ? '└─' : '├─'} ${first}`, ...rest.map((line) => `${last ? ' ' : '│'}  ${line}`)];
  });
  return [headline(target, paint), ...branches].join('\n');
}

function sidecarLines(sidecar: PlacedSidecar, width: number, paint: Paint): string[] {
  const { name, reason, findings, decidedBy } = sidecar;
  const place = decidedBy.file === undefined ? '' : `  ${paint.dim(`${decidedBy.file}:${decidedBy.line}`)}`;
  // What a near miss says again below, with its place.
  const why = findings.reduce((text, { message }) => text.replace(`: ${message}`, ''), reason);
  return [
    `${name.padEnd(width)}  ${verdict(sidecar, paint)}: ${why}${place}`,
    ...findings.map((finding) => `  ${findingLine(finding, paint)}`),
  ];
}

function verdict({ joins, attached, findings }: PlacedSidecar, paint: Paint): string {
  if (joins && isRefused(findings)) return paint.red('cannot be attached');
  if (joins) return paint.green(attached ? 'joins, and is attached' : 'joins');
  return attached ? paint.yellow('attached, and does not join any more') : paint.dim('does not join');
}

function isRefused(findings: readonly PlacedFinding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

function findingLine({ workload: _, ...finding }: PlacedFinding, paint: Paint): string {
  return paintSeverity(formatFinding(finding), finding, paint);
}

function summary(workloads: readonly ExplainedTarget[]): string {
  if (workloads.length === 0) return 'There is no Pod template in these files.';
  const joined = workloads.filter(
    ({ sidecars, findings }) =>
      sidecars.some(({ joins }) => joins) && ![...sidecars, { findings }].some((one) => isRefused(one.findings)),
  ).length;
  const total = workloads.length === 1 ? '1 Pod template' : `${workloads.length} Pod templates`;
  return `${joined} of ${total} ${joined === 1 || workloads.length === 1 ? 'gets' : 'get'} sidecars.`;
}
