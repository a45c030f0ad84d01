import { type Comparison, compare } from './compare.ts';
import { difference, type FieldSet, fieldSet, ITSELF, intersection, isEmpty, NOTHING, union } from './field-set.ts';
import { fieldsOf, withNamedFields } from './fields-of.ts';
import { type Actor, idOf, type Manager, type Managers } from './managers.ts';
import { merge } from './merge.ts';
import { remove } from './remove.ts';
import type { Schema } from './schema.ts';

/** An object in the words of one API version. */
export interface View {
  schema: Schema;
  /** An object, given in the version of the request, in this one. */
  of(object: object): unknown;
}

/** What ownership is worked out with. */
export interface Setting {
  /** Undefined for versions that are not served: who owns something in such a version loses it. */
  viewOf(apiVersion: string): View | undefined;
  /** Fields of the object's root that the actor cannot own, as others write them. */
  isForeign(field: string): boolean;
}

/** Places that somebody else owns and an apply would change. */
export interface Conflict {
  owner: Actor;
  places: FieldSet;
}

/** Never owned: identity and what the server itself writes (apimachinery `managedfields/internal/stripmeta.go`). */
const SERVERS: FieldSet = fieldSet(false, [
  ['f:apiVersion', ITSELF],
  ['f:kind', ITSELF],
  [
    'f:metadata',
    fieldSet(
      true,
      'name namespace creationTimestamp selfLink uid generation managedFields resourceVersion'
        .split(' ')
        .map((name): [string, FieldSet] => [`f:${name}`, ITSELF]),
    ),
  ],
]);

/**
 * Who owns what after a write that names no owner of its own: the actor takes what it has changed, from everybody else, and loses what is gone.
 * @param now of the entry, as metav1.Time
 */
export function ownAfterUpdate(setting: Setting, managers: Managers, actor: Actor, change: Change): Managers {
  const { before, after, now } = change;
  const others = withoutChanged(setting, managers, undefined, before, after).managers;
  const { added, modified } = compareIn(setting, actor.apiVersion, before, after);
  const taken = ownable(setting, union(added, modified));
  if (isEmpty(taken)) return others;
  const id = idOf(actor);
  const set = union(others.get(id)?.set ?? NOTHING, taken);
  return new Map([...others, [id, { ...actor, time: now, set }]]);
}

export interface Change {
  before: object;
  after: object;
  now: string;
}

export interface Applied {
  /** The object; fields may be null. */
  object: unknown;
  managers: Managers;
  /** What others own and would lose: without force nothing may be written. */
  conflicts: Conflict[];
}

/**
 * What an apply makes of an object: the configuration put over it, and without what the actor applied before, does not apply any more and nobody
 * else owns (structured-merge-diff, Updater.Apply).
 */
export function apply(setting: Setting, managers: Managers, actor: Actor, change: Change): Applied {
  const { before: live, after: config, now } = change;
  const { schema } = setting.viewOf(actor.apiVersion)!;
  const id = idOf(actor);
  const last = managers.get(id);
  const set = ownable(setting, fieldsOf(schema, config));
  const next = new Map([...managers, [id, { ...actor, time: now, set }]]);
  const merged = merge(schema, live, config);
  const pruned = last ? prune(setting, next, actor, merged, last) : merged;
  const { managers: left, conflicts } = withoutChanged(setting, next, id, live, pruned as object);
  return { object: pruned, managers: isEmpty(set) ? dropped(left, id) : left, conflicts };
}

function dropped(managers: Managers, id: string): Managers {
  return new Map([...managers].filter(([other]) => other !== id));
}

/** Takes away what the actor has stopped to apply. What others own stays, and so does what lies in it. */
function prune(setting: Setting, managers: Managers, actor: Actor, merged: unknown, last: Manager): unknown {
  const view = setting.viewOf(actor.apiVersion)!;
  const { schema } = view;
  const named = (set: FieldSet): FieldSet => withNamedFields(schema, set);
  const lastSet = named(inVersion(setting, actor.apiVersion, last));
  const before = named(fieldsOf(schema, merged));
  const owned = [...managers.values()]
    .map((manager) => named(inVersion(setting, actor.apiVersion, manager)))
    .reduce(union, NOTHING);
  const pruned = remove(schema, merged, lastSet);
  const kept = remove(schema, merged, difference(before, union(named(fieldsOf(schema, pruned)), owned)));
  const gone = intersection(difference(before, named(fieldsOf(schema, kept))), lastSet);
  return remove(schema, merged, gone);
}

/** Places of another version are places of this one where both know them: versions of what is served differ in few fields. */
function inVersion(setting: Setting, apiVersion: string, manager: Manager): FieldSet {
  return manager.apiVersion === apiVersion || setting.viewOf(manager.apiVersion) ? manager.set : NOTHING;
}

/** Everybody's places but those that a change has touched; `actor` keeps its own. */
function withoutChanged(
  setting: Setting,
  managers: Managers,
  actor: string | undefined,
  before: object,
  after: object,
): { managers: Managers; conflicts: Conflict[] } {
  const conflicts: Conflict[] = [];
  const left = new Map<string, Manager>();
  const differences = new Map<string, Comparison>();
  for (const [id, manager] of managers) {
    const { apiVersion } = manager;
    if (!setting.viewOf(apiVersion)) continue;
    const found = differences.get(apiVersion) ?? compareIn(setting, apiVersion, before, after);
    differences.set(apiVersion, found);
    const touched = id === actor ? NOTHING : intersection(manager.set, union(found.added, found.modified));
    if (!isEmpty(touched)) conflicts.push({ owner: manager, places: touched });
    const set = id === actor ? manager.set : difference(difference(manager.set, touched), found.removed);
    if (!isEmpty(set)) left.set(id, { ...manager, set });
  }
  return { managers: left, conflicts };
}

/** Fields that others write are not the actor's to change, so nothing of them counts. */
function compareIn(setting: Setting, apiVersion: string, before: object, after: object): Comparison {
  const view = setting.viewOf(apiVersion)!;
  const { added, modified, removed } = compare(view.schema, view.of(before), view.of(after));
  const own = (set: FieldSet): FieldSet => withoutForeign(setting, set);
  return { added: own(added), modified: own(modified), removed: own(removed) };
}

/** What an actor may own of a set. */
function ownable(setting: Setting, set: FieldSet): FieldSet {
  return withoutForeign(setting, difference(set, SERVERS));
}

function withoutForeign({ isForeign }: Setting, { self, children }: FieldSet): FieldSet {
  const own = [...children].filter(([element]) => !isForeign(element.slice(2)));
  return fieldSet(self, own);
}
