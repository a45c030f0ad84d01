import { isRecord } from '../kube/json.ts';
import type { FieldPath } from './field-path.ts';
import { listItems } from './list-items.ts';
import { matchPattern, type PatternStep, parsePattern } from './path-pattern.ts';
import { BUILT_IN, type GroupKind, KNOWN, LEFT_ALONE } from './template-table.ts';

/** A Pod template in a document, or what looks like one and must be left alone. All paths begin at the document's object. */
export interface TemplatePlace {
  /** The object that carries the template: the document's own (empty path), or an item of a List. */
  owner: { path: FieldPath; apiVersion: string; kind: string; name: string; namespace: string | undefined };
  /** The template: what has `metadata` and `spec`. Where `leave` is set: what looks like one. */
  template: FieldPath;
  /** The PodSpec. */
  spec: FieldPath;
  /** Where the Pod's labels and annotations belong, there or not yet; undefined where they have no place. */
  metadata: FieldPath | undefined;
  /** Kubernetes' own kind; a kind of the table of custom resources; a path of the user's; or only by what it looks like. */
  found: 'built-in' | 'known' | 'path' | 'shape';
  /** Why nothing may be changed here. */
  leave?: string;
}

/** A user's `KIND=JSONPATH`. */
export interface TemplatePath {
  kind: string;
  /** Undefined: any group. */
  group: string | undefined;
  steps: readonly PatternStep[];
}

export interface TemplateOptions {
  paths?: readonly TemplatePath[];
}

const NO_PLACE = "the Pod's labels and annotations have no place beside it";
const NOT_SEARCHED = new Set(['status', 'metadata']);
const DEEPEST = 30;

/**
 * Where Pod templates are in a document's object: by the user's paths, the tables of kinds, and for other kinds by shape (an object whose `spec`
 * has containers with names and images). A CronJob's is the innermost. In the order of the document.
 */
export function podTemplates(object: Record<string, unknown>, { paths = [] }: TemplateOptions = {}): TemplatePlace[] {
  return listItems(object).flatMap((item) => templatesOf(item.object, item.path, paths));
}

/**
 * Reads `Rollout=.spec.template`, `Job.batch.volcano.sh=.spec.tasks[*].template`; the path may name the template or the Pod spec in it.
 * @throws RangeError
 */
export function parseTemplatePath(text: string): TemplatePath {
  const match = /^([A-Za-z]\w*)(?:\.([a-z0-9.-]+))?=(.+)$/.exec(text);
  if (!match)
    throw new RangeError(`${JSON.stringify(text)} is not KIND=PATH, such as Rollout.argoproj.io=.spec.template`);
  return { kind: match[1]!, group: match[2], steps: parsePattern(match[3]!) };
}

function templatesOf(
  object: Record<string, unknown>,
  path: FieldPath,
  userPaths: readonly TemplatePath[],
): TemplatePlace[] {
  const owner = ownerOf(object, path);
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.replace(/\/[^/]*$/, '') : '';
  const groupKind = group ? `${owner.kind}.${group}` : owner.kind;
  const own = userPaths
    .filter((user) => user.kind === owner.kind && (user.group === undefined || user.group === group))
    .flatMap(({ steps }) => matchPattern(object, steps).flatMap((place) => atUserPath(owner, place)));
  const known = fromTables(owner, object, groupKind) ?? fromShape(owner, object);
  const seen = new Set(own.map(({ spec }) => spec.join('\0')));
  return [...own, ...known.filter(({ spec }) => !seen.has(spec.join('\0')))];
}

function ownerOf({ apiVersion, kind, metadata }: Record<string, unknown>, path: FieldPath): TemplatePlace['owner'] {
  const { name, generateName, namespace } = isRecord(metadata) ? metadata : {};
  return {
    path,
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    kind: typeof kind === 'string' ? kind : '',
    name: String(name ?? generateName ?? ''),
    namespace: typeof namespace === 'string' ? namespace : undefined,
  };
}

/** Undefined for a kind that no table has. */
function fromTables(owner: TemplatePlace['owner'], object: object, kind: GroupKind): TemplatePlace[] | undefined {
  const builtIn = Object.hasOwn(BUILT_IN, kind) ? [BUILT_IN[kind]!] : undefined;
  const patterns = builtIn ?? (Object.hasOwn(KNOWN, kind) ? KNOWN[kind] : undefined);
  if (patterns) {
    const found = builtIn ? 'built-in' : 'known';
    return patterns.flatMap((pattern) =>
      matchPattern(object, parsePattern(pattern)).flatMap(({ path, value }) =>
        isRecord(value) && isRecord(value.spec) ? [templateAt(owner, path, found)] : [],
      ),
    );
  }
  if (!Object.hasOwn(LEFT_ALONE, kind)) return undefined;
  const { paths, reason } = LEFT_ALONE[kind]!;
  return paths.flatMap((pattern) =>
    matchPattern(object, parsePattern(pattern)).map(({ path }) => leftAlone(owner, path, 'known', reason)),
  );
}

/** A user's path leads to a template, or to the Pod spec in one. */
function atUserPath(
  owner: TemplatePlace['owner'],
  { path, value }: { path: FieldPath; value: unknown },
): TemplatePlace[] {
  if (!isRecord(value)) return [];
  if (isRecord(value.spec) && !Array.isArray(value.containers)) return [templateAt(owner, path, 'path')];
  if (!Array.isArray(value.containers)) return [];
  const inTemplate = path.at(-1) === 'spec' && (path.length > 1 || owner.kind === 'Pod');
  return [inTemplate ? templateAt(owner, path.slice(0, -1), 'path') : leftAlone(owner, path, 'path', NO_PLACE)];
}

function fromShape(owner: TemplatePlace['owner'], object: Record<string, unknown>): TemplatePlace[] {
  const places: TemplatePlace[] = [];
  const search = (value: unknown, path: FieldPath): void => {
    if (path.length > DEEPEST) return;
    if (Array.isArray(value)) for (const [index, item] of value.entries()) search(item, [...path, index]);
    if (!isRecord(value)) return;
    if (looksLikePodSpec(value)) places.push(byShape(owner, path));
    else for (const [key, field] of Object.entries(value)) if (!NOT_SEARCHED.has(key)) search(field, [...path, key]);
  };
  search(object, []);
  return places;
}

function byShape(owner: TemplatePlace['owner'], path: FieldPath): TemplatePlace {
  if (path.at(-1) === 'spec' && path.length > 1) return templateAt(owner, path.slice(0, -1), 'shape');
  const reason =
    path.length === 1 ? `the metadata of a ${owner.kind || 'document without kind'} is not the Pod's` : NO_PLACE;
  return leftAlone(owner, path, 'shape', reason);
}

function looksLikePodSpec({ containers }: Record<string, unknown>): boolean {
  if (!Array.isArray(containers) || containers.length === 0) return false;
  const named = containers.every((container) => isRecord(container) && typeof container.name === 'string');
  return named && containers.some(({ image }) => typeof image === 'string');
}

function templateAt(owner: TemplatePlace['owner'], path: FieldPath, found: TemplatePlace['found']): TemplatePlace {
  const template = [...owner.path, ...path];
  return { owner, template, spec: [...template, 'spec'], metadata: [...template, 'metadata'], found };
}

function leftAlone(
  owner: TemplatePlace['owner'],
  path: FieldPath,
  found: TemplatePlace['found'],
  leave: string,
): TemplatePlace {
  const template = [...owner.path, ...path];
  return { owner, template, spec: template, metadata: undefined, found, leave };
}
