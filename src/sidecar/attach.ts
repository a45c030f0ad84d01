import { isRecord } from '../kube/json.ts';
import { checkAnnotations } from './annotations.ts';
import { attachContainers } from './attach/containers.ts';
import { Draft } from './attach/draft.ts';
import type { Joining } from './attach/joining.ts';
import { attachToMainContainers } from './attach/main-containers.ts';
import { attachPodFields } from './attach/pod-fields.ts';
import { securityConflicts } from './attach/security.ts';
import { shapeFaults } from './attach/shape.ts';
import { sameAsStored, sameButForOrder } from './attach/unordered.ts';
import { newFaults } from './attach/validate-result.ts';
import { attachVolumes } from './attach/volumes.ts';
import { Scope } from './cel/scope.ts';
import { toCel } from './cel/values.ts';
import { type CompiledSidecar, type CompiledSidecars, compileSidecars } from './compile.ts';
import { type Detached, detach } from './detach.ts';
import { type Finding, hasErrors, onSidecar, onTemplate } from './finding.ts';
import { arrange, type Block, keepsOrder } from './order.ts';
import { parameterValues } from './parameter-values.ts';
import { writeProvenance } from './provenance.ts';
import { type Brought, RenderError } from './render.ts';
import { type Selection, selects } from './selects.ts';
import { ATTACHED, isNative, type Sidecar } from './sidecar.ts';
import { kindOf, type Target, type Template } from './target.ts';

export interface AttachOptions extends Target {
  /** Compiled once for many templates, or as they stand in files. */
  sidecars: CompiledSidecars | readonly Sidecar[];
}

export interface Attached {
  /** The template itself when there is nothing to change, or errors. Otherwise a new one that shares what did not change: read only. */
  template: Template;
  changed: boolean;
  findings: Finding[];
  joined: Joined[];
  /** For every sidecar whether it joins, and the rule that decided it. */
  selections: { sidecar: CompiledSidecar; selection: Selection }[];
}

export interface Joined {
  name: string;
  kind: Sidecar['kind'];
  rule: Selection['rule'];
  reason: string;
  /** Names of the containers that came with it. */
  containers: string[];
}

/**
 * Attaches what joins. What was attached before is taken off first, so that changed sidecars and sidecars that no longer join are seen to:
 * attaching twice is attaching once. With errors among the findings nothing is changed.
 */
export function attach({ sidecars, ...target }: AttachOptions): Attached {
  const compiled = 'fingerprints' in sidecars ? sidecars : compileSidecars(sidecars);
  const unchanged = (findings: Finding[], selections: Attached['selections'] = []): Attached => ({
    template: target.template,
    changed: false,
    findings,
    joined: [],
    selections,
  });
  const ofSidecars = 'fingerprints' in sidecars ? [] : compiled.findings;
  const faults = [...ofSidecars, ...shapeFaults(target.template)];
  if (hasErrors(faults)) return unchanged(faults);
  const before = detach({ template: target.template });
  if (hasErrors(before.findings)) return unchanged([...faults, ...before.findings]);
  const view = viewOf(target, before);
  const scope = new Scope(view);
  const selections = compiled.sidecars.map((sidecar) => ({ sidecar, selection: selects(sidecar, view, scope) }));
  const joining = selections.filter(({ selection }) => selection.joins).map(({ sidecar }) => sidecar);
  const findings = [
    ...faults,
    ...checkAnnotations(view, compiled.sidecars),
    ...selections.flatMap(({ selection }) => selection.findings),
    ...duplicates(joining),
    ...editedLeftovers(before, joining),
  ];
  const brought = joining.map((sidecar) => render(sidecar, view, scope, findings));
  if (hasErrors(findings) || (joining.length === 0 && before.detached.length === 0))
    return unchanged(findings, selections);
  const run = new Attaching(target, view, before, compiled);
  const template = run.attach(
    joining,
    brought.filter((one) => one !== undefined),
  );
  findings.push(...run.findings);
  if (hasErrors(findings)) return unchanged(findings, selections);
  const joined = selections
    .filter(({ selection }) => selection.joins)
    .map(({ sidecar: { name, kind }, selection: { rule, reason } }) => ({
      name,
      kind,
      rule,
      reason,
      containers: run.containersOf(name),
    }));
  return { template, changed: template !== target.template, findings, joined, selections };
}

/** The Pod as it was before anything was attached: what sidecars look at and are selected by. */
function viewOf(target: Omit<AttachOptions, 'sidecars'>, before: Detached): Target {
  const template =
    before.kept.length === 0 ? before.template : detach({ template: target.template, edited: 'Remove' }).template;
  return { ...target, template };
}

function render(sidecar: CompiledSidecar, view: Target, scope: Scope, findings: Finding[]): Brought | undefined {
  const { values, findings: wrong } = parameterValues(sidecar, view.template);
  findings.push(...wrong);
  if (wrong.length > 0) return undefined;
  try {
    return sidecar.renderer.render(scope.with(toCel(values) as Record<string, unknown>));
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    findings.push({ ...error.finding, sidecar: sidecar.name });
    return undefined;
  }
}

/** A Sidecar and a ClusterSidecar, or Sidecars of files without a namespace, may share a name; in one Pod they cannot. */
function duplicates(joining: readonly CompiledSidecar[]): Finding[] {
  return joining
    .filter(({ name }, i) => joining.findIndex((other) => other.name === name) !== i)
    .map(({ name }) =>
      onSidecar('DuplicateSidecar', 'metadata.name', `two sidecars of the name "${name}" join this Pod`, {
        sidecar: name,
      }),
    );
}

/** What was changed by hand and belongs to a sidecar that no longer joins stays, and is said. */
function editedLeftovers(before: Detached, joining: readonly CompiledSidecar[]): Finding[] {
  return before.findings.filter(
    ({ sidecar, code }) => code !== 'EditedByHand' || !joining.some(({ name }) => name === sidecar),
  );
}

const LISTS = ['initContainers', 'containers'] as const;
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** One run over one template. */
class Attaching {
  readonly findings: Finding[] = [];
  private readonly target: Target;
  private readonly view: Target;
  private readonly before: Detached;
  private readonly draft: Draft;
  /** Names of the containers that each sidecar brought, per list. */
  private readonly placed = new Map<string, Record<(typeof LISTS)[number], string[]>>();

  constructor(target: Target, view: Target, before: Detached, { fingerprints }: CompiledSidecars) {
    this.target = target;
    this.view = view;
    this.before = before;
    this.draft = new Draft(before.template, target.template, fingerprints, before.provenance?.empty);
  }

  attach(sidecars: readonly CompiledSidecar[], brought: readonly Brought[]): Template {
    if (sidecars.length === 0) return this.settled(this.before.template);
    const order = this.inOrder(sidecars);
    if (order === undefined) return this.target.template;
    this.join(order.map((compiled) => this.joining(compiled, brought[sidecars.indexOf(compiled)]!)));
    for (const list of LISTS) this.arrange(list, order);
    this.keepDefaultContainer(order);
    this.findings.push(...this.draft.findings);
    if (hasErrors(this.findings)) return this.target.template;
    this.findings.push(...this.neverFinishes(order));
    this.draft.openAnnotations();
    const digests = new Map(order.map(({ name, digest }) => [name, digest]));
    const result = this.draft.finish(ATTACHED, writeProvenance(this.draft.provenance(digests)));
    this.findings.push(
      ...securityConflicts(this.before.template.spec!, result.spec!),
      ...newFaults(this.before.template, result, kindOf(this.target).kind === 'Pod'),
    );
    return this.settled(result, order);
  }

  containersOf(name: string): string[] {
    const placed = this.placed.get(name);
    return placed === undefined ? [] : [...placed.initContainers, ...placed.containers];
  }

  /** Each builds on those before it, so all agree on one order. */
  private inOrder(sidecars: readonly CompiledSidecar[]): readonly CompiledSidecar[] | undefined {
    if (sidecars.length < 2) return sidecars;
    const arranged = arrange(
      [],
      sidecars.map((sidecar) => blockOf(sidecar, [], 'Last')),
      false,
    );
    if ('cycle' in arranged) {
      this.reportCycle(arranged.cycle);
      return undefined;
    }
    return arranged.sidecars.flatMap((name) => sidecars.filter((sidecar) => sidecar.name === name));
  }

  private joining(compiled: CompiledSidecar, brought: Brought): Joining {
    const edited = this.before.kept.filter(({ sidecar }) => sidecar === compiled.name);
    return {
      compiled,
      brought,
      draft: this.draft,
      mains: this.view.template.spec?.containers ?? [],
      edited: new Set(edited.map(({ path }) => path.join('\n'))),
      volumeNames: new Map(),
    };
  }

  /** First the containers of all, as one may replace a main container; then what main containers and the Pod get. */
  private join(all: readonly Joining[]): void {
    for (const joining of all) {
      attachVolumes(joining);
      this.placed.set(joining.compiled.name, attachContainers(joining));
    }
    const selectorLabels = selectorLabelsOf(this.target);
    for (const joining of all) {
      attachToMainContainers(joining);
      attachPodFields(joining, selectorLabels);
    }
  }

  private arrange(list: (typeof LISTS)[number], order: readonly CompiledSidecar[]): void {
    const blocks = this.blocks(list, order);
    if (blocks.every(({ names }) => names.length === 0)) return;
    const arranged = arrange(this.ownNames(list), blocks, list === 'initContainers');
    if ('cycle' in arranged) this.reportCycle(arranged.cycle);
    else this.draft.arrange(list, arranged.names);
  }

  private blocks(list: (typeof LISTS)[number], order: readonly CompiledSidecar[]): Block[] {
    return order.map((sidecar) => {
      const names = this.placed.get(sidecar.name)?.[list] ?? [];
      const native = this.draft
        .containers(list)
        .some((container) => names.includes(container.name) && isNative(container));
      return blockOf(sidecar, names, native && list === 'initContainers' ? 'First' : 'Last');
    });
  }

  private ownNames(list: (typeof LISTS)[number]): string[] {
    return (this.before.template.spec?.[list] ?? []).map(({ name }) => name);
  }

  /** kubectl means the first container when none is named: that stays the one it was. */
  private keepDefaultContainer(order: readonly CompiledSidecar[]): void {
    const [first] = this.ownNames('containers');
    const names = this.draft.containers('containers').map(({ name }) => name);
    const annotations = ['metadata', 'annotations'];
    if (first === names[0] || first === undefined || this.draft.find([...annotations, DEFAULT_CONTAINER])) return;
    const earlier = names.slice(0, names.indexOf(first));
    const owners = order.filter(({ name }) => this.placed.get(name)?.containers.some((one) => earlier.includes(one)));
    for (const { name } of owners) {
      if (this.draft.find([...annotations, DEFAULT_CONTAINER]) === undefined)
        this.draft.set(name, annotations, DEFAULT_CONTAINER, first);
      else this.draft.claim(name, [...annotations, DEFAULT_CONTAINER], DEFAULT_CONTAINER, first);
    }
  }

  /** A Pod that is to come to an end waits for all of its containers; native sidecars are stopped instead. */
  private neverFinishes(order: readonly CompiledSidecar[]): Finding[] {
    const ends = ['Never', 'OnFailure'].includes(this.before.template.spec?.restartPolicy ?? 'Always');
    if (!ends && !['Job', 'CronJob'].includes(kindOf(this.target).kind)) return [];
    return order.flatMap(({ name }) =>
      (this.placed.get(name)?.containers ?? []).map((container) =>
        onTemplate(
          'NeverFinishes',
          'spec.containers',
          `container "${container}" runs on when the others have finished, so the Pod never does; a native sidecar (an init container with restartPolicy: Always) would be stopped`,
          { sidecar: name, severity: 'warning' },
        ),
      ),
    );
  }

  /** What differs only in the order of things that others have moved, or in what an API server filled in, stays as it is. */
  private settled(result: Template, order: readonly CompiledSidecar[] = []): Template {
    const { template } = this.target;
    if (this.before.detached.length === 0) return result;
    if (!sameButForOrder(result, template) && !sameAsStored(result, template)) return result;
    const kept = LISTS.every((list) => {
      const names = (template.spec?.[list] ?? []).map(({ name }) => name);
      return keepsOrder(names, this.ownNames(list), this.blocks(list, order), list === 'initContainers');
    });
    return kept ? template : result;
  }

  private reportCycle(cycle: readonly string[]): void {
    const sidecar = cycle.find((id) => id.startsWith('sidecar '))?.slice('sidecar '.length);
    const message = `nothing can be first: ${cycle.map((id) => id.replace(/^(\w+) (.*)$/, '$1 "$2"')).join(' before ')}`;
    if (this.findings.some(({ code }) => code === 'OrderCycle')) return;
    this.findings.push(onSidecar('OrderCycle', 'spec.order', message, { ...(sidecar !== undefined && { sidecar }) }));
  }
}

function blockOf({ name, sidecar }: CompiledSidecar, names: readonly string[], side: Block['side']): Block {
  return {
    sidecar: name,
    names,
    before: sidecar.spec.order?.before ?? [],
    after: sidecar.spec.order?.after ?? [],
    side,
  };
}

/** The labels by which the workload finds its Pods. */
function selectorLabelsOf({ workload }: Target): Record<string, unknown> {
  const spec = isRecord(workload?.spec) ? workload.spec : {};
  const selector = isRecord(spec.selector) ? spec.selector : {};
  return isRecord(selector.matchLabels) ? selector.matchLabels : {};
}
