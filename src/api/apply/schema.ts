import { definitionOf } from '../../kube/decode.ts';
import { isRecord } from '../../kube/json.ts';
import { isAtomicType, type MergeRule, mergeRule } from '../../kube/merge-keys.ts';
import type { Resource } from '../../kube/resources.ts';
import type { StructuralSchema } from '../custom/structural.ts';

/** How a value is owned: whole, field by field, or item by item. */
export type Schema =
  | { form: 'leaf' }
  | {
      form: 'fields';
      /** A field that the type names. */
      field(name: string): Schema | undefined;
      /** Any other field: of a map, or of an object that nothing is known of. */
      others?: Schema;
    }
  | {
      form: 'list';
      /** Absent for sets, whose items are told apart by themselves. */
      keys?: readonly Key[];
      item: Schema;
    };

/** A field that tells the items of a list apart. */
interface Key {
  name: string;
  default?: string;
}

const LEAF: Schema = { form: 'leaf' };
/** What no type describes: objects are owned field by field, all else whole. */
const UNKNOWN: Schema = { form: 'fields', field: () => undefined, others: { form: 'leaf' } };
UNKNOWN.others = UNKNOWN;

/** The schema of a resource's objects; a custom resource's own part is as its definition says. */
export function schemaOf(resource: Resource, custom?: StructuralSchema): Schema {
  if (!resource.custom) return ofDefinition(resource.definition);
  const own = custom ? ofStructural(custom) : UNKNOWN;
  const metadata = ofDefinition('ObjectMeta');
  if (own.form !== 'fields') return own;
  return {
    ...own,
    field: (name) => {
      if (name === 'metadata') return metadata;
      return name === 'apiVersion' || name === 'kind' ? LEAF : own.field(name);
    },
  };
}

function ofDefinition(definition: string): Schema {
  const { properties } = definitionOf(definition) ?? { properties: {} };
  return {
    form: 'fields',
    field: (name) =>
      Object.hasOwn(properties, name) ? ofType(properties[name]!, mergeRule(definition, name), name) : undefined,
  };
}

function ofType(type: string, rule: MergeRule | undefined, field: string): Schema {
  if (type.startsWith('[]')) return listOf(rule, ofType(type.slice(2), undefined, field), type.slice(2));
  if (rule?.mapType === 'atomic') return LEAF;
  if (type.startsWith('{}')) return mapOf(ofType(type.slice(2), undefined, field));
  if (type.startsWith('#')) return isAtomicType(type.slice(1)) ? LEAF : ofDefinition(type.slice(1));
  return LEAF;
}

function mapOf(others: Schema): Schema {
  return { form: 'fields', field: () => undefined, others };
}

/** A list without a tag is owned whole. */
function listOf(rule: MergeRule | undefined, item: Schema, type: string): Schema {
  if (rule?.listType === 'set') return { form: 'list', item };
  if (rule?.listType !== 'map') return LEAF;
  const names = rule.listMapKeys ?? [];
  const keys = names.map((name) => (type === '#ContainerPort' && name === 'protocol' ? PROTOCOL : { name }));
  return { form: 'list', keys, item };
}

/** The only key with a default, in what is served (core/v1 `types.go`). */
const PROTOCOL: Key = { name: 'protocol', default: 'TCP' };

/** The extensions of a CustomResourceDefinition's schema. */
function ofStructural(schema: StructuralSchema): Schema {
  const { properties, additionalProperties, items } = schema;
  if (schema.type === 'array' || items !== undefined) return structuralList(schema, items ?? {});
  if (schema['x-kubernetes-map-type'] === 'atomic') return LEAF;
  const open = schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties === true;
  if (properties === undefined && additionalProperties === undefined) return open ? UNKNOWN : LEAF;
  const others = isRecord(additionalProperties) ? ofStructural(additionalProperties) : open ? UNKNOWN : undefined;
  return {
    form: 'fields',
    field: (name) => (properties && Object.hasOwn(properties, name) ? ofStructural(properties[name]!) : undefined),
    ...(others && { others }),
  };
}

function structuralList(schema: StructuralSchema, items: StructuralSchema): Schema {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return { form: 'list', item: ofStructural(items) };
  if (type !== 'map') return LEAF;
  const keys = (schema['x-kubernetes-list-map-keys'] as string[] | undefined) ?? [];
  return {
    form: 'list',
    keys: keys.map((name) => {
      const fallback = items.properties?.[name]?.default;
      return { name, ...(typeof fallback === 'string' && { default: fallback }) };
    }),
    item: ofStructural(items),
  };
}

/** The schema below a path element. */
export function below(schema: Schema, element: string): Schema {
  if (schema.form === 'list') return schema.item;
  if (schema.form === 'leaf') return LEAF;
  return schema.field(element.slice(2)) ?? schema.others ?? UNKNOWN;
}
