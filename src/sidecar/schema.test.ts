import { expect, it } from 'vitest';
import { sidecarCrds } from './crds.ts';
import { FIELDS } from './fields.ts';
import { sidecarSchema } from './schema.ts';

type Json = Record<string, unknown>;

/** Follows names through a schema. */
function at(schema: unknown, ...path: string[]): Json {
  return path.reduce<Json>((here, name) => here[name] as Json, schema as Json);
}

it('describes every field of the table in the JSON Schema, and refuses others', () => {
  const { definitions } = sidecarSchema() as { definitions: Record<string, Json> };
  for (const [name, fields] of Object.entries(FIELDS)) {
    expect(Object.keys(at(definitions[name], 'properties')), name).toEqual(Object.keys(fields));
    expect(definitions[name]?.additionalProperties, name).toBe(false);
  }
});

it('has a definition for every reference', () => {
  const schema = sidecarSchema() as { definitions: Json };
  const references = [...JSON.stringify(schema).matchAll(/"#\/definitions\/(\w+)"/g)].map(([, name]) => name ?? '');
  expect(references.length).toBeGreaterThan(50);
  for (const name of references) expect(schema.definitions, name).toHaveProperty(name);
});

it('lets an expression stand for a number in what a sidecar brings, and nowhere else', () => {
  const { definitions } = sidecarSchema() as { definitions: Record<string, Json> };
  expect(at(definitions.ContainerPort, 'properties', 'containerPort')).toHaveProperty('anyOf');
  expect(at(definitions.SidecarStatus, 'properties', 'joined')).toMatchObject({ type: 'integer' });
});

it('makes two CRDs, with structural schemas: every property has a type or says that it has none', () => {
  const crds = sidecarCrds();
  expect(crds.map(({ metadata }) => metadata.name)).toEqual(['sidecars.outfit.dev', 'clustersidecars.outfit.dev']);
  const check = (schema: Json, path: string): void => {
    const typed =
      'type' in schema || 'x-kubernetes-int-or-string' in schema || 'x-kubernetes-preserve-unknown-fields' in schema;
    expect(typed, path).toBe(true);
    expect(Object.keys(schema), path).not.toContain('$ref');
    for (const [name, property] of Object.entries((schema.properties ?? {}) as Record<string, Json>))
      check(property, `${path}.${name}`);
    if (schema.items) check(schema.items as Json, `${path}[]`);
    if (schema.additionalProperties) check(schema.additionalProperties as Json, `${path}{}`);
  };
  for (const { spec } of crds as unknown as { spec: { versions: { schema: { openAPIV3Schema: Json } }[] } }[])
    check(spec.versions[0]?.schema.openAPIV3Schema ?? {}, '');
});

it('keeps a CRD small enough for kubectl apply, which keeps it in an annotation', () => {
  for (const crd of sidecarCrds()) expect(JSON.stringify(crd).length).toBeLessThan(256 * 1024);
});

it('has namespaces to select in a ClusterSidecar only', () => {
  const [sidecar, cluster] = sidecarCrds().map((crd) => JSON.stringify(crd));
  expect(sidecar).not.toContain('namespaceSelector"');
  expect(cluster).toContain('"namespaceSelector"');
});
