import type { PlacedFinding } from '../../files/finding.ts';
import { type Context, tell } from '../command.ts';
import { reportFindings } from '../manifests/report-findings.ts';
import type { Summary } from './summary.ts';

/** All that is to be said about a run. */
export interface Report {
  summary: Summary;
  findings: readonly PlacedFinding[];
  /** What is odd about the command line, as it turned out. */
  remarks: readonly string[];
  /** Names of the files that were written. */
  written: readonly string[];
}

/** Tells on standard error what happened, and what somebody should look at. */
export function tellReport(
  report: Report,
  { json, quiet }: { json: boolean; quiet: boolean },
  context: Pick<Context, 'stderr'>,
): void {
  if (json) {
    tellJson(report, context);
    return;
  }
  reportFindings(report.findings, context, quiet);
  for (const remark of report.remarks) tell(context, `warning: ${remark}`);
  if (quiet) return;
  for (const line of report.summary.lines()) tell(context, line);
  const [first, ...more] = report.written;
  const wrote = first === undefined ? '' : `; wrote ${more.length === 0 ? first : `${more.length + 1} files`}`;
  tell(context, `${report.summary.total()}${wrote}`);
}

/** The same for programs, as one object. */
export function tellJson({ summary, findings, remarks, written }: Report, { stderr }: Pick<Context, 'stderr'>): void {
  stderr.write('{"workloads":[');
  let comma = '';
  for (const line of summary.lines()) {
    stderr.write(`${comma}${line}`);
    comma = ',';
  }
  stderr.write(`],${JSON.stringify({ findings, remarks, written }).slice(1)}\n`);
}
