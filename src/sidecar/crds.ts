import { definitionOf } from '../kube/decode.ts';
import type { KubeObject } from '../kube/object.ts';
import { FIELDS, type Field } from './fields.ts';
import { GROUP, VERSION } from './sidecar.ts';

type Json = Record<string, unknown>;

const RENDERED = ['SidecarTemplate', 'MainContainerAdditions', 'Share'];
/** Any JSON: where a value and an expression may stand, a structural schema can say no more. */
const ANYTHING: Json = { 'x-kubernetes-preserve-unknown-fields': true };
const INT_OR_STRING: Json = { 'x-kubernetes-int-or-string': true };

/** The CustomResourceDefinitions of Sidecar and ClusterSidecar, with as much of the validation as an API server can do by itself. */
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

const NAME_RULE = {
  rule: "self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
  message:
    "metadata.name must be a lowercase RFC 1123 label of at most 63 characters: it begins the keys of the Pods' annotations",
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
      metadata: { type: 'object' },
      spec: spec ? fieldSchema(spec, false, kind) : {},
      status: status ? fieldSchema(status, false, kind) : {},
    },
    'x-kubernetes-validations': [NAME_RULE],
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
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([field, of]) => [field, fieldSchema(of, within, kind)])),
    ...(required.length > 0 && { required: required.map(([field]) => field) }),
    ...(name === 'SidecarSelector' && { 'x-kubernetes-validations': [selectorRule(kind)] }),
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
  if (type.startsWith('[]')) return { type: 'array', items: typeSchema(type.slice(2), rendered, kind, words) };
  if (type.startsWith('{}')) return { type: 'object', additionalProperties: typeSchema(type.slice(2), rendered, kind) };
  if (type.startsWith('#')) return objectSchema(type.slice(1), rendered, kind);
  switch (type) {
    case 'integer':
      return rendered ? INT_OR_STRING : { type: 'integer', format: 'int64' };
    case 'int-or-string':
    case 'port':
    case 'quantity':
      return INT_OR_STRING;
    case 'boolean':
    case 'number':
      return rendered ? ANYTHING : { type };
    case 'scalar':
    case 'conflict-answers':
    case 'shared-path':
      return ANYTHING;
    case 'object':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    default:
      return { type: 'string', ...(words && { enum: words }) };
  }
}
