import { isRecord } from '../kube/json.ts';
import { ExpressionError } from './cel/expression.ts';
import { Scope } from './cel/scope.ts';
import type { CompiledSidecar } from './compile.ts';
import { type Finding, onSidecar, onTemplate } from './finding.ts';
import { matchesAny } from './glob.ts';
import { labelNearMiss, nameNearMiss } from './near-misses.ts';
import { annotationFor, INJECT } from './sidecar.ts';
import { kindOf, nameOf, namespaceOf, ownersOf, type Target } from './target.ts';

/** The rule that decided, in the order in which they are looked at. */
export type Rule =
  | 'PodAnnotation'
  | 'Namespace'
  | 'NamespaceSelector'
  | 'Kinds'
  | 'Labels'
  | 'Names'
  | 'Condition'
  | 'NamespaceAnnotation'
  | 'NotRequested'
  | 'Requested'
  | 'Selected';

export interface Selection {
  joins: boolean;
  rule: Rule;
  /** One sentence for people. */
  reason: string;
  /** Near misses as warnings; a condition that failed as an error. */
  findings: Finding[];
}

/**
 * Whether a sidecar joins a template, and the first rule that decided it. The Pod's own refusal comes first; then everything that the
 * selector says must hold; then the namespace's and the Pod's wish count, the Pod's being the last word. `target.template` is without
 * anything attached.
 */
export function selects(compiled: CompiledSidecar, target: Target, scope: Scope = new Scope(target)): Selection {
  const wish = wishOf(compiled.name, target.template.metadata?.annotations);
  if (wish?.joins === false) return no('PodAnnotation', `the Pod template says ${wish.said}`);
  for (const rule of SELECTOR_RULES) {
    const refusal = rule(compiled, target, scope);
    if (refusal !== undefined) return wish?.byName ? askedInVain(refusal, compiled.name, wish) : refusal;
  }
  const { joins = 'Always' } = compiled.sidecar.spec;
  const ofNamespace = wishOf(compiled.name, target.namespace?.metadata?.annotations);
  if (wish === undefined && ofNamespace?.joins === false)
    return no('NamespaceAnnotation', `the namespace says ${ofNamespace.said}`);
  const asked = wish ?? ofNamespace;
  if (asked !== undefined)
    return yes('Requested', `the ${wish ? 'Pod template' : 'namespace'} says ${asked.said}, and the selector holds`);
  if (joins === 'OnRequest')
    return no('NotRequested', `it joins on request only: ${annotationFor(compiled.name, 'inject')}: "true"`);
  return yes('Selected', selectedBecause(compiled));
}

interface Wish {
  joins: boolean;
  /** The annotation as it was written. */
  said: string;
  /** Whether it names this sidecar. */
  byName: boolean;
}

/** What annotations say about one sidecar; the one that names it counts more than the one for all. */
function wishOf(sidecar: string, annotations: unknown): Wish | undefined {
  if (!isRecord(annotations)) return undefined;
  const own = annotationFor(sidecar, 'inject');
  const said = (key: string): string => `${key}: ${JSON.stringify(annotations[key])}`;
  if (annotations[own] === 'true' || annotations[own] === 'false')
    return { joins: annotations[own] === 'true', said: said(own), byName: true };
  const all = annotations[INJECT];
  if (typeof all !== 'string') return undefined;
  if (all === 'false' || all === 'true') return { joins: all === 'true', said: said(INJECT), byName: false };
  return requestedNames(all).includes(sidecar) ? { joins: true, said: said(INJECT), byName: true } : undefined;
}

/** `"hello, logs"` → hello, logs. */
export function requestedNames(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

type SelectorRule = (compiled: CompiledSidecar, target: Target, scope: Scope) => Selection | undefined;

const SELECTOR_RULES: readonly SelectorRule[] = [
  function ownNamespace({ kind, sidecar }, target) {
    const own = sidecar.metadata.namespace;
    const namespace = namespaceOf(target);
    if (kind !== 'Sidecar' || own === undefined || own === namespace) return undefined;
    return no('Namespace', `it joins Pods of its own namespace "${own}", and this one is in "${namespace}"`);
  },
  function namespaceLabels(compiled, target) {
    if (compiled.sidecar.spec.selector?.namespaceSelector === undefined) return undefined;
    const name = namespaceOf(target);
    const labels = { 'kubernetes.io/metadata.name': name, ...target.namespace?.metadata?.labels };
    if (compiled.namespaceLabels(labels)) return undefined;
    const known = target.namespace?.metadata?.labels !== undefined;
    return no(
      'NamespaceSelector',
      known ? `the labels of namespace "${name}" do not match` : `the labels of namespace "${name}" are not known here`,
    );
  },
  function kinds({ sidecar }, target) {
    const wanted = sidecar.spec.selector?.kinds;
    if (wanted === undefined) return undefined;
    const own = kindOf(target);
    const owners = ownersOf(target).map(({ kind, apiVersion }) => kindOf({ workload: { kind, apiVersion } }));
    if ([own, ...owners].some((kind) => wanted.some((one) => isKind(one, kind)))) return undefined;
    return no('Kinds', `it joins ${wanted.join(', ')}, and this is a ${own.kind}`);
  },
  function labels(compiled, target) {
    if (compiled.labels(target.template.metadata?.labels)) return undefined;
    const miss = labelNearMiss(compiled, target);
    return no('Labels', `the labels of the Pod template do not match${miss ? `: ${miss.message}` : ''}`, miss);
  },
  function names({ name, sidecar }, target) {
    const globs = sidecar.spec.selector?.names;
    if (globs === undefined) return undefined;
    const names = [nameOf(target), ...ownersOf(target).map((owner) => owner.name)];
    if (names.some((one) => matchesAny(globs, one))) return undefined;
    const miss = nameNearMiss(name, globs, names);
    return no('Names', `its name "${names[0]}" is none of ${globs.join(', ')}`, miss);
  },
  function condition({ name, condition: expression }, _, scope) {
    if (expression === undefined) return undefined;
    try {
      const value = expression.evaluate(scope);
      if (value === true) return undefined;
      if (value === false) return no('Condition', `the condition is false: ${expression.text}`);
      return failed(name, `must be a bool, and is ${JSON.stringify(value)}`);
    } catch (error) {
      if (error instanceof ExpressionError) return failed(name, error.message, error.code);
      throw error;
    }
  },
];

function isKind(wanted: string, { kind, group }: { kind: string; group: string }): boolean {
  return wanted === kind || (group !== '' && wanted === `${kind}.${group}`);
}

function selectedBecause({ sidecar: { spec } }: CompiledSidecar): string {
  const { selector = {} } = spec;
  const given = [
    selector.matchLabels !== undefined || selector.matchExpressions !== undefined ? 'labels' : '',
    selector.names ? 'names' : '',
    selector.kinds ? 'kinds' : '',
    selector.namespaceSelector ? 'namespace' : '',
    selector.condition ? 'condition' : '',
  ].filter((word) => word !== '');
  if (given.length === 0) return 'it joins every Pod (matchAll)';
  return `selected by ${given.join(', ')}`;
}

function yes(rule: Rule, reason: string): Selection {
  return { joins: true, rule, reason, findings: [] };
}

function no(rule: Rule, reason: string, miss?: Finding): Selection {
  return { joins: false, rule, reason, findings: miss === undefined ? [] : [miss] };
}

/** Asking is not enough: whoever wrote the sidecar says whom it may join. */
function askedInVain(refusal: Selection, sidecar: string, { said }: Wish): Selection {
  const field = 'metadata.annotations';
  const message = `asks by ${said} for sidecar "${sidecar}", which does not join: ${refusal.reason}`;
  const finding = onTemplate('RequestNotSelected', field, message, { severity: 'warning', sidecar });
  return { ...refusal, findings: [...refusal.findings, finding] };
}

/** Nobody can say whether it joins: an error, and until it is mended it does not. */
function failed(sidecar: string, message: string, code: ExpressionError['code'] = 'ExpressionFailed'): Selection {
  const finding = onSidecar(code, 'spec.selector.condition', message, { sidecar });
  return { joins: false, rule: 'Condition', reason: `the condition failed: ${message}`, findings: [finding] };
}
