import type { KubeObject } from '../../kube/object.ts';
import { formatTime } from '../../kube/time.ts';
import { finalizersUnder } from '../gc/judge.ts';
import type { Deletion } from './delete-options.ts';
import type { Strategy } from './strategy.ts';

/** What a DELETE comes to for an object as it is. */
export type DeletePlan =
  /** It goes now. `object` is what is answered. */
  | { action: 'remove'; object: KubeObject }
  /** It stays for a time or for its finalizers, marked. */
  | { action: 'mark'; object: KubeObject }
  /** It has been marked already, and nothing is different now. */
  | { action: 'keep'; object: KubeObject };

/**
 * Decides what a DELETE does (kubelet-behaviour §3.8; apiserver `rest.BeforeDelete`): a grace period may be shortened later and never lengthened;
 * without one the object goes at once unless finalizers hold it.
 */
export function planDelete(stored: KubeObject, deletion: Deletion, strategy: Strategy, now: Date): DeletePlan {
  const object = propagated(stored, deletion.propagation);
  const marked = object.metadata.deletionTimestamp !== undefined;
  const grace = graceOf(object, deletion, strategy);
  if (grace === 'unchanged') return { action: object === stored ? 'keep' : 'mark', object };
  const next = marked && grace === undefined ? object : strategy.marked(mark(object, grace ?? 0, now));
  if ((grace ?? 0) === 0 && !holds(next)) return { action: 'remove', object: next };
  return next === stored ? { action: 'keep', object: stored } : { action: 'mark', object: next };
}

/** The policy stands in the finalizers, where the collector finds it. */
function propagated(object: KubeObject, policy: string | undefined): KubeObject {
  const { finalizers: before = [], ...metadata } = object.metadata;
  const finalizers = finalizersUnder(policy, before);
  if (finalizers.join() === before.join()) return object;
  return { ...object, metadata: { ...metadata, ...(finalizers.length > 0 && { finalizers }) } };
}

/** Seconds to leave the object; undefined for none, as the resource knows no graceful deletion. */
function graceOf(object: KubeObject, deletion: Deletion, strategy: Strategy): number | undefined | 'unchanged' {
  if (!strategy.gracePeriod) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds: running } = object.metadata;
  if (deletionTimestamp === undefined) return strategy.gracePeriod(object, deletion.gracePeriodSeconds);
  if (running === undefined) return undefined;
  const wanted = deletion.gracePeriodSeconds;
  return wanted === undefined || wanted >= running ? 'unchanged' : wanted;
}

function mark(object: KubeObject, grace: number, now: Date): KubeObject {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, generation } = object.metadata;
  const began = deletionTimestamp ? Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1_000 : now.getTime();
  const metadata = {
    ...object.metadata,
    deletionTimestamp: formatTime(new Date(began + grace * 1_000)),
    deletionGracePeriodSeconds: grace,
    ...(generation !== undefined && { generation: deletionTimestamp ? generation : generation + 1 }),
  };
  return { ...object, metadata };
}

/** Finalizers keep it; a namespace's own are in its spec. */
function holds({ kind, metadata, spec }: KubeObject): boolean {
  const own = kind === 'Namespace' ? ((spec ?? {}) as { finalizers?: string[] }).finalizers : undefined;
  return Boolean(metadata.finalizers?.length || own?.length);
}
