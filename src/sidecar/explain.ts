import { attach } from './attach.ts';
import { type CompiledSidecars, compileSidecars } from './compile.ts';
import type { Finding, FindingPlace } from './finding.ts';
import { unreadWords } from './near-misses.ts';
import { readProvenance } from './provenance.ts';
import type { Rule } from './selects.ts';
import { annotationFor, INJECT, type Sidecar } from './sidecar.ts';
import { nameOf, namespaceOf, type Target } from './target.ts';

/** Which object a result is about. */
export interface WorkloadName {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
}

export interface Explanation {
  workload: WorkloadName;
  sidecars: ExplainedSidecar[];
  /** About the whole template: misplaced annotations, and others that nobody reads. */
  findings: Finding[];
}

export interface ExplainedSidecar {
  name: string;
  kind: Sidecar['kind'];
  joins: boolean;
  /** Whether it is attached already. */
  attached: boolean;
  /** The first rule that decided it. */
  rule: Rule;
  reason: string;
  /** The field that the rule read. */
  decidedBy: { on: FindingPlace; field: string };
  /** About this sidecar: why it cannot be attached, what it nearly matched. */
  findings: Finding[];
}

/** Who joins whom, and why or why not. */
export function explain(targets: readonly Target[], sidecars: CompiledSidecars | readonly Sidecar[]): Explanation[] {
  const compiled = 'fingerprints' in sidecars ? sidecars : compileSidecars(sidecars);
  return targets.map((target) => {
    const { selections, findings } = attach({ ...target, sidecars: compiled });
    const attached = new Set(readProvenance(target.template).provenance?.sidecars.map(({ name }) => name));
    return {
      workload: workloadName(target),
      sidecars: selections.map(({ sidecar: { name, kind }, selection: { joins, rule, reason } }) => ({
        name,
        kind,
        joins,
        attached: attached.has(name),
        rule,
        reason,
        decidedBy: decidedBy(rule, name, target),
        findings: findings.filter(({ sidecar }) => sidecar === name),
      })),
      findings: [
        ...findings.filter(({ sidecar }) => !selections.some((one) => one.sidecar.name === sidecar)),
        ...(selections.length > 0 ? unreadWords(target) : []),
      ],
    };
  });
}

export function workloadName(target: Target): WorkloadName {
  return {
    apiVersion: target.workload?.apiVersion ?? 'v1',
    kind: target.workload?.kind ?? 'Pod',
    namespace: namespaceOf(target),
    name: nameOf(target),
  };
}

/** Where the sidecar says what decided, if it does. */
const FIELDS: Partial<Record<Rule, string>> = {
  Namespace: 'metadata.namespace',
  NamespaceSelector: 'spec.selector.namespaceSelector',
  Kinds: 'spec.selector.kinds',
  Labels: 'spec.selector.matchLabels',
  Names: 'spec.selector.names',
  Condition: 'spec.selector.condition',
  NotRequested: 'spec.joins',
  Selected: 'spec.selector',
};

function decidedBy(rule: Rule, sidecar: string, { template, namespace }: Target): ExplainedSidecar['decidedBy'] {
  const field = FIELDS[rule];
  if (field !== undefined) return { on: 'sidecar', field };
  const own = annotationFor(sidecar, 'inject');
  const among = (annotations: Record<string, string> | undefined): string | undefined =>
    [own, INJECT].find((key) => annotations?.[key] !== undefined);
  const ofTemplate = rule === 'NamespaceAnnotation' ? undefined : among(template.metadata?.annotations);
  if (ofTemplate !== undefined) return { on: 'template', field: `metadata.annotations[${ofTemplate}]` };
  return { on: 'namespace', field: `metadata.annotations[${among(namespace?.metadata?.annotations) ?? INJECT}]` };
}
