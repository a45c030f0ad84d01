import type { Pod } from '../../kube/generated/objects.ts';
import { configsReadAtStart } from './configs-read.ts';
import { firstDifference, mergePatch } from './difference.ts';
import { podPatch } from './pod-patch.ts';
import { isPod, keyOf, labelOf, type Wanted } from './wanted.ts';

/** What has to be done to one object. */
export type Change =
  | { action: 'create'; wanted: Wanted }
  | { action: 'keep'; wanted: Wanted }
  | { action: 'delete'; wanted: Wanted }
  /** In place. `patch` is a strategic merge patch for a Pod, else a JSON merge patch; `field` is the first that differs. */
  | { action: 'patch'; wanted: Wanted; patch: Record<string, unknown>; field: string }
  /** Deleted and created: Kubernetes does not let it change so. */
  | { action: 'replace'; wanted: Wanted; reason: string };

const RANKS = ['Namespace', 'ServiceAccount', 'Secret', 'ConfigMap'];
const OTHERS = RANKS.length;

/**
 * The way from what runs to what is wanted: first what goes, then the rest in the order in which objects need each other (namespaces, accounts,
 * configuration, others, Pods). Pure.
 */
export function planChanges(previous: readonly Wanted[], wanted: readonly Wanted[]): Change[] {
  const before = new Map(previous.map((one) => [keyOf(one), one]));
  const after = new Set(wanted.map(keyOf));
  const gone = inOrder(previous.filter((one) => !after.has(keyOf(one)))).reverse();
  const changes = inOrder(wanted).map((one) => changeOf(before.get(keyOf(one)), one));
  const changed = changes.filter(({ action }) => action !== 'keep').map(({ wanted }) => wanted);
  return [
    ...gone.map((one): Change => ({ action: 'delete', wanted: one })),
    ...changes.map((change) => restarted(change, changed)),
  ];
}

/** In the order in which objects need each other; equals stay as they were. */
export function inOrder(wanted: readonly Wanted[]): Wanted[] {
  return [...wanted].sort((a, b) => rankOf(a) - rankOf(b));
}

function rankOf(wanted: Wanted): number {
  if (isPod(wanted)) return OTHERS + 1;
  const rank = wanted.resource.group === '' ? RANKS.indexOf(wanted.resource.kind) : -1;
  return rank < 0 ? OTHERS : rank;
}

function changeOf(before: Wanted | undefined, wanted: Wanted): Change {
  if (before === undefined) return { action: 'create', wanted };
  const field = firstDifference(before.object, wanted.object);
  if (field === undefined) return { action: 'keep', wanted };
  if (!isPod(wanted)) return { action: 'patch', wanted, patch: mergePatch(before.object, wanted.object), field };
  const patch = podPatch(before.object as Pod, wanted.object as Pod);
  return patch ? { action: 'patch', wanted, patch, field } : { action: 'replace', wanted, reason: `${field} changed` };
}

/** A Pod that has read what changes now, and would never look again, is started anew. */
function restarted(change: Change, changed: readonly Wanted[]): Change {
  const { wanted } = change;
  if (!isPod(wanted) || (change.action !== 'keep' && change.action !== 'patch')) return change;
  const read = configsReadAtStart(wanted.object as Pod);
  const cause = changed.find((one) => one.namespace === wanted.namespace && read.has(labelOf(one, one.namespace)));
  if (cause === undefined) return change;
  return { action: 'replace', wanted, reason: `${cause.label} changed, which it reads only when it starts` };
}
