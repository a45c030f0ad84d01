// Makes the documents that the node serves below /openapi, gzipped and ready to send, from dist/openapi/definitions.json and the
// tables of src/kube and src/api:
//   dist/openapi/<group version>.json.gz  OpenAPI v3, one for each group version
//   dist/openapi/v2.json.gz               OpenAPI v2, all in one
//   dist/openapi/v2.pb.gz                 the little of OpenAPI v2, in protobuf, that kubectl 1.27 and 1.28 ask for
//   dist/openapi/index.json               names and hashes of these
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { swaggerOf } from './openapi-v2.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist', 'openapi');
const definitionsFile = join(out, 'definitions.json');
const indexFile = join(out, 'index.json');
const TABLES = [
  'src/kube/resources.ts',
  'src/kube/merge-keys.ts',
  'src/api/rest/served.ts',
  'src/sidecar/crds.ts',
  'src/sidecar/fields.ts',
];
const inputs = [
  ...TABLES.map((file) => join(root, file)),
  definitionsFile,
  fileURLToPath(import.meta.url),
  join(root, 'scripts', 'openapi-v2.mjs'),
];

const newest = Math.max(...inputs.map((file) => statSync(file).mtimeMs));
if (!process.argv.includes('--force') && existsSync(indexFile) && statSync(indexFile).mtimeMs >= newest)
  process.exit(0);

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const GVK = 'x-kubernetes-group-version-kind';
const FORMATS = ['application/json', 'application/yaml'];
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
/** Nothing is known of how lists of custom resources merge strategically. */
const CUSTOM_PATCHES = PATCHES.filter((type) => !type.includes('strategic'));
const PRETTY = queryParameter('pretty', 'string', "If 'true', then the output is pretty printed.");
const PARAMETERS = {
  list: listParameters(),
  create: writeParameters('create'),
  update: writeParameters('update'),
  patch: writeParameters('patch'),
  delete: deleteParameters(),
  deletecollection: [...listParameters(), ...deleteParameters()],
};
const LOG_OPTIONS = [
  ['container', 'string'],
  ['follow', 'boolean'],
  ['limitBytes', 'integer'],
  ['previous', 'boolean'],
  ['sinceSeconds', 'integer'],
  ['tailLines', 'integer'],
  ['timestamps', 'boolean'],
];
const STDIO = ['stdin', 'stdout', 'stderr', 'tty'].map((name) => [name, 'boolean']);
const STREAM_PARAMETERS = {
  log: streamParameters(LOG_OPTIONS),
  exec: streamParameters([['command', 'string'], ['container', 'string'], ...STDIO]),
  attach: streamParameters([['container', 'string'], ...STDIO]),
  portforward: streamParameters([['ports', 'integer']]),
};

/** HTTP methods of a path and their verbs. */
const COLLECTION = { get: 'list', post: 'create', delete: 'deletecollection' };
const OBJECT = { get: 'get', put: 'update', patch: 'patch', delete: 'delete' };
/** Verbs as OpenAPI's x-kubernetes-action names them. */
const ACTIONS = { create: 'post', update: 'put' };

const SENTENCES = {
  list: (kind) => `list or watch objects of kind ${kind}`,
  get: (kind) => `read the specified ${kind}`,
  create: (kind) => `create a ${kind}`,
  update: (kind) => `replace the specified ${kind}`,
  patch: (kind) => `partially update the specified ${kind}`,
  delete: (kind) => `delete a ${kind}`,
  deletecollection: (kind) => `delete collection of ${kind}`,
};

const { SERVED, servedSubresources, openApiExtensions, sidecarCrds, FIELDS } = await loadTables();
const definitions = readDefinitions();
const groupVersions = [...new Set(SERVED.map(nameOf))];
const index = { v3: {}, v2: undefined, v2Json: undefined };
for (const name of groupVersions)
  index.v3[name] = write(`${name.replaceAll('/', '__')}.json.gz`, JSON.stringify(documentOf(name)));
index.v2 = write('v2.pb.gz', documentV2());
index.v2Json = write('v2.json.gz', JSON.stringify(swaggerOf(groupVersions.map(documentOf))));
writeFileSync(`${indexFile}.new`, JSON.stringify(index));
renameSync(`${indexFile}.new`, indexFile);
console.log(`made the OpenAPI documents of ${groupVersions.join(', ')}`);

/** The tables are TypeScript; they import nothing of Node's. */
async function loadTables() {
  const { build } = await import('esbuild');
  const contents = TABLES.map((file) => `export * from './${file}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'warning',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

/** Schemas by full name, with the extensions by which clients merge lists and know kinds. */
function readDefinitions() {
  const schemas = JSON.parse(readFileSync(definitionsFile, 'utf8'));
  addCustomSchemas(schemas);
  const byShortName = new Map(Object.keys(schemas).map((name) => [shortName(name), name]));
  for (const [name, schema] of Object.entries(schemas))
    for (const [field, property] of Object.entries(schema.properties ?? {}))
      if (!name.startsWith('dev.outfit.')) Object.assign(property, openApiExtensions(shortName(name), field));
  for (const { group, version, kind, listKind, definition } of SERVED) {
    const names = { [kind]: definition, [listKind]: definition.slice(0, -kind.length) + listKind };
    // What is only posted has no list.
    for (const [known, short] of Object.entries(names))
      if (byShortName.has(short)) schemas[byShortName.get(short)][GVK] = [{ group, kind: known, version }];
  }
  schemas[`${META}Patch`] = {
    type: 'object',
    description:
      'A change of an object: JSON patch, JSON merge patch, strategic merge patch, or a configuration to apply.',
  };
  return { schemas, fullName: (short) => byShortName.get(short) };
}

/** Of each CustomResourceDefinition the schema and the one of its list, as kube-apiserver publishes them. */
function addCustomSchemas(schemas) {
  const types = (kind) => ({
    apiVersion: { type: 'string', description: 'The API version: outfit.dev/v1alpha1.' },
    kind: { type: 'string', description: `The kind: ${kind}.` },
  });
  for (const { spec } of sidecarCrds()) {
    const { kind, listKind } = spec.names;
    const name = `${spec.group.split('.').reverse().join('.')}.${spec.versions[0].name}.${kind}`;
    const own = described(spec.versions[0].schema.openAPIV3Schema, 'Sidecar', schemas);
    const { apiVersion: _, kind: __, metadata: ___, ...properties } = own.properties;
    const metadata = (type, description) => ({ allOf: [{ $ref: `#/components/schemas/${META}${type}` }], description });
    schemas[name] = {
      ...own,
      properties: {
        ...types(kind),
        metadata: metadata('ObjectMeta', FIELDS.Sidecar.metadata.description),
        ...properties,
      },
    };
    schemas[`${name}List`] = {
      type: 'object',
      description: `${listKind} is a list of ${kind}.`,
      required: ['items'],
      properties: {
        ...types(listKind),
        metadata: metadata('ListMeta', 'What is said of the list as a whole.'),
        items: {
          type: 'array',
          items: { $ref: `#/components/schemas/${name}` },
          description: `The objects of kind ${kind}.`,
        },
      },
    };
  }
}

/** A structural schema with Kubernetes' descriptions of what is Kubernetes' own. `type` is one of FIELDS, or of Kubernetes. */
function described(schema, type, schemas) {
  const fullName = Object.keys(schemas).find((name) => shortName(name) === type && !name.startsWith('dev.outfit.'));
  const known = FIELDS[type] ? ownFields(FIELDS[type]) : kubernetesFields(schemas[fullName], schemas);
  const properties = Object.entries(schema.properties ?? {}).map(([field, part]) => {
    const { description, type: inner } = known[field] ?? {};
    const whole = { ...part, ...(description && { description: part.description ?? description }) };
    if (!inner) return [field, whole];
    const deeper = (one) => described(one, inner, schemas);
    if (whole.items) return [field, { ...whole, items: deeper(whole.items) }];
    return [field, whole.additionalProperties ? whole : deeper(whole)];
  });
  return { ...schema, ...(schema.properties && { properties: Object.fromEntries(properties) }) };
}

function ownFields(fields) {
  const inner = ({ type }) => /#(.+)$/.exec(type)?.[1];
  return Object.fromEntries(
    Object.entries(fields).map(([field, one]) => [field, { description: one.description, type: inner(one) }]),
  );
}

function kubernetesFields({ properties = {} } = {}, schemas) {
  return Object.fromEntries(
    Object.entries(properties).map(([field, property]) => {
      const name = refsOf(property)[0];
      const description = property.description ?? schemas[name]?.description;
      return [field, { description, type: name && shortName(name) }];
    }),
  );
}

function shortName(fullName) {
  const last = fullName.split('.').at(-1);
  return fullName.startsWith('io.k8s.api.events.v1.') ? `EventsV1${last}` : last;
}

function nameOf({ group, version }) {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function write(file, content) {
  const body = gzipSync(content, { level: 9 });
  const path = join(out, file);
  writeFileSync(`${path}.new`, body);
  renameSync(`${path}.new`, path);
  return { file, hash: createHash('sha256').update(content).digest('hex').slice(0, 32).toUpperCase() };
}

/** The OpenAPI v3 document of one group version. */
function documentOf(name) {
  const resources = SERVED.filter((resource) => nameOf(resource) === name);
  const paths = Object.assign({}, ...resources.map((resource) => pathsOf(`/${name}`, resource)));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths,
    components: { schemas: reachable(paths) },
  };
}

/** The schemas that a document refers to, and those that these refer to. */
function reachable(paths) {
  const found = {};
  const queue = refsOf(paths);
  while (queue.length > 0) {
    const name = queue.pop();
    if (found[name]) continue;
    found[name] = definitions.schemas[name];
    queue.push(...refsOf(found[name]));
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function refsOf(part) {
  return [...JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]);
}

function pathsOf(base, resource) {
  const { resource: plural, namespaced, verbs } = resource;
  const collection = namespaced ? `${base}/namespaces/{namespace}/${plural}` : `${base}/${plural}`;
  const place = namespaced
    ? [pathParameter('namespace', 'object name and auth scope, such as for teams and projects')]
    : [];
  const named = [...place, pathParameter('name', `name of the ${resource.kind}`)];
  const paths = {
    [collection]: { ...operations(resource, verbs, COLLECTION), parameters: [...place, PRETTY] },
    [`${collection}/{name}`]: { ...operations(resource, verbs, OBJECT), parameters: [...named, PRETTY] },
  };
  if (namespaced)
    paths[`${base}/${plural}`] = { ...operations(resource, verbs, { get: 'list' }), parameters: [PRETTY] };
  for (const sub of servedSubresources(resource)) {
    const parameters = [...named, ...(sub.definition ? [PRETTY] : [])];
    paths[`${collection}/{name}/${sub.name}`] = { ...subOperations(resource, sub), parameters };
  }
  // What is only posted is nowhere else.
  return Object.fromEntries(
    Object.entries(paths).filter(([, item]) => Object.keys(item).some((key) => key !== 'parameters')),
  );
}

function operations(resource, verbs, methods) {
  const served = Object.entries(methods).filter(([, verb]) => verbs.includes(verb));
  return Object.fromEntries(
    served.map(([method, verb]) => [method, operation(resource, verb, `${verb}${idOf(resource)}`)]),
  );
}

function idOf({ group, version, namespaced, kind }, sub = '') {
  const words = [...(group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.')), version];
  return `${words.map(capital).join('')}${namespaced ? 'Namespaced' : ''}${kind}${capital(sub)}`;
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function operation(resource, verb, operationId) {
  const { group, version, kind, listKind, definition } = resource;
  const object = definitions.fullName(definition);
  const list = definitions.fullName(definition.slice(0, -kind.length) + listKind);
  const answers = { list, delete: `${META}Status`, deletecollection: `${META}Status` };
  return {
    tags: [`${group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')}_${version}`],
    description: SENTENCES[verb](kind),
    operationId,
    ...(PARAMETERS[verb] && { parameters: PARAMETERS[verb] }),
    ...bodyOf(verb, object, resource.custom),
    responses: responsesOf(verb, answers[verb] ?? object),
    'x-kubernetes-action': ACTIONS[verb] ?? verb,
    [GVK]: { group, version, kind },
  };
}

function bodyOf(verb, object, custom) {
  if (verb === 'create' || verb === 'update') return { requestBody: content(['*/*'], object, true) };
  if (verb === 'patch') return { requestBody: content(custom ? CUSTOM_PATCHES : PATCHES, `${META}Patch`, true) };
  if (verb === 'delete' || verb === 'deletecollection')
    return { requestBody: content(['*/*'], `${META}DeleteOptions`) };
  return {};
}

function responsesOf(verb, schema) {
  const ok = (description) => ({ description, ...content(FORMATS, schema) });
  return {
    200: ok('OK'),
    ...(verb === 'create' || verb === 'update' || verb === 'patch' ? { 201: ok('Created') } : {}),
    401: { description: 'Unauthorized' },
  };
}

function content(types, schema, required) {
  const body = { schema: { $ref: `#/components/schemas/${schema}` } };
  return { content: Object.fromEntries(types.map((type) => [type, body])), ...(required && { required }) };
}

/** Subresources are views of the object (status, finalize), or streams with options in the query. */
function subOperations(resource, sub) {
  const gvk = { group: sub.kindGroup ?? resource.group, version: sub.kindVersion ?? resource.version, kind: sub.kind };
  const methods = sub.definition ? { ...OBJECT, post: 'create' } : { get: 'get', post: 'create' };
  const served = Object.entries(methods).filter(([, verb]) => sub.verbs.includes(verb));
  return Object.fromEntries(
    served.map(([method, verb]) => {
      const id = `${sub.definition ? verb : `connect${capital(method)}`}${idOf(resource, sub.name)}`;
      const whole = operation({ ...resource, definition: sub.definition ?? resource.definition }, verb, id);
      return [method, { ...(sub.definition ? whole : stream(whole, sub, method)), [GVK]: gvk }];
    }),
  );
}

function stream({ tags, operationId }, sub, method) {
  const type = sub.name === 'log' ? 'text/plain' : '*/*';
  return {
    tags,
    operationId,
    description: sub.name === 'log' ? 'read log of the specified Pod' : `connect to ${sub.name} of Pod`,
    parameters: STREAM_PARAMETERS[sub.name],
    responses: { 200: { description: 'OK', content: { [type]: { schema: { type: 'string' } } } } },
    'x-kubernetes-action': sub.name === 'log' ? 'get' : `connect${method === 'get' ? '' : '-post'}`,
  };
}

function pathParameter(name, description) {
  return { name, in: 'path', description, required: true, schema: { type: 'string', uniqueItems: true } };
}

function queryParameter(name, type, description) {
  return { name, in: 'query', description, schema: { type, uniqueItems: true } };
}

/** The documents of OpenAPI v2 and v3 both say which parameters a PATCH takes: kubectl looks there for what the server can do. */
function writeParameters(verb) {
  return [
    queryParameter(
      'dryRun',
      'string',
      'When present, indicates that modifications should not be persisted. Valid: All.',
    ),
    queryParameter('fieldManager', 'string', 'The actor or entity that makes these changes.'),
    queryParameter(
      'fieldValidation',
      'string',
      'What happens to unknown and duplicate fields: Ignore drops them, Warn (the default) warns of them, Strict refuses the request.',
    ),
    ...(verb === 'patch'
      ? [queryParameter('force', 'boolean', 'Take over fields that others own, in apply patches.')]
      : []),
  ];
}

function listParameters() {
  return [
    queryParameter('allowWatchBookmarks', 'boolean', 'Ask for watch events of type BOOKMARK.'),
    queryParameter('continue', 'string', 'The token of the previous page, for the next one.'),
    queryParameter('fieldSelector', 'string', 'Only objects with these fields.'),
    queryParameter('labelSelector', 'string', 'Only objects with these labels.'),
    queryParameter('limit', 'integer', 'The most objects in one answer.'),
    queryParameter('resourceVersion', 'string', 'How fresh the answer must be.'),
    queryParameter('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
    queryParameter('sendInitialEvents', 'boolean', 'Begin a watch with what is there.'),
    queryParameter('timeoutSeconds', 'integer', 'When the call ends, whatever happens.'),
    queryParameter('watch', 'boolean', 'Tell of changes rather than answer a list.'),
  ];
}

function deleteParameters() {
  return [
    writeParameters('delete')[0],
    queryParameter('gracePeriodSeconds', 'integer', 'Seconds until the object is removed; 0 removes it at once.'),
    queryParameter('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
    queryParameter('propagationPolicy', 'string', 'What happens to dependents: Orphan, Background or Foreground.'),
  ];
}

function streamParameters(options) {
  return options.map(([name, type]) => queryParameter(name, type, `${name} of the stream`));
}

/** A protobuf message of OpenAPI v2 as gnostic defines it: only version, paths and, of each PATCH, kind and parameters. */
function documentV2() {
  const items = SERVED.filter(({ verbs }) => verbs.includes('patch')).map(patchPathV2);
  const info = message([1, 'Kubernetes'], [2, 'v1.33.0']);
  return message([1, '2.0'], [2, info], [8, message(...items.map((item) => [2, item]))]);
}

function patchPathV2(resource) {
  const { group, version, kind, namespaced, resource: plural } = resource;
  const yaml = `group: "${group}"\nkind: ${kind}\nversion: ${version}\n`;
  const operation = message(...writeParameters('patch').map((parameter) => [8, parameterV2(parameter)]), [
    13,
    message([1, GVK], [2, message([2, yaml])]),
  ]);
  const path = `/${nameOf(resource)}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}/{name}`;
  return message([1, path], [2, message([7, operation])]);
}

/** ParametersItem { parameter { non_body_parameter { query_parameter_sub_schema } } } */
function parameterV2({ name, schema }) {
  const query = message([2, 'query'], [4, name], [6, schema.type]);
  return message([1, message([2, message([3, query])])]);
}

/** A protobuf message of length-delimited fields: texts and other messages. */
function message(...fields) {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      const bytes = Buffer.from(value);
      return [varint((number << 3) | 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}
