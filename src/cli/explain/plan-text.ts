import { formatFinding, type PlacedFinding } from '../../files/finding.ts';
import type { Change } from '../../sidecar/plan.ts';
import type { Paint } from '../paint.ts';
import { headline, paintSeverity } from './headline.ts';
import type { PlannedTarget, PlanReport } from './plan-report.ts';

const EFFECTS: Record<PlannedTarget['effect'], string> = {
  None: 'no Pod is replaced',
  Rollout: 'the template hash changes: a rollout replaces the Pods',
  OnDelete: 'the template hash changes: a Pod has it when somebody has deleted the old one',
  NextRun: 'from the next run on',
  Recreate: 'cannot be changed in place: delete and create it again',
  Unknown: 'the template changes: its controller decides what becomes of the Pods',
};

/** What a person reads: every workload that would change or that something is wrong with, and in it only what changes. */
export function planText({ workloads }: PlanReport, paint: Paint): string {
  const shown = workloads.filter(({ changed, findings }) => changed || findings.some(isTold));
  return [...shown.map((one) => blockOf(one, paint)), summary(workloads)].map((block) => `${block}\n`).join('\n');
}

function blockOf(planned: PlannedTarget, paint: Paint): string {
  const { changed, sidecars, effect } = planned;
  const rows: Row[] = changed
    ? [
        ...sidecars.added.map((name) => row('sidecars', paint.green(`+ ${name}`))),
        ...sidecars.updated.map((name) => row('sidecars', paint.yellow(`~ ${name}`))),
        ...sidecars.removed.map((name) => row('sidecars', paint.red(`- ${name}`))),
        ...containerRows(planned, paint),
        ...amountRows('requests', planned.requests, planned.cheaper, paint),
        ...amountRows('limits', planned.limits, [], paint),
        ...(planned.qos.before === planned.qos.after ? [] : [row('QoS class', arrow(planned.qos))]),
        ...securityRows(planned, paint),
        ...planned.ports.map(({ container, port, protocol, name }) =>
          row('port', `${port}/${protocol}${name ? ` ${name}` : ''} of ${container}`),
        ),
        row('effect', EFFECTS[effect]),
      ]
    : [];
  return [headline(planned, paint), ...table(rows), ...planned.findings.map((one) => findingLine(one, paint))].join(
    '\n',
  );
}

/** A name and what there is to say; a row without a name goes on with the one above it. */
type Row = readonly [name: string, text: string];
const row = (name: string, text: string): Row => [name, text];

function table(rows: readonly Row[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text], i) => {
    const shown = rows[i - 1]?.[0] === name ? '' : name;
    return `  ${shown.padEnd(width)}  ${text}`;
  });
}

function containerRows({ containers: { added, removed, changed } }: PlannedTarget, paint: Paint): Row[] {
  return [
    ...added.map((name) => row('containers', paint.green(`+ ${name}`))),
    ...changed.map(({ name, fields }) => row('containers', `${paint.yellow(`~ ${name}`)}: ${fields.join(', ')}`)),
    ...removed.map((name) => row('containers', paint.red(`- ${name}`))),
  ];
}

function amountRows(
  name: string,
  { before, after }: PlannedTarget['requests'],
  cheaper: PlannedTarget['cheaper'],
  paint: Paint,
): Row[] {
  const resources = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changes = resources
    .filter((resource) => before[resource] !== after[resource])
    .map((resource) =>
      row(name, `${resource} ${arrow({ before: before[resource] ?? 'none', after: after[resource] ?? 'none' })}`),
    );
  const hints = cheaper.map(({ sidecar, requests }) => {
    const less = resources.filter((resource) => requests[resource] !== after[resource]);
    const amounts = less.map((resource) => `${resource} ${requests[resource] ?? 'none'}`).join(', ');
    return row(name, paint.yellow(`${amounts} with order: {after: ["*"]} in ${sidecar}`));
  });
  return [...changes, ...hints];
}

function securityRows({ podSecurity: { before, after, because } }: PlannedTarget, paint: Paint): Row[] {
  if (before === after) return [];
  // What kept it from a stricter level than it will have is of no interest.
  const told = because.filter(({ level }) => level === before || (before === 'restricted' && after === 'privileged'));
  const reasons = told.length > 0 ? told : because;
  return [
    row('Pod security', arrow({ before, after })),
    ...reasons.map(({ field, message }) => row('Pod security', paint.dim(`${message} (${field})`))),
  ];
}

function arrow({ before, after }: Change<string>): string {
  return `${before} → ${after}`;
}

/** What was answered as the author wanted is no news without a change. */
function isTold({ severity }: PlacedFinding): boolean {
  return severity !== 'info';
}

function findingLine({ workload: _, ...finding }: PlacedFinding, paint: Paint): string {
  return `  ${paintSeverity(formatFinding(finding), finding, paint)}`;
}

function summary(workloads: readonly PlannedTarget[]): string {
  if (workloads.length === 0) return 'There is no Pod template in these files.';
  const changed = workloads.filter((one) => one.changed).length;
  const wrong = workloads.filter(({ findings }) => findings.some(({ severity }) => severity === 'error')).length;
  const total = workloads.length === 1 ? '1 Pod template' : `${workloads.length} Pod templates`;
  if (wrong > 0)
    return `${changed} of ${total} would change; in ${wrong} there are errors, and nothing can be attached.`;
  return changed === 0 ? `Nothing would change in ${total}.` : `${changed} of ${total} would change.`;
}
