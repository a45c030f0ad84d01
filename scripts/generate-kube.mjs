// Makes what Outfit knows of Kubernetes' object types from the models of @kubernetes/client-node 1.3.0, which are
// generated from the OpenAPI document of Kubernetes v1.33 (the version that Outfit serves):
//   src/kube/generated/objects.ts        TypeScript interfaces of the JSON (times are strings)
//   src/kube/generated/definitions.json  the same, compact, for strict decoding in the node
//   dist/openapi/definitions.json        OpenAPI v3 schemas with descriptions, for /openapi/v3
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const models = join(dirname(require.resolve('kubernetes-v1.33')), 'gen', 'models');

/** Kinds that the node serves or reads, by class name of the model package. */
const ROOTS = [
  'V1Pod',
  'V1PodList',
  'V1PodTemplate',
  'V1PodTemplateList',
  'V1Namespace',
  'V1NamespaceList',
  'V1Node',
  'V1NodeList',
  'V1ConfigMap',
  'V1ConfigMapList',
  'V1Secret',
  'V1SecretList',
  'V1ServiceAccount',
  'V1ServiceAccountList',
  'V1PersistentVolumeClaim',
  'V1PersistentVolumeClaimList',
  'V1Binding',
  'CoreV1Event',
  'CoreV1EventList',
  'EventsV1Event',
  'EventsV1EventList',
  'V1Lease',
  'V1LeaseList',
  'V1Eviction',
  'AuthenticationV1TokenRequest',
  'V1TokenReview',
  'V1SelfSubjectReview',
  'V1SubjectAccessReview',
  'V1LocalSubjectAccessReview',
  'V1SelfSubjectAccessReview',
  'V1SelfSubjectRulesReview',
  'V1Status',
  'V1DeleteOptions',
  'V1WatchEvent',
  'V1APIResourceList',
  'V1APIGroupList',
  'V1APIVersions',
];

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const META_KINDS = new Set([
  'ObjectMeta',
  'OwnerReference',
  'ManagedFieldsEntry',
  'LabelSelector',
  'LabelSelectorRequirement',
  'ListMeta',
  'Status',
  'StatusDetails',
  'StatusCause',
  'DeleteOptions',
  'Preconditions',
  'WatchEvent',
  'Condition',
  'APIResource',
  'APIResourceList',
  'APIGroup',
  'APIGroupList',
  'APIVersions',
  'GroupVersionForDiscovery',
  'ServerAddressByClientCIDR',
  'FieldSelectorRequirement',
]);
const OTHER_GROUPS = {
  EventsV1Event: 'io.k8s.api.events.v1.Event',
  EventsV1EventList: 'io.k8s.api.events.v1.EventList',
  EventsV1EventSeries: 'io.k8s.api.events.v1.EventSeries',
  V1Lease: 'io.k8s.api.coordination.v1.Lease',
  V1LeaseList: 'io.k8s.api.coordination.v1.LeaseList',
  V1LeaseSpec: 'io.k8s.api.coordination.v1.LeaseSpec',
  V1Eviction: 'io.k8s.api.policy.v1.Eviction',
  AuthenticationV1TokenRequest: 'io.k8s.api.authentication.v1.TokenRequest',
  V1TokenRequestSpec: 'io.k8s.api.authentication.v1.TokenRequestSpec',
  V1TokenRequestStatus: 'io.k8s.api.authentication.v1.TokenRequestStatus',
  V1BoundObjectReference: 'io.k8s.api.authentication.v1.BoundObjectReference',
  ...ofGroup('io.k8s.api.authentication.v1', [
    'SelfSubjectReview',
    'SelfSubjectReviewStatus',
    'TokenReview',
    'TokenReviewSpec',
    'TokenReviewStatus',
    'UserInfo',
  ]),
  ...ofGroup('io.k8s.api.authorization.v1', [
    'FieldSelectorAttributes',
    'LabelSelectorAttributes',
    'LocalSubjectAccessReview',
    'NonResourceAttributes',
    'NonResourceRule',
    'ResourceAttributes',
    'ResourceRule',
    'SelfSubjectAccessReview',
    'SelfSubjectAccessReviewSpec',
    'SelfSubjectRulesReview',
    'SelfSubjectRulesReviewSpec',
    'SubjectAccessReview',
    'SubjectAccessReviewSpec',
    'SubjectAccessReviewStatus',
    'SubjectRulesReviewStatus',
  ]),
};
/** The model package has plain strings where the API has quantities. */
const QUANTITIES = new Set([
  'limits',
  'requests',
  'sizeLimit',
  'divisor',
  'overhead',
  'capacity',
  'allocatable',
  'allocatedResources',
]);

function ofGroup(prefix, names) {
  return Object.fromEntries(names.map((name) => [`V1${name}`, `${prefix}.${name}`]));
}

const shortName = (cls) =>
  cls.startsWith('EventsV1') ? `EventsV1${cls.slice(8)}` : cls.replace(/^(CoreV1|AuthenticationV1|V1)/, '');
const fullName = (cls) =>
  OTHER_GROUPS[cls] ?? (META_KINDS.has(shortName(cls)) ? META : 'io.k8s.api.core.v1.') + shortName(cls);

/** @returns {Promise<{cls: string, description: string, fields: {name: string, type: string, format: string, required: boolean, description: string}[]}>} */
async function readModel(cls) {
  const declarations = readFileSync(join(models, `${cls}.d.ts`), 'utf8');
  const described = new Map();
  for (const m of declarations.matchAll(/(?:\/\*\*\n((?:\s*\*[^\n]*\n)*?)\s*\*\/\n\s*)?'([^']+)'(\??): /g))
    described.set(m[2], { description: text(m[1]), required: m[3] === '' });
  const description = text(declarations.match(/\/\*\*\n((?:\*[^\n]*\n)*?)\*\/\nexport declare class/)?.[1]);
  const { [cls]: model } = await import(join(models, `${cls}.js`));
  const fields = model.attributeTypeMap.map((a) => ({
    name: a.baseName,
    type: a.type,
    format: a.format,
    ...described.get(a.name),
  }));
  return { cls, description, fields };
}

function text(comment) {
  return (comment ?? '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*\s?/, ''))
    .join('\n')
    .trim()
    .replace(/\\(['"`])/g, '$1');
}

/** One field type in the compact notation: "string", "integer", "[]string", "{}Quantity", "#Container". */
function compact(field) {
  const t = of(field.type, field.format);
  return QUANTITIES.has(field.name) ? t.replace(/string$/, 'quantity') : t;
}

function of(type, format) {
  const array = type.match(/^(?:Array|Set)<(.*)>$/);
  if (array) return `[]${of(array[1], format)}`;
  const map = type.match(/^\{ \[key: string\]: (.*); \}$/);
  if (map) return `{}${of(map[1], format)}`;
  if (type === 'number') return format === 'double' ? 'number' : 'integer';
  if (type === 'string' && format === 'byte') return 'byte';
  if (type === 'Date' || type === 'V1MicroTime') return type === 'Date' ? 'date-time' : 'micro-time';
  if (type === 'IntOrString') return 'int-or-string';
  if (type === 'any' || type === 'object') return 'object';
  return /^(string|boolean)$/.test(type) ? type : `#${type}`;
}

const SCALARS = {
  string: 'string',
  byte: 'string',
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
  'date-time': 'string',
  'micro-time': 'string',
  'int-or-string': 'number | string',
  quantity: 'string',
  object: 'unknown',
};

function typescript(type) {
  if (type.startsWith('[]')) return wrap(typescript(type.slice(2)));
  if (type.startsWith('{}')) return `Record<string, ${typescript(type.slice(2))}>`;
  if (type.startsWith('#')) return shortName(type.slice(1));
  return SCALARS[type];
}
const wrap = (t) => (t.includes('|') ? `(${t})[]` : `${t}[]`);

const JSON_SCALARS = {
  string: { type: 'string' },
  byte: { type: 'string', format: 'byte' },
  boolean: { type: 'boolean' },
  integer: { type: 'integer', format: 'int32' },
  number: { type: 'number', format: 'double' },
  'date-time': { type: 'string', format: 'date-time' },
  'micro-time': { type: 'string', format: 'date-time' },
  'int-or-string': { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  object: { type: 'object' },
};

function schema(type) {
  if (type.startsWith('[]')) return { type: 'array', items: schema(type.slice(2)) };
  if (type.startsWith('{}')) return { type: 'object', additionalProperties: schema(type.slice(2)) };
  if (type.startsWith('#')) return { $ref: `#/components/schemas/${fullName(type.slice(1))}` };
  return JSON_SCALARS[type];
}

async function reachable() {
  const seen = new Map();
  const queue = [...ROOTS];
  while (queue.length > 0) {
    const cls = queue.shift();
    if (seen.has(cls)) continue;
    const model = await readModel(cls);
    seen.set(cls, model);
    for (const field of model.fields) {
      const ref = of(field.type, field.format).match(/#(.*)$/)?.[1];
      if (ref) queue.push(ref);
    }
  }
  return [...seen.values()].sort((a, b) => (shortName(a.cls) < shortName(b.cls) ? -1 : 1));
}

function interfaceOf(model) {
  const firstSentence = (d) =>
    d
      .split(/(?<=\.)\s/)[0]
      .replaceAll('*/', '*\\/')
      .replaceAll('\n', ' ');
  const lines = model.fields.flatMap((f) => [
    ...(f.description ? [`  /** ${firstSentence(f.description)} */`] : []),
    `  ${/^[$a-zA-Z_]\w*$/.test(f.name) ? f.name : JSON.stringify(f.name)}${f.required ? '' : '?'}: ${typescript(compact(f))};`,
  ]);
  return `/** ${firstSentence(model.description)} */\nexport interface ${shortName(model.cls)} {\n${lines.join('\n')}\n}\n`;
}

function compactOf(model) {
  const properties = Object.fromEntries(
    model.fields.map((f) => [f.name, compact(f).replace(/#(.*)$/, (_, c) => `#${shortName(c)}`)]),
  );
  const required = model.fields.filter((f) => f.required).map((f) => f.name);
  return [shortName(model.cls), required.length > 0 ? { properties, required } : { properties }];
}

function openapiOf(model) {
  const properties = Object.fromEntries(
    model.fields.map((f) => {
      const s = schema(compact(f));
      // OpenAPI 3.0 forbids siblings of $ref, so a described reference is wrapped, as kube-apiserver does.
      if (s.$ref) return [f.name, f.description ? { allOf: [s], default: {}, description: f.description } : s];
      return [f.name, f.description ? { ...s, description: f.description } : s];
    }),
  );
  const required = model.fields.filter((f) => f.required).map((f) => f.name);
  return [
    fullName(model.cls),
    { type: 'object', description: model.description, properties, ...(required.length > 0 ? { required } : {}) },
  ];
}

const outputs = [
  'src/kube/generated/objects.ts',
  'src/kube/generated/definitions.json',
  'dist/openapi/definitions.json',
].map((f) => join(root, f));
const inputs = [fileURLToPath(import.meta.url), join(models, '..', '..', '..', 'package.json')];
const newest = Math.max(...inputs.map((f) => (existsSync(f) ? statSync(f).mtimeMs : 0)));
if (!process.argv.includes('--force') && outputs.every((f) => existsSync(f) && statSync(f).mtimeMs >= newest))
  process.exit(0);

const all = await reachable();
for (const output of outputs) mkdirSync(dirname(output), { recursive: true });
const header =
  '// Made by scripts/generate-kube.mjs from the OpenAPI document of Kubernetes v1.33. Not for editing.\n\n';
writeFileSync(outputs[0], header + all.map(interfaceOf).join('\n'));
writeFileSync(outputs[1], JSON.stringify(Object.fromEntries(all.map(compactOf))));
writeFileSync(outputs[2], JSON.stringify(Object.fromEntries(all.map(openapiOf))));
console.log(`generated ${all.length} types of Kubernetes v1.33`);
