import { isRecord } from '../kube/json.ts';
import { type LabelMatcher, labelSelectorMatcher } from '../kube/label-selector.ts';
import type { SoundParts } from './attach/validate-result.ts';
import { canonicalJson } from './canonical.ts';
import { type Compiler, createCompiler, type Expression } from './cel/expression.ts';
import { Scope } from './cel/scope.ts';
import { toCel } from './cel/values.ts';
import { checkIdentity } from './check/identity.ts';
import { checkParameters, sampleParameters } from './check/parameters.ts';
import { checkSelector } from './check/selector.ts';
import { checkStructure } from './check/structure.ts';
import { checkBrought } from './check/template.ts';
import { type Finding, fromFieldError, hasErrors, onSidecar } from './finding.ts';
import type { Fingerprints } from './fingerprint.ts';
import { arrange, describeCycle } from './order.ts';
import { type Brought, compileRenderer, expressionFinding, RenderError, type Renderer } from './render.ts';
import { sha256 } from './sha256.ts';
import type { Sidecar } from './sidecar.ts';

/** A checked sidecar, ready to be attached to any number of templates. */
export interface CompiledSidecar {
  name: string;
  kind: Sidecar['kind'];
  sidecar: Sidecar;
  /** Of everything in the definition that decides what it does; twelve hex digits. */
  digest: string;
  labels: LabelMatcher;
  namespaceLabels: LabelMatcher;
  condition?: Expression;
  renderer: Renderer;
}

export interface CompiledSidecars {
  /** By name; those with errors are left out. */
  sidecars: readonly CompiledSidecar[];
  findings: Finding[];
  /** Made once for what is the same in every Pod. */
  fingerprints: Fingerprints;
  /** Found once to be valid in every Pod. */
  sound: SoundParts;
}

/** Checks and compiles definitions once. Two of one name cannot be told apart in a Pod and are an error. */
export function compileSidecars(definitions: readonly unknown[]): CompiledSidecars {
  const findings: Finding[] = [];
  const byKey = new Map<string, CompiledSidecar>();
  for (const definition of definitions) {
    const { compiled, findings: found } = compileSidecar(definition);
    findings.push(...found);
    if (compiled === undefined) continue;
    const key =
      compiled.kind === 'Sidecar' ? `${compiled.name}/${compiled.sidecar.metadata.namespace ?? ''}` : compiled.name;
    const other = byKey.get(key);
    if (other === undefined) byKey.set(key, compiled);
    else if (other.digest !== compiled.digest)
      findings.push(
        onSidecar('DuplicateSidecar', 'metadata.name', `Duplicate value: "${compiled.name}"`, {
          sidecar: compiled.name,
        }),
      );
  }
  const sidecars = [...byKey.values()].sort((a, b) => compare(a.name, b.name) || compare(a.kind, b.kind));
  return {
    sidecars,
    findings: [...findings, ...checkOrderOf(sidecars)],
    fingerprints: new WeakMap(),
    sound: new WeakSet(),
  };
}

/** Demands that cannot all be met where all of them join; whether they do, only a Pod can tell. */
function checkOrderOf(sidecars: readonly CompiledSidecar[]): Finding[] {
  const blocks = sidecars.map(({ name, sidecar: { spec } }) => ({
    sidecar: name,
    names: [],
    before: spec.order?.before ?? [],
    after: spec.order?.after ?? [],
    side: 'Last' as const,
  }));
  const arranged = arrange([], blocks, false);
  if (!('cycle' in arranged)) return [];
  const message = `no Pod can have all of them: ${describeCycle(arranged.cycle)}`;
  return [onSidecar('OrderCycle', 'spec.order', message, { severity: 'warning' })];
}

/** What is wrong with a Sidecar or ClusterSidecar, strictly and in Kubernetes' words; warnings included. */
export function checkSidecar(definition: unknown): Finding[] {
  return compileSidecar(definition).findings;
}

function compileSidecar(definition: unknown): { compiled?: CompiledSidecar; findings: Finding[] } {
  const structure = checkStructure(definition);
  const name = nameIn(definition);
  const named = (findings: Finding[]): Finding[] =>
    name === undefined ? findings : findings.map((finding) => ({ ...finding, sidecar: name }));
  if (hasErrors(structure)) return { findings: named(structure) };
  const sidecar = withoutNulls(definition) as Sidecar;
  const { spec } = sidecar;
  const simple = [...checkIdentity(sidecar), ...checkSelector(sidecar)];
  const parameterErrors = checkParameters(spec.parameters ?? [], 'spec.parameters').map((error) =>
    fromFieldError(error, 'sidecar', 'InvalidField'),
  );
  const compiler = createCompiler(spec.parameters ?? []);
  const condition = compileCondition(sidecar, compiler);
  const { renderer, findings: expressions } = compileRenderer(spec, compiler);
  const before = [...simple, ...parameterErrors, ...condition.findings, ...expressions];
  const findings = hasErrors(before) ? before : [...before, ...checkSample(sidecar, renderer)];
  if (hasErrors(findings)) return { findings: named(findings) };
  return {
    findings: named(findings),
    compiled: {
      name: sidecar.metadata.name ?? '',
      kind: sidecar.kind,
      sidecar,
      digest: digestOf(sidecar),
      labels: labelSelectorMatcher(spec.selector),
      namespaceLabels: labelSelectorMatcher(spec.selector?.namespaceSelector ?? {}),
      ...(condition.expression && { condition: condition.expression }),
      renderer: remembering(renderer),
    },
  };
}

/** Descriptions and what only a cluster looks at change nothing in a Pod; a default that a cluster writes out changes nothing either. */
function digestOf({ kind, spec }: Sidecar): string {
  const { failurePolicy: _, joins, parameters, ...rest } = spec;
  const bare = parameters?.map(({ description: _, ...parameter }) => parameter);
  const asked = joins === 'OnRequest' ? { joins } : {};
  return sha256(canonicalJson({ kind, ...rest, ...asked, parameters: bare })).slice(0, 12);
}

function compileCondition({ spec }: Sidecar, compiler: Compiler): { expression?: Expression; findings: Finding[] } {
  const text = spec.selector?.condition;
  if (text === undefined || text === '') return { findings: [] };
  const field = 'spec.selector.condition';
  try {
    const expression = compiler.compile(text);
    if (expression.type !== 'bool' && expression.type !== 'dyn')
      return { findings: [onSidecar('InvalidExpression', field, `must be a bool, and is a ${expression.type}`)] };
    if (expression.uses.has('params'))
      return { findings: [onSidecar('InvalidExpression', field, 'parameters are read after it is decided who joins')] };
    return { expression, findings: [] };
  } catch (error) {
    return { findings: [expressionFinding(error, field)] };
  }
}

/** Tries the definition with its defaults. */
function checkSample({ spec }: Sidecar, renderer: Renderer): Finding[] {
  const values = toCel(sampleParameters(spec.parameters ?? [])) as Record<string, unknown>;
  try {
    const { brought, unknown } = renderer.sample(new Scope({ template: {} }, values));
    return checkBrought(brought, unknown);
  } catch (error) {
    if (error instanceof RenderError) return [error.finding];
    throw error;
  }
}

const MAX_REMEMBERED = 256;

/** Most Pods have the same parameters: where nothing else counts, what they get is made once. */
function remembering(renderer: Renderer): Renderer {
  if ([...renderer.uses].some((name) => name !== 'params')) return renderer;
  const made = new Map<string, Brought>();
  return {
    ...renderer,
    render(scope) {
      const key = Object.values(scope.params)
        .map((value) => `${String(value).length} ${value}`)
        .join(' ');
      const before = made.get(key);
      if (before !== undefined) return before;
      if (made.size >= MAX_REMEMBERED) made.clear();
      const brought = renderer.render(scope);
      made.set(key, brought);
      return brought;
    },
  };
}

/** null is absent, as everywhere in Kubernetes. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const present = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNulls(item)]));
}

function nameIn(definition: unknown): string | undefined {
  const metadata = isRecord(definition) ? definition.metadata : undefined;
  const name = isRecord(metadata) ? metadata.name : undefined;
  return typeof name === 'string' ? name : undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
