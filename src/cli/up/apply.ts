import type { Pod } from '../../kube/generated/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { ServerError } from '../client/server-error.ts';
import { Failure } from '../command.ts';
import { admitted } from './admitted.ts';
import { endingText } from './ending.ts';
import { judge } from './mark.ts';
import type { NodeObjects } from './node-objects.ts';
import type { Output } from './output.ts';
import { type Change, inOrder, planChanges } from './plan-changes.ts';
import { isPod, keyOf, type Wanted } from './wanted.ts';

/** What was put on the node, or found there as it was wanted. */
interface Applied {
  wanted: Wanted;
  uid: string;
  /** Made by this process: it is changed and taken away again. */
  owned: boolean;
}

export interface ApplierOptions {
  objects: NodeObjects;
  output: Output;
  host: string;
  /** Instead of the Pods' own, in seconds. */
  gracePeriod: number | undefined;
  now: () => Date;
}

/** Brings the node to what is wanted, remembers what it made, and takes that away again. */
export class Applier {
  private readonly applied = new Map<string, Applied>();
  private readonly options: ApplierOptions;

  constructor(options: ApplierOptions) {
    this.options = options;
  }

  /** What is on the node because of this run. */
  get wanted(): Wanted[] {
    return [...this.applied.values()].map(({ wanted }) => wanted);
  }

  /**
   * Carries out the difference between what was applied and what is wanted now. What was done before a failure stays done.
   * @throws Failure, ServerError that names the place in the file; the reason of `signal` between two steps
   */
  async apply(wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const changes = planChanges(this.wanted, wanted);
    await this.claim(changes.flatMap((change) => (change.action === 'create' ? [change.wanted] : [])));
    await this.deleteAll(
      changes.filter(({ action }) => action === 'delete').map(({ wanted }) => wanted),
      signal,
    );
    for (const change of changes) {
      signal.throwIfAborted();
      await this.carryOut(change, signal);
    }
  }

  /**
   * Deletes everything that this run made: Pods first, each by its grace period, then what they need. When `urgent` aborts, everything that is left is
   * deleted at once.
   * @throws Failure when the server refuses or does not answer
   */
  async takeAway(urgent: AbortSignal): Promise<void> {
    const left = inOrder(this.wanted).reverse();
    const pods = left.filter(isPod);
    const rest = left.filter((one) => !isPod(one));
    for (const group of [pods, rest])
      try {
        await this.deleteAll(group, urgent);
      } catch (error) {
        if (!urgent.aborted || error instanceof Failure) throw error;
        await this.deleteAll(group, AbortSignal.timeout(FORCED_MS), 0);
      }
  }

  /** Looks at everything that is to be created before anything is done. @throws Failure for what belongs to somebody else */
  private async claim(wanted: readonly Wanted[]): Promise<void> {
    const { objects, host } = this.options;
    for (const one of wanted) {
      const there = await objects.get(one);
      const found = there && judge(there, one, host);
      if (found?.is === 'foreign') throw refusal(one, found.pid);
    }
  }

  private async carryOut(change: Change, signal: AbortSignal): Promise<void> {
    const { wanted } = change;
    if (change.action === 'create') await this.create(wanted, signal);
    else if (change.action === 'replace') await this.replace(wanted, change.reason, signal);
    else if (change.action === 'patch') await this.patch(wanted, change.patch, change.field, signal);
    else if (change.action === 'keep') this.remember(wanted);
  }

  private async create(wanted: Wanted, signal: AbortSignal): Promise<void> {
    const { objects, output, host } = this.options;
    const there = await objects.get(wanted);
    const found = there && judge(there, wanted, host);
    if (found?.is === 'foreign') throw refusal(wanted, found.pid);
    if (found?.is === 'as-wanted') {
      this.applied.set(keyOf(wanted), { wanted, uid: there!.metadata.uid!, owned: false });
      output.say({ type: 'applied', object: wanted.label, action: 'found', reason: 'it is used, and it stays' });
    } else if (found && wanted.resource.kind === 'Namespace') this.own(wanted, await objects.adopt(wanted));
    else if (found) await this.replaceThere(wanted, there!, 'an earlier "outfit up" left it behind', signal);
    else await this.make(wanted);
  }

  private async make(wanted: Wanted): Promise<void> {
    const { objects, output } = this.options;
    const created = await objects.create(wanted);
    this.say(wanted, created, 'created');
    if (!isPod(wanted)) return;
    const { joined, lost, other } = admitted(wanted.object, created);
    const reason = 'it lives on the node';
    for (const sidecar of joined) output.say({ type: 'joins', sidecar, object: wanted.label, reason, containers: [] });
    const warn = (message: string): void => output.say({ type: 'warning', object: wanted.label, message });
    for (const name of lost) warn(`was created without ${name}: the sidecar of that name on the node does not join it`);
    for (const name of other)
      warn(`got another version of ${name}: the one that lives on the node; give yours with -f, or delete that one`);
  }

  private async replace(wanted: Wanted, reason: string, signal: AbortSignal): Promise<void> {
    const there = await this.options.objects.get(wanted);
    if (there === undefined) await this.make(wanted);
    else await this.replaceThere(wanted, there, reason, signal);
  }

  /** What the server would not take replaces nothing. */
  private async replaceThere(wanted: Wanted, there: KubeObject, reason: string, signal: AbortSignal): Promise<void> {
    const { objects, output } = this.options;
    this.mustBeOwn(wanted);
    await objects.check(wanted);
    output.say({ type: 'applied', object: wanted.label, action: 'replacing', reason });
    this.own(this.applied.get(keyOf(wanted))?.wanted ?? wanted, there);
    await this.delete(wanted, there.metadata.uid!, signal);
    this.applied.delete(keyOf(wanted));
    await this.make(wanted);
  }

  private async patch(
    wanted: Wanted,
    patch: Record<string, unknown>,
    field: string,
    signal: AbortSignal,
  ): Promise<void> {
    this.mustBeOwn(wanted);
    try {
      this.say(wanted, await this.options.objects.patch(wanted, patch), 'changed', field);
    } catch (error) {
      // What Kubernetes calls immutable, or what somebody has deleted.
      if (!(error instanceof ServerError && ['Invalid', 'NotFound'].includes(error.status.reason ?? ''))) throw error;
      await this.replace(wanted, `${field} changed`, signal);
    }
  }

  private mustBeOwn(wanted: Wanted): void {
    if (this.applied.get(keyOf(wanted))?.owned === false) throw refusal(wanted, undefined);
  }

  private async deleteAll(gone: readonly Wanted[], signal: AbortSignal, grace?: number): Promise<void> {
    const failures: unknown[] = [];
    await Promise.all(
      gone.map(async (one) => {
        const applied = this.applied.get(keyOf(one));
        if (applied === undefined) return;
        try {
          if (applied.owned) await this.delete(one, applied.uid, signal, grace);
          if (applied.owned) this.options.output.say({ type: 'applied', object: one.label, action: 'deleted' });
          this.applied.delete(keyOf(one));
        } catch (error) {
          failures.push(error);
        }
      }),
    );
    if (failures.length > 0) throw failures.find((error) => error instanceof Failure) ?? failures[0];
  }

  private async delete(id: Wanted, uid: string, signal: AbortSignal, grace = this.options.gracePeriod): Promise<void> {
    const { objects, output, now } = this.options;
    if (!(await objects.delete(id, uid, grace))) return;
    await objects.untilGone(id, uid, signal, (object) => {
      const reason = isPod(id) ? endingText(object as Pod, now()) : undefined;
      output.say({ type: 'applied', object: id.label, action: 'ending', ...(reason !== undefined && { reason }) });
    });
  }

  private say(wanted: Wanted, object: KubeObject, action: 'created' | 'changed', reason?: string): void {
    this.own(wanted, object);
    this.options.output.say({ type: 'applied', object: wanted.label, action, ...(reason !== undefined && { reason }) });
  }

  private own(wanted: Wanted, { metadata }: KubeObject): void {
    this.applied.set(keyOf(wanted), { wanted, uid: metadata.uid!, owned: true });
  }

  /** Nothing of the object has changed, but perhaps where it is written. */
  private remember(wanted: Wanted): void {
    const before = this.applied.get(keyOf(wanted));
    if (before) this.applied.set(keyOf(wanted), { ...before, wanted });
  }
}

const FORCED_MS = 30_000;

function refusal({ label, resource, name, namespace, source }: Wanted, pid: number | undefined): Failure {
  if (pid !== undefined)
    return new Failure(`${source}: ${label} belongs to another "outfit up" that still runs (process ${pid})`, {
      hint: 'end that one first, or use another namespace: -n NAME',
    });
  return new Failure(`${source}: ${label} is there already, and was not made by "outfit up"`, {
    hint: `outfit delete ${resource.aliases[0] ?? resource.name} ${name}${namespace ? ` -n ${namespace}` : ''}, or use another namespace: -n NAME`,
  });
}
