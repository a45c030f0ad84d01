import { isRecord } from '../../kube/json.ts';
import type { CompiledSidecar, CompiledSidecars } from '../compile.ts';
import type { Detached } from '../detach.ts';
import { type Finding, hasErrors, onSidecar, onTemplate } from '../finding.ts';
import { arrange, type Block, describeCycle, keepsOrder } from '../order.ts';
import { type AttachedSidecar, type Provenance, writeProvenance } from '../provenance.ts';
import type { Brought } from '../render.ts';
import { ATTACHED, isNative } from '../sidecar.ts';
import { kindOf, type Target, type Template } from '../target.ts';
import { attachContainers } from './containers.ts';
import { Draft } from './draft.ts';
import type { Joining } from './joining.ts';
import { attachToMainContainers } from './main-containers.ts';
import { attachPodFields } from './pod-fields.ts';
import { securityConflicts } from './security.ts';
import { sameAsStored, sameButForOrder } from './unordered.ts';
import { newFaults, type SoundParts } from './validate-result.ts';
import { attachVolumes } from './volumes.ts';

const LISTS = ['initContainers', 'containers'] as const;
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** One run over one template: every sidecar that joins, in one order that all agree on. */
export class Attaching {
  readonly findings: Finding[] = [];
  private readonly target: Target;
  private readonly view: Target;
  private readonly before: Detached;
  private readonly draft: Draft;
  private readonly sound: SoundParts;
  /** Names of the containers that each sidecar brought, per list. */
  private readonly placed = new Map<string, Record<(typeof LISTS)[number], string[]>>();

  constructor(target: Target, view: Target, before: Detached, { fingerprints, sound }: CompiledSidecars) {
    this.sound = sound;
    this.target = target;
    this.view = view;
    this.before = before;
    this.draft = new Draft(before.template, target.template, fingerprints, before.provenance?.empty);
    if (before.staying.length > 0 && before.provenance) this.draft.stay(before.staying, before.provenance);
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
    const result = this.draft.finish(ATTACHED, writeProvenance(this.inOldOrder(this.draft.provenance(digests))));
    this.findings.push(
      ...securityConflicts(this.before.template.spec!, result.spec!),
      ...newFaults(this.before.template, result, kindOf(this.target).kind === 'Pod', this.sound),
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
    const blocks = [...this.blocks(list, order), ...this.stayingBlocks(list)];
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
    const ofOthers = this.before.staying.flatMap((one) => addedBy(one, list));
    return this.namesBefore(list).filter((name) => !ofOthers.includes(name));
  }

  private namesBefore(list: (typeof LISTS)[number]): string[] {
    return (this.before.template.spec?.[list] ?? []).map(({ name }) => name);
  }

  /** Sidecars that stay as they are keep their places, too. */
  private stayingBlocks(list: (typeof LISTS)[number]): Block[] {
    const names = this.namesBefore(list);
    const own = this.ownNames(list);
    const isOwn = (name: string): boolean => own.includes(name);
    return this.before.staying.map((one) => {
      const mine = addedBy(one, list).filter((name) => names.includes(name));
      const at = names.findIndex((name) => mine.includes(name));
      const [above, below] = at < 0 ? [] : [names.slice(0, at).findLast(isOwn), names.slice(at).find(isOwn)];
      const native = this.draft
        .containers(list)
        .some((container) => mine.includes(container.name) && isNative(container));
      const first = native && list === 'initContainers' && above === undefined;
      return {
        sidecar: one.name,
        names: mine,
        // Where none would stand by itself, it was demanded.
        before: below !== undefined && !first ? [below] : [],
        after: [],
        side: first ? 'First' : 'Last',
      };
    });
  }

  /** What was attached before keeps its place, so that calls that each bring one sidecar do not move each other's for ever. */
  private inOldOrder(provenance: Provenance): Provenance {
    if (this.before.staying.length === 0) return provenance;
    const old = this.before.provenance?.sidecars.map(({ name }) => name) ?? [];
    const rank = (name: string): number => (old.includes(name) ? old.indexOf(name) : old.length);
    return { ...provenance, sidecars: provenance.sidecars.toSorted((a, b) => rank(a.name) - rank(b.name)) };
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
      return keepsOrder(
        names,
        this.ownNames(list),
        [...this.blocks(list, order), ...this.stayingBlocks(list)],
        list === 'initContainers',
      );
    });
    return kept ? template : result;
  }

  private reportCycle(cycle: readonly string[]): void {
    const sidecar = cycle.find((id) => id.startsWith('sidecar '))?.slice('sidecar '.length);
    const message = `nothing can be first: ${describeCycle(cycle)}`;
    if (this.findings.some(({ code }) => code === 'OrderCycle')) return;
    this.findings.push(onSidecar('OrderCycle', 'spec.order', message, { ...(sidecar !== undefined && { sidecar }) }));
  }
}

/** Names of the containers that an attached sidecar added to a list. */
function addedBy({ attached }: AttachedSidecar, list: (typeof LISTS)[number]): string[] {
  const tree = attached[list];
  return isRecord(tree) ? Object.keys(tree).filter((name) => typeof tree[name] === 'string') : [];
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
