import { definitionOf } from '../kube/decode.ts';
import type { KubeObject } from '../kube/object.ts';
import { FIELDS, type Field } from './fields.ts';
import { GROUP, VERSION } from './sidecar.ts';

type Json = Record<string, unknown>;

const RENDERED = ['SidecarTemplate', 'MainContainerAdditions', 'Share'];
/**
 * Any JSON: where a value and an expression may stand, a structural schema can name no type. What it says of fields and items beside it
 * holds for objects and lists all the same.
 */
const ANYTHING: Json = { 'x-kubernetes-preserve-unknown-fields': true };
const INT_OR_STRING: Json = { 'x-kubernetes-int-or-string': true };

/**
 * The CustomResourceDefinitions of Sidecar and ClusterSidecar, with as much of the validation as an API server can do by itself. What
 * `checkSidecar` accepts they accept.
 */
export function sidecarCrds(): KubeObject[] {
  return [crd('Sidecar', 'Namespaced'), crd('ClusterSidecar', 'Cluster')];
}

function crd(kind: 'Sidecar' | 'ClusterSidecar', scope: 'Namespaced' | 'Cluster'): KubeObject {
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind, listKind: `${kind}List`, plural: `${singular}s`, singular, categories: ['outfit'] },
      scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: rootSchema(kind) },
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS,
        },
      ],
    },
  };
}

const COLUMNS = [
  { name: 'Joins', type: 'string', jsonPath: '.spec.joins' },
  { name: 'Joined', type: 'integer', jsonPath: '.status.joined' },
  { name: 'Accepted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].reason', priority: 1 },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

/** What holds between fields, and words of our own for what a pattern would say badly; by the definition whose objects it is about. */
const RULES: Readonly<Record<string, readonly Json[]>> = {
  Sidecar: [
    {
      rule: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
      message: "metadata.name must be a lowercase RFC 1123 label: it begins the keys of the Pods' annotations",
    },
  ],
  SidecarSpec: [
    {
      rule: 'has(self.template) || has(self.mainContainers) || has(self.share)',
      message: 'a sidecar must bring something: template, mainContainers or share',
    },
  ],
  SidecarParameter: [
    { rule: "!has(self.pattern) || self.type == 'string'", message: 'only a string has a pattern' },
    { rule: "self.name != 'inject'", message: 'inject is the word of another annotation' },
  ],
};

/** Said of single fields beside what the table says. */
const CONSTRAINTS: Readonly<Record<string, Json>> = {
  'SidecarParameter.name': { maxLength: 63, pattern: '^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$' },
  'SidecarSpec.parameters': { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
  'SidecarStatus.conditions': { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
  'LabelSelectorRequirement.operator': { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
};

function rootSchema(kind: string): Json {
  const { spec, status } = FIELDS.Sidecar ?? {};
  return {
    type: 'object',
    description: kind === 'Sidecar' ? 'Joins Pods of its own namespace.' : 'Joins Pods of all namespaces.',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      // All that a schema may say of metadata; with a bound the rule below is known to be cheap.
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 63 } } },
      spec: spec ? fieldSchema(spec, false, kind) : {},
      status: status ? fieldSchema(status, false, kind) : {},
    },
    'x-kubernetes-validations': RULES.Sidecar,
  };
}

function objectSchema(name: string, rendered: boolean, kind: string): Json {
  const own = FIELDS[name];
  const within = rendered || RENDERED.includes(name);
  const fields: Record<string, Partial<Field> & { type: string }> =
    own ??
    Object.fromEntries(Object.entries(definitionOf(name)?.properties ?? {}).map(([field, type]) => [field, { type }]));
  const entries = Object.entries(fields).filter(
    ([field]) => !(name === 'SidecarSelector' && field === 'namespaceSelector' && kind === 'Sidecar'),
  );
  const required = Object.entries(fields).filter(([, field]) => field.required);
  const rules = rendered ? [] : [...(RULES[name] ?? []), ...(name === 'SidecarSelector' ? [selectorRule(kind)] : [])];
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([field, of]) => [
        field,
        { ...fieldSchema(of, within, kind), ...(!within && CONSTRAINTS[`${name}.${field}`]) },
      ]),
    ),
    ...(required.length > 0 && { required: required.map(([field]) => field) }),
    ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
  };
}

/** As `checkSidecar`: a selector without anything in it joins nobody. */
function selectorRule(kind: string): Json {
  const given = [
    'has(self.matchAll) && self.matchAll',
    'has(self.matchLabels) && size(self.matchLabels) > 0',
    'has(self.matchExpressions) && size(self.matchExpressions) > 0',
    'has(self.names)',
    'has(self.kinds)',
    'has(self.condition)',
    ...(kind === 'ClusterSidecar' ? ['has(self.namespaceSelector)'] : []),
  ];
  return {
    rule: given.map((one) => `(${one})`).join(' || '),
    message: 'an empty selector joins nobody; to join every Pod write matchAll: true',
  };
}

function fieldSchema(field: Partial<Field> & { type: string }, rendered: boolean, kind: string): Json {
  return {
    ...typeSchema(field.type, rendered, kind, field.enum),
    ...(field.description !== undefined && { description: field.description }),
    ...(field.default !== undefined && field.type === 'string' && { default: field.default }),
    ...(field.minItems !== undefined && { minItems: field.minItems }),
  };
}

function typeSchema(type: string, rendered: boolean, kind: string, words?: readonly string[]): Json {
  const inner = (of: string): Json => typeSchema(of, rendered, kind, words);
  const orExpression = ({ type: name, ...schema }: Json): Json =>
    rendered ? { ...ANYTHING, ...schema } : { type: name, ...schema };
  if (type.startsWith('[]')) return orExpression({ type: 'array', items: inner(type.slice(2)) });
  if (type.startsWith('{}')) return orExpression({ type: 'object', additionalProperties: inner(type.slice(2)) });
  if (type.startsWith('#')) return orExpression(objectSchema(type.slice(1), rendered, kind));
  switch (type) {
    case 'integer':
      return rendered ? INT_OR_STRING : { type: 'integer', format: 'int64' };
    case 'int-or-string':
    case 'port':
      return INT_OR_STRING;
    case 'boolean':
    case 'number':
      return rendered ? ANYTHING : { type };
    // A quantity may be written as a number with a fraction.
    case 'quantity':
    case 'scalar':
    case 'conflict-answers':
    case 'shared-path':
      return ANYTHING;
    case 'object':
      return { type: 'object', ...ANYTHING };
    default:
      return { type: 'string', ...(words && { enum: words }) };
  }
}
