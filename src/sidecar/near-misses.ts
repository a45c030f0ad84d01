import type { LabelSelectorRequirement } from '../kube/generated/objects.ts';
import { isRecord } from '../kube/json.ts';
import { labelSelectorMatcher } from '../kube/label-selector.ts';
import { nearest } from './check/nearest.ts';
import type { CompiledSidecar } from './compile.ts';
import { type Finding, onTemplate } from './finding.ts';
import { matchesAny } from './glob.ts';
import { GROUP, INJECT, readAnnotationKey } from './sidecar.ts';
import { kindOf, type Target } from './target.ts';

type Labels = Record<string, string>;

/**
 * Labels that would match but for one slip: another case, the usual other key, or labels that stand on the workload instead of its template.
 * A template that lacks more than that is no near miss.
 */
export function labelNearMiss(compiled: CompiledSidecar, { template, workload }: Target): Finding | undefined {
  const labels = template.metadata?.labels ?? {};
  const { matchLabels = {}, matchExpressions = [] } = compiled.sidecar.spec.selector ?? {};
  const unmet = [
    ...Object.entries(matchLabels).map(([key, value]): Wanted => ({ key, values: [value] })),
    ...matchExpressions.flatMap((one) =>
      labelSelectorMatcher({ matchExpressions: [one] })(labels) ? [] : wantedBy(one),
    ),
  ].filter(({ key, values }) => !values.includes(labels[key] ?? ''));
  const slips = unmet.map((one) => slipIn(labels, one));
  const [first] = slips;
  if (first !== undefined && slips.every((slip) => slip !== undefined))
    return warn(compiled.name, `metadata.labels[${first.key}]`, first.message);
  const above = isOtherObject(template.metadata, workload?.metadata) ? workload?.metadata?.labels : undefined;
  if (!isRecord(above) || !compiled.labels(above as Labels)) return undefined;
  const message = `the labels of the ${workload?.kind ?? 'workload'} itself match; those of its Pod template count`;
  return warn(compiled.name, 'metadata.labels', message);
}

/** A name that differs in case. */
export function nameNearMiss(sidecar: string, globs: readonly string[], names: readonly string[]): Finding | undefined {
  const lower = globs.map((glob) => glob.toLowerCase());
  const near = names.find((name) => matchesAny(lower, name.toLowerCase()));
  if (near === undefined) return undefined;
  return warn(sidecar, 'metadata.name', `name ${near} differs from ${globs.join(', ')} only in case`);
}

/** Words to Outfit that nobody reads: as a label, under a key that there is not, or on the Job template of a CronJob. */
export function unreadWords({ template, workload }: Target): Finding[] {
  const { annotations, labels } = template.metadata ?? {};
  return [
    ...ownKeys(labels).map((key) =>
      unread('template', `metadata.labels[${key}]`, 'is a label here, and only annotations are read'),
    ),
    ...ownKeys(annotations)
      .filter((key) => !isRead(key))
      .map((key) => unread('template', `metadata.annotations[${key}]`, `is read by nobody${meant(key)}`)),
    ...ownKeys(jobTemplateAnnotations(workload)).map((key) =>
      unread(
        'workload',
        `spec.jobTemplate.metadata.annotations[${key}]`,
        "stands on the Job, where it does nothing; its place is the Pod template's metadata",
      ),
    ),
  ];
}

/** A Pod is its own template. */
export function isOtherObject(ofTemplate: unknown, ofWorkload: unknown): boolean {
  return ofWorkload !== undefined && ofWorkload !== ofTemplate;
}

interface Wanted {
  key: string;
  values: readonly string[];
}

/** What absence would meet is no slip. */
function wantedBy({ key, operator, values = [] }: LabelSelectorRequirement): Wanted[] {
  return [{ key, values: operator === 'In' ? values : [] }];
}

/** Under these keys people keep one and the same name. */
const NAME_KEYS = ['app', 'k8s-app', 'app.kubernetes.io/name'];

function slipIn(labels: Labels, { key, values }: Wanted): { key: string; message: string } | undefined {
  for (const [given, text] of Object.entries(labels)) {
    const value = values.find((one) => one.toLowerCase() === String(text).toLowerCase());
    if (value === undefined) continue;
    const wanted = `${key}=${value}`;
    if (given.toLowerCase() === key.toLowerCase())
      return { key: given, message: `label ${given}=${text} differs from ${wanted} only in case` };
    if (nearest(key, [given]) !== undefined || (NAME_KEYS.includes(key) && NAME_KEYS.includes(given)))
      return { key: given, message: `label ${given}=${text} has another key than ${wanted}` };
  }
  return undefined;
}

function ownKeys(map: unknown): string[] {
  return isRecord(map) ? Object.keys(map).filter((key) => /(^|\.)outfit\.dev\//i.test(key)) : [];
}

/** Other keys of Outfit's own domain are Outfit's to write. */
function isRead(key: string): boolean {
  return key === INJECT || readAnnotationKey(key) !== undefined || (key.startsWith(`${GROUP}/`) && !isMeant(key));
}

function isMeant(key: string): boolean {
  return nearest(key, [INJECT]) !== undefined;
}

function meant(key: string): string {
  if (isMeant(key)) return `; did you mean "${INJECT}"?`;
  return `: keys are ${INJECT}, NAME.sidecar.${INJECT} and NAME.sidecar.${GROUP}/PARAMETER`;
}

function jobTemplateAnnotations(workload: Target['workload']): unknown {
  if (kindOf({ workload: workload ?? {} }).kind !== 'CronJob' || !isRecord(workload?.spec)) return undefined;
  const { jobTemplate } = workload.spec;
  return isRecord(jobTemplate) && isRecord(jobTemplate.metadata) ? jobTemplate.metadata.annotations : undefined;
}

function unread(on: 'template' | 'workload', field: string, message: string): Finding {
  return { severity: 'warning', code: 'MisplacedAnnotation', on, field, message };
}

function warn(sidecar: string, field: string, message: string): Finding {
  return onTemplate('NearMiss', field, message, { severity: 'warning', sidecar });
}
