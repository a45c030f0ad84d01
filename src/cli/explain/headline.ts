import { formatWorkload, type PlacedFinding } from '../../files/finding.ts';
import type { FileTarget } from '../../files/targets.ts';
import type { WorkloadName } from '../../sidecar/explain.ts';
import type { Paint } from '../paint.ts';
import { templateField } from './survey.ts';

/** Whose template a report is about, and where that is. */
export interface Subject {
  workload: WorkloadName;
  file: string;
  line: number;
  column: number;
  /** Where the template is in its object; empty for a Pod. */
  template: string;
}

export function subjectOf(target: FileTarget): Subject {
  const { workload, file, line, column } = target;
  return { workload, file, line, column, template: templateField(target) };
}

/** Of these kinds nobody asks where the template is. */
const USUAL = ['', 'template', 'spec.template', 'spec.jobTemplate.spec.template'];

/** `Deployment shop/web  deploy/web.yaml:3`. */
export function headline({ workload, file, line, template }: Subject, paint: Paint): string {
  const where = USUAL.includes(template) ? '' : ` (${template})`;
  return `${paint.bold(formatWorkload(workload))}${where}  ${paint.dim(`${file}:${line}`)}`;
}

const SEVERITY_COLOURS = { error: 'red', warning: 'yellow', info: 'dim' } as const;

/** A line for people, in the form that editors know; the headline above it has said whose Pod it is about. */
export function paintSeverity(line: string, { severity }: Pick<PlacedFinding, 'severity'>, paint: Paint): string {
  return line.replace(`: ${severity}: `, `: ${paint[SEVERITY_COLOURS[severity]](severity)}: `);
}
