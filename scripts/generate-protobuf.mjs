// Writes src/api/protobuf/messages.json: the protobuf messages of the kinds below, as Kubernetes v1.33 numbers their fields. Every program
// that is built with client-go carries these descriptors, so a kubectl is all that is needed:
//   node scripts/generate-protobuf.mjs /path/to/kubectl-of-v1.33
// A test (src/api/protobuf/messages.test.ts) says which fields of the served kinds are missing.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

const output = join(dirname(fileURLToPath(import.meta.url)), '../src/api/protobuf/messages.json');

/** Messages of bodies that clients send; what they contain comes with them. */
const ROOTS = [
  'core.v1.Binding',
  'core.v1.ConfigMap',
  'core.v1.Event',
  'core.v1.Namespace',
  'core.v1.Node',
  'core.v1.PersistentVolumeClaim',
  'core.v1.Pod',
  'core.v1.PodTemplate',
  'core.v1.Secret',
  'core.v1.ServiceAccount',
  'coordination.v1.Lease',
  'events.v1.Event',
  'policy.v1.Eviction',
  'authentication.v1.SelfSubjectReview',
  'authentication.v1.TokenRequest',
  'authentication.v1.TokenReview',
  'authorization.v1.LocalSubjectAccessReview',
  'authorization.v1.SelfSubjectAccessReview',
  'authorization.v1.SelfSubjectRulesReview',
  'authorization.v1.SubjectAccessReview',
  'meta.v1.DeleteOptions',
];
/** Messages that stand for one JSON value. */
const SPECIAL = {
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'micro-time',
  'meta.v1.FieldsV1': 'json',
  'runtime.RawExtension': 'json',
  'api.resource.Quantity': 'quantity',
  'util.intstr.IntOrString': 'int-or-string',
  'authentication.v1.ExtraValue': 'strings',
  'authorization.v1.ExtraValue': 'strings',
};
/** Embedded structs, whose fields stand among the message's own in JSON. */
const INLINE = new Set(['ephemeralContainerCommon', 'handler', 'localObjectReference', 'volumeSource']);
/** Fields that JSON names otherwise. */
const JSON_NAMES = { uID: 'uid' };
/** FieldDescriptorProto.Type. */
const SCALARS = { 1: 'double', 3: 'int64', 5: 'int32', 8: 'bool', 9: 'string', 12: 'bytes' };
const [MESSAGE, REPEATED] = [11, 3];
/** gogoproto.nullable: false where the Go field is no pointer. */
const NULLABLE = 65001;

const [, , kubectl] = process.argv;
if (!kubectl) throw new Error('usage: node scripts/generate-protobuf.mjs /path/to/kubectl-of-v1.33');
const known = readMessages(readFileSync(kubectl));
const messages = {};
for (const queue = [...ROOTS]; queue.length > 0; ) {
  const name = queue.shift();
  if (messages[name]) continue;
  if (!known.has(name)) throw new Error(`${kubectl} has no message ${name}`);
  const fields = known.get(name).map((field) => [field.number, compact(field)]);
  messages[name] = Object.fromEntries(fields);
  for (const [, text] of fields) queue.push(...[...text.matchAll(/#(.+)$/g)].map((match) => match[1]));
}
const sorted = Object.entries(messages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(output, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
console.log(`wrote ${sorted.length} messages`);

/** `name type`; `!` before the name: never absent in Go, so that a zero says nothing. `<`: fields of an embedded struct. */
function compact({ name, type, repeated, map, nullable }) {
  const mark = INLINE.has(name) ? '<' : nullable || repeated ? '' : '!';
  return `${mark}${JSON_NAMES[name] ?? name} ${map ? '{}' : repeated ? '[]' : ''}${type}`;
}

/** All messages that a program carries, by name. Descriptors are gzip streams among its data. */
function readMessages(program) {
  const found = new Map();
  const magic = Buffer.from([0x1f, 0x8b, 8, 0]);
  for (let at = program.indexOf(magic); at >= 0; at = program.indexOf(magic, at + 1)) {
    const file = gunzipped(program.subarray(at, at + 2 ** 20));
    if (!file?.subarray(0, 9).includes('k8s.io/')) continue;
    const { 2: [name] = [], 4: types = [] } = parse(file);
    for (const type of types) addMessage(found, shortName(text(name)), type);
  }
  return found;
}

function gunzipped(bytes) {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

function addMessage(found, scope, bytes) {
  const {
    1: [name],
    2: fields = [],
    3: nested = [],
  } = parse(bytes);
  const entries = new Map(
    nested.map((entry) => {
      const {
        1: [own],
        2: parts,
      } = parse(entry);
      return [`${scope}.${text(name)}.${text(own)}`, readField(parts[1], new Map()).type];
    }),
  );
  found.set(
    `${scope}.${text(name)}`,
    fields.map((field) => readField(field, entries)),
  );
}

function readField(bytes, entries) {
  const {
    1: [name],
    3: [number],
    4: [label],
    5: [type],
    6: [typeName] = [],
    8: [options] = [],
  } = parse(bytes);
  const message = typeName && shortName(text(typeName).slice(1));
  const map = entries.has(message);
  return {
    name: text(name),
    number,
    map,
    repeated: label === REPEATED,
    nullable: !options || parse(options)[NULLABLE]?.[0] !== 0,
    type: map ? entries.get(message) : type === MESSAGE ? (SPECIAL[message] ?? `#${message}`) : scalar(type, name),
  };
}

function scalar(type, name) {
  if (!SCALARS[type]) throw new Error(`field ${text(name)} has type ${type}`);
  return SCALARS[type];
}

/** k8s.io.api.core.v1.Pod is core.v1.Pod, k8s.io.apimachinery.pkg.apis.meta.v1.Time is meta.v1.Time. */
function shortName(full) {
  return full.replace(/^k8s\.io\.(api\.|apimachinery\.pkg\.(apis\.)?)/, '');
}

/** Values by field number: bytes or numbers. */
function parse(bytes) {
  const reader = protobuf.Reader.create(bytes);
  const fields = {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const wire = tag & 7;
    const value = wire === 2 ? reader.bytes() : wire === 0 ? Number(reader.int64()) : reader.skipType(wire);
    const list = fields[tag >>> 3] ?? [];
    fields[tag >>> 3] = [...list, value];
  }
  return fields;
}

function text(bytes) {
  return Buffer.from(bytes).toString('utf8');
}
