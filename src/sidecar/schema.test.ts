import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSidecar } from './compile.ts';
import { sidecarCrds } from './crds.ts';
import { FIELDS } from './fields.ts';
import { hasErrors } from './finding.ts';
import { sidecars } from './fixtures/arbitrary.ts';
import { hello } from './fixtures/hello.ts';
import { faults } from './fixtures/json-schema.ts';
import { small } from './fixtures/small.ts';
import { sidecarSchema } from './schema.ts';
import type { SidecarSpec } from './sidecar.ts';

type Json = Record<string, unknown>;

const schema = sidecarSchema();
const definitions = schema.definitions as Record<string, Json>;
const [ofSidecar, ofCluster] = sidecarCrds().map(
  (crd) => (crd as unknown as { spec: { versions: { schema: { openAPIV3Schema: Json } }[] } }).spec.versions[0]?.schema,
) as [{ openAPIV3Schema: Json }, { openAPIV3Schema: Json }];

/** Follows names through a schema. */
function at(from: unknown, ...path: string[]): Json {
  return path.reduce<Json>((here, name) => here[name] as Json, from as Json);
}

/** Sets a field by its path. */
function change(path: string, value: unknown): Json {
  const sidecar = { ...hello() } as unknown as Json;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<Json>((here, key) => {
    here[key] ??= {};
    return here[key] as Json;
  }, sidecar);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return sidecar;
}

describe('the JSON Schema', () => {
  it('describes every field of the table, and refuses others', () => {
    for (const [name, fields] of Object.entries(FIELDS)) {
      expect(Object.keys(at(definitions[name], 'properties')), name).toEqual(Object.keys(fields));
      expect(definitions[name]?.additionalProperties, name).toBe(false);
    }
  });

  it('has a definition for every reference', () => {
    const references = [...JSON.stringify(schema).matchAll(/"#\/definitions\/(\w+)"/g)].map(([, name]) => name ?? '');
    expect(references.length).toBeGreaterThan(50);
    for (const name of references) expect(definitions, name).toHaveProperty(name);
  });

  it('lets an expression stand for a number in what a sidecar brings, and nowhere else', () => {
    expect(at(definitions.ContainerPort, 'properties', 'containerPort')).toHaveProperty('anyOf');
    expect(at(definitions.SidecarStatus, 'properties', 'joined')).toMatchObject({ type: 'integer' });
  });
});

describe('the CRDs', () => {
  it('are two', () => {
    expect(sidecarCrds().map(({ metadata }) => metadata.name)).toEqual([
      'sidecars.outfit.dev',
      'clustersidecars.outfit.dev',
    ]);
  });

  // The rules of apiextensions' ValidateStructural, as far as the words occur.
  it('have structural schemas', () => {
    const check = (one: Json, path: string): void => {
      const untyped = 'x-kubernetes-int-or-string' in one || 'x-kubernetes-preserve-unknown-fields' in one;
      expect(typeof one.type === 'string' || untyped, `${path} has a type, or says that it has none`).toBe(true);
      if (one.type === 'array') expect(one.items, path).toBeDefined();
      expect('properties' in one && 'additionalProperties' in one, path).toBe(false);
      expect('x-kubernetes-int-or-string' in one && 'x-kubernetes-preserve-unknown-fields' in one, path).toBe(false);
      for (const word of ['$ref', 'anyOf', 'allOf', 'const', 'definitions'])
        expect(one, `${path} says no ${word}`).not.toHaveProperty(word);
      if ('x-kubernetes-validations' in one) expect(one.type, `${path} can be read by its rules`).toBe('object');
      for (const [name, property] of Object.entries((one.properties ?? {}) as Record<string, Json>))
        check(property, `${path}.${name}`);
      if (one.items) check(one.items as Json, `${path}[]`);
      if (one.additionalProperties) check(one.additionalProperties as Json, `${path}{}`);
    };
    for (const { openAPIV3Schema } of [ofSidecar, ofCluster]) check(openAPIV3Schema, '');
  });

  it('say of metadata nothing but its name', () => {
    expect(Object.keys(at(ofSidecar.openAPIV3Schema, 'properties', 'metadata', 'properties'))).toEqual(['name']);
  });

  it('are small enough for kubectl apply, which keeps them in an annotation', () => {
    for (const crd of sidecarCrds()) expect(JSON.stringify(crd).length).toBeLessThan(256 * 1024);
  });
});

describe('what checkSidecar accepts', () => {
  const GOOD: [string, unknown][] = [
    ['the golden story', hello()],
    ['a ClusterSidecar', small('all', { selector: { namespaceSelector: { matchLabels: { team: 'blue' } } } })],
    ['conflicts, all alike', change('spec.onConflict', 'Keep')],
    ['conflicts, each for itself', change('spec.onConflict', { env: 'Keep', containers: 'Rename' })],
    ['a quantity as a number', change('spec.template.spec.containers.0.resources', { requests: { cpu: 0.5 } })],
    ['an expression for a boolean', change('spec.template.spec.shareProcessNamespace', '${params.interval > 1}')],
    ['for a number', change('spec.template.spec.containers.0.ports', [{ containerPort: '${params.interval}' }])],
    ['for an object', change('spec.template.spec.containers.0.resources', '${{"limits": {"cpu": "1"}}}')],
    ['for a list', change('spec.template.spec.containers.0.args', '${["a", string(params.interval)]}')],
    [
      'for a container',
      change('spec.template.spec.initContainers', [
        '${params.interval > 99 ? dyn({"name": "i", "image": "i"}) : dyn(null)}',
      ]),
    ],
    ['for a value of the Pod', change('spec.template.metadata', { labels: { of: '${workload.metadata.name}' } })],
    ['a path to share, in full', change('spec.share', [{ volumeMountsAt: ['/a', { path: '/b', readOnly: true }] }])],
    ['a port by name', change('spec.mainContainers.0.select', { ports: [80, 'http'] })],
  ];

  it.each(GOOD)('%s: editors and clusters accept, too', (_, sidecar) => {
    expect(checkSidecar(sidecar).filter(({ severity }) => severity === 'error')).toEqual([]);
    const { kind } = sidecar as { kind: string };
    expect(faults(schema, sidecar)).toEqual([]);
    expect(faults((kind === 'Sidecar' ? ofSidecar : ofCluster).openAPIV3Schema, sidecar)).toEqual([]);
  });

  it('as a law', () => {
    fc.assert(
      fc.property(sidecars('one', 7000), (sidecar) => {
        fc.pre(!hasErrors(checkSidecar(sidecar)));
        expect(faults(schema, sidecar)).toEqual([]);
        expect(faults(ofSidecar.openAPIV3Schema, sidecar)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('what is refused', () => {
  const container = 'spec.template.spec.containers.0';
  const BAD: [what: string, sidecar: unknown, editor: string[], cluster: string[]][] = [
    ['an unknown field', change('spec.selectr', {}), ['.spec.selectr'], []],
    ['an unknown field of a container', change(`${container}.imagee`, 'x'), ['.imagee'], []],
    ['a wrong type', change('spec.template.metadata', []), ['.spec.template.metadata'], []],
    ['another word', change('spec.joins', 'Maybe'), ['.spec.joins'], ['.spec.joins']],
    ['no selector', change('spec.selector', undefined), ['.spec.selector'], ['.spec.selector']],
    [
      'an empty list of names',
      change('spec.selector', { names: [] }),
      ['.spec.selector.names'],
      ['.spec.selector.names'],
    ],
    [
      'an empty selector',
      change('spec.selector', { matchLabels: {} }),
      [],
      ['.spec.selector: an empty selector joins nobody; to join every Pod write matchAll: true'],
    ],
    [
      'a name that begins no annotation',
      change('metadata.name', 'a.b'),
      [],
      [": metadata.name must be a lowercase RFC 1123 label: it begins the keys of the Pods' annotations"],
    ],
    [
      'nothing brought',
      { ...hello(), spec: { selector: { matchAll: true } } },
      [],
      ['.spec: a sidecar must bring something: template, mainContainers or share'],
    ],
    [
      'two parameters of one name',
      change('spec.parameters', [
        { name: 'a', type: 'string' },
        { name: 'a', type: 'integer' },
      ]),
      [],
      ['.spec.parameters'],
    ],
    [
      'a pattern of a number',
      change('spec.parameters', [{ name: 'interval', type: 'integer', pattern: '1' }]),
      [],
      ['.spec.parameters[0]: only a string has a pattern'],
    ],
    [
      'an operator that there is not',
      change('spec.selector', { matchExpressions: [{ key: 'a', operator: 'Is' }] }),
      [],
      ['.spec.selector.matchExpressions[0].operator'],
    ],
    ['an expression for all of the template', change('spec.template', '${{}}'), ['.spec.template'], ['.spec.template']],
    ['an expression where none is read', change('spec.joins', '${"Always"}'), ['.spec.joins'], ['.spec.joins']],
  ];

  it.each(BAD)('%s', (_, sidecar, editor, cluster) => {
    expect(hasErrors(checkSidecar(sidecar))).toBe(true);
    const inEditor = faults(schema, sidecar);
    expect(inEditor).toHaveLength(editor.length);
    for (const [i, fault] of inEditor.entries()) expect(fault.endsWith(editor[i] ?? ''), fault).toBe(true);
    expect(faults(ofSidecar.openAPIV3Schema, sidecar)).toEqual(cluster);
  });

  it.each<[string, Partial<SidecarSpec>]>([
    ['labels', { selector: { matchLabels: { app: 'web' } } }],
    ['a condition', { selector: { condition: 'true' } }],
  ])('a selector of %s is none of it', (_, spec) => {
    expect(faults(ofCluster.openAPIV3Schema, small('all', spec))).toEqual([]);
  });
});
