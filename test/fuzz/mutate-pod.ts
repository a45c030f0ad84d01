import definitions from '../../src/kube/generated/definitions.json' with { type: 'json' };

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Dict = { [key: string]: Json };

const TYPES = definitions as unknown as Record<string, { properties?: Record<string, string>; required?: string[] }>;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomness(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What people and programs write where something else belongs. */
const WILD: readonly Json[] = [
  null,
  true,
  false,
  '',
  ' ',
  0,
  -1,
  1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e300,
  [],
  {},
  [null],
  [[]],
  { '': null },
  '../x',
  '/',
  '/etc/../x',
  'A b',
  'ä\u0000',
  '__proto__',
  '$(A)',
  '$($(A))$$(B)',
  '9'.repeat(40),
  'x'.repeat(300),
];

const WORDS: Record<string, readonly Json[]> = {
  string: [
    'a',
    'web',
    'data',
    'c',
    'init',
    'default',
    'Always',
    'Never',
    'OnFailure',
    'None',
    'IfNotPresent',
    'TCP',
    'UDP',
    'HTTP',
    'Exists',
    'In',
    'NoExecute',
    'Localhost',
    'RuntimeDefault',
    'Unconfined',
    'Unmasked',
    'Memory',
    'Directory',
    'Bidirectional',
    'HostToContainer',
    'metadata.name',
    "metadata.labels['a']",
    'status.podIP',
    'limits.memory',
    'requests.cpu',
    'v1',
    'kubernetes.io/hostname',
    '/data',
    '/dev/x',
    'a/b',
    '$(A)/x',
    'net.ipv4.ip_local_port_range',
    '127.0.0.1',
    '::1',
    'example.com',
    'linux',
    '',
    'NET_ADMIN',
  ],
  integer: [0, 1, 2, 30, 80, 420, 511, 1000, 8080, 65535, 65536, -1, 2 ** 31 - 1, 2 ** 32, 2 ** 53],
  number: [0, 1.5],
  boolean: [true, false],
  quantity: ['0', '1', '100m', '64Mi', '1Gi', '2', '1e3', '-1', '0.5', '1.5Gi', '10E', 1, 'x'],
  'int-or-string': [80, 'http', '80', 0, '', 65536, '50%'],
  'date-time': ['2026-11-24T00:00:00Z', 'yesterday'],
  'micro-time': ['2026-11-24T00:00:00.000000Z'],
  byte: ['YQ==', '?'],
  object: [{}, { a: 1 }],
};

/** Names of maps that mean something as keys. */
const KEYS = ['a', 'cpu', 'memory', 'example.com/gpu', 'ephemeral-storage', 'hugepages-2Mi', 'a b', 'kubernetes.io/os'];

/**
 * A copy of a Pod with a few changes, each at a random place: a known field that comes with a fitting value, a field that goes, a value that does not
 * belong, an item twice. The same for the same numbers.
 */
export function mutatePod(pod: Dict, random: () => number): Dict {
  const copy = structuredClone(pod);
  const changes = 1 + Math.floor(random() * 4);
  for (let change = 0; change < changes; change++) mutate(copy, '#Pod', random);
  return copy;
}

/** Walks down to some part of the value and changes it there. */
function mutate(value: Json, type: string, random: () => number): void {
  const below = children(value, type).filter(([, child]) => typeof child === 'object' && child !== null);
  if (below.length > 0 && random() < 0.75) {
    const [, child, childType] = pick(below, random);
    mutate(child, childType, random);
    return;
  }
  if (Array.isArray(value)) changeList(value, type, random);
  else if (isDict(value)) changeObject(value, type, random);
}

function changeList(list: Json[], type: string, random: () => number): void {
  const at = Math.floor(random() * list.length);
  const dice = random();
  if (dice < 0.4) list.push(made(type.replace(/^\[\]/, ''), random, 0));
  else if (dice < 0.6 && list.length > 0) list.push(structuredClone(list[at]!));
  else if (dice < 0.8) list.splice(at, 1);
  else list[at] = wild(random);
}

function changeObject(object: Dict, type: string, random: () => number): void {
  const present = Object.keys(object);
  const dice = random();
  if (dice < 0.55) grow(object, type, random);
  else if (dice < 0.7 && present.length > 0) delete object[pick(present, random)];
  else if (dice < 0.95 && present.length > 0) object[pick(present, random)] = wild(random);
  else {
    const name = pick(['nope', '__proto__', 'constructor', 'kind', 'name'], random);
    const value = wild(random);
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  }
}

/** A field of the type, or a key of the map, with a value that fits it more or less. */
function grow(object: Dict, type: string, random: () => number): void {
  if (type.startsWith('{}')) {
    object[pick(KEYS, random)] = made(type.slice(2), random, 0);
    return;
  }
  const fields = Object.entries(TYPES[type.slice(1)]?.properties ?? {});
  if (fields.length === 0) return;
  const [name, fieldType] = pick(fields, random);
  object[name] = made(fieldType, random, 0);
}

function made(type: string, random: () => number, depth: number): Json {
  if (type.startsWith('[]')) return times(random, (_) => made(type.slice(2), random, depth + 1));
  if (type.startsWith('{}'))
    return Object.fromEntries(times(random, (_) => [pick(KEYS, random), made(type.slice(2), random, depth + 1)]));
  if (!type.startsWith('#')) return structuredClone(pick(WORDS[type] ?? WILD, random));
  const { properties = {}, required = [] } = TYPES[type.slice(1)] ?? {};
  const names = Object.keys(properties);
  const optional = depth > 4 || names.length === 0 ? [] : times(random, () => pick(names, random));
  return Object.fromEntries(
    [...new Set([...required, ...optional])].map((name) => [name, made(properties[name]!, random, depth + 1)]),
  );
}

function times<T>(random: () => number, make: (n: number) => T): T[] {
  return Array.from({ length: Math.floor(random() * 3) }, (_, n) => make(n));
}

function children(value: Json, type: string): [string, Json, string][] {
  if (Array.isArray(value)) return value.map((item, i) => [String(i), item, type.replace(/^\[\]/, '')]);
  if (!isDict(value)) return [];
  const { properties = {} } = TYPES[type.slice(1)] ?? {};
  return Object.entries(value).map(([key, child]) => [
    key,
    child,
    type.startsWith('{}') ? type.slice(2) : (Object.hasOwn(properties, key) && properties[key]) || 'object',
  ]);
}

function isDict(value: Json): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!;
}

/** A value of its own: later changes may change it. */
function wild(random: () => number): Json {
  return structuredClone(pick(WILD, random));
}
