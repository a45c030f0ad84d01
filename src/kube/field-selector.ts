import { InvalidSelector } from './label-selector.ts';
import type { KubeObject } from './object.ts';
import type { Resource } from './resources.ts';

export interface FieldRequirement {
  field: string;
  operator: '=' | '!=';
  value: string;
}

/**
 * Reads `metadata.name=web,status.phase!=Running` for a resource. The empty text selects everything.
 * @throws InvalidSelector when the text cannot be read or names a field that the resource cannot be selected by
 */
export function parseFieldSelector(resource: Resource, text: string): FieldRequirement[] {
  const fields = selectableFields(resource);
  return splitTerms(text).map((term) => {
    const { field, operator, value } = readTerm(term, text);
    const canonical = fields.aliases[field] ?? field;
    if (!Object.hasOwn(fields.read, canonical)) throw new InvalidSelector(fields.unknown(field));
    return { field: canonical, operator, value };
  });
}

/** A matcher of stored objects. @throws InvalidSelector */
export function fieldMatcher(resource: Resource, text: string): (object: KubeObject) => boolean {
  const requirements = parseFieldSelector(resource, text);
  return (object) => matchesFields(resource, requirements, object);
}

/** All requirements hold for the object as the store keeps it (core/v1 form for events). A field that is not set is the empty text. */
export function matchesFields(
  resource: Resource,
  requirements: readonly FieldRequirement[],
  object: KubeObject,
): boolean {
  const { read } = selectableFields(resource);
  return requirements.every(({ field, operator, value }) => {
    const actual = read[field]?.(object) ?? '';
    return operator === '=' ? actual === value : actual !== value;
  });
}

/** The value that `metadata.name=` asks for, so that a list of one object need not look at all. */
export function requiredField(requirements: readonly FieldRequirement[], field: string): string | undefined {
  return requirements.find((r) => r.field === field && r.operator === '=')?.value;
}

type Read = (object: KubeObject) => string | undefined;
interface SelectableFields {
  read: Record<string, Read>;
  /** Names that clients may use for a field of `read`. */
  aliases: Record<string, string>;
  /** The complaint about another field. */
  unknown: (field: string) => string;
}

const NAME: Record<string, Read> = { 'metadata.name': at('metadata', 'name') };
const NAMES: Record<string, Read> = { ...NAME, 'metadata.namespace': at('metadata', 'namespace') };

const POD: Record<string, Read> = {
  ...NAMES,
  'spec.nodeName': at('spec', 'nodeName'),
  'spec.restartPolicy': at('spec', 'restartPolicy'),
  'spec.schedulerName': at('spec', 'schedulerName'),
  'spec.serviceAccountName': at('spec', 'serviceAccountName'),
  'spec.hostNetwork': (pod) => String(dig(pod, ['spec', 'hostNetwork']) ?? false),
  'status.phase': at('status', 'phase'),
  'status.podIP': at('status', 'podIP'),
  // Kubernetes knows the name but keeps no value for it.
  'status.podIPs': () => undefined,
  'status.nominatedNodeName': at('status', 'nominatedNodeName'),
};

const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const EVENT: Record<string, Read> = {
  ...NAMES,
  ...Object.fromEntries(INVOLVED.map((field) => [`involvedObject.${field}`, at('involvedObject', field)])),
  reason: at('reason'),
  type: at('type'),
  reportingComponent: at('reportingComponent'),
  source: (event) => text(dig(event, ['source', 'component'])) || text(dig(event, ['reportingComponent'])),
};

const TABLE: Record<string, Partial<SelectableFields>> = {
  pods: { read: POD, aliases: { 'spec.host': 'spec.nodeName' } },
  nodes: {
    read: { ...NAME, 'spec.unschedulable': (node) => String(dig(node, ['spec', 'unschedulable']) ?? false) },
  },
  namespaces: { read: { ...NAME, 'status.phase': at('status', 'phase') } },
  secrets: { read: { ...NAMES, type: at('type') } },
  events: { read: EVENT },
  'events.events.k8s.io': {
    read: EVENT,
    aliases: {
      ...Object.fromEntries(INVOLVED.map((field) => [`regarding.${field}`, `involvedObject.${field}`])),
      reportingController: 'reportingComponent',
    },
  },
};

/** What each resource can be selected by (core/v1 `conversion.go`); all others only by name and namespace, with another complaint. */
function selectableFields({ group, resource }: Resource): SelectableFields {
  const special = TABLE[group === '' ? resource : `${resource}.${group}`];
  if (special === undefined)
    return {
      read: NAMES,
      aliases: {},
      unknown: (field) => `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
    };
  return { read: NAMES, aliases: {}, unknown: (field) => `field label not supported: ${field}`, ...special };
}

/** At commas, those behind a backslash excepted. */
function splitTerms(selector: string): string[] {
  const terms = selector.match(/(?:\\[\s\S]|[^,\\])+|\\$/g) ?? [];
  return terms.filter((term) => term !== '');
}

function readTerm(term: string, selector: string): FieldRequirement {
  const match = /^((?:\\[\s\S]|[^=!\\]|!(?!=))*)(!=|==|=)([\s\S]*)$/.exec(term);
  if (match === null) throw new InvalidSelector(`invalid selector: '${selector}'; can't understand '${term}'`);
  const [, field = '', operator, value = ''] = match;
  return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) };
}

/** `\\`, `\,` and `\=` stand for the character; bare they are errors. */
function unescapeValue(value: string): string {
  return value.replace(/\\([\s\S]?)|[,=]/g, (whole, escaped: string | undefined) => {
    if (escaped === undefined)
      throw new InvalidSelector(`invalid field selector: unescaped character in value: ${whole}`);
    if (!['\\', ',', '='].includes(escaped))
      throw new InvalidSelector(`invalid field selector: invalid escape sequence: ${whole}`);
    return escaped;
  });
}

function at(...path: string[]): Read {
  return (object) => text(dig(object, path));
}

function dig(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((v, key) => (v as Record<string, unknown> | undefined)?.[key], value);
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}
