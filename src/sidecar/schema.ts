import { definitionOf } from '../kube/decode.ts';
import { CONFLICT_ANSWERS, FIELDS, type Field } from './fields.ts';

type Json = Record<string, unknown>;

/** What may stand in place of any value below `template`, `mainContainers` and `share`. */
const EXPRESSION: Json = { type: 'string', pattern: '\\$\\{[\\s\\S]*\\}', description: 'An expression in CEL.' };
/** Definitions whose fields may be expressions: everything that these name, too. */
const RENDERED = ['SidecarTemplate', 'MainContainerAdditions', 'Share'];

/** A JSON Schema (draft 7) of Sidecar and ClusterSidecar, for editors. As strict about fields and types as `checkSidecar`. */
export function sidecarSchema(): Json {
  const definitions: Record<string, Json> = {};
  define('Sidecar', false, definitions);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'https://outfit.dev/schema/v1alpha1/sidecar.json',
    title: 'Sidecar or ClusterSidecar of Outfit',
    allOf: [{ $ref: '#/definitions/Sidecar' }],
    definitions: {
      ...definitions,
      Sidecar: {
        ...definitions.Sidecar,
        properties: {
          ...(definitions.Sidecar?.properties as Json),
          apiVersion: { const: 'outfit.dev/v1alpha1' },
          kind: { enum: ['Sidecar', 'ClusterSidecar'] },
        },
      },
    },
  };
}

function define(name: string, rendered: boolean, definitions: Record<string, Json>): void {
  if (definitions[name] !== undefined) return;
  const own = FIELDS[name];
  const kube = definitionOf(name);
  const within = rendered || RENDERED.includes(name);
  const fields: Record<string, Partial<Field> & { type: string }> =
    own ?? Object.fromEntries(Object.entries(kube?.properties ?? {}).map(([field, type]) => [field, { type }]));
  // Named before its fields are looked at: definitions may lead back to themselves.
  const definition: Json = { type: 'object', additionalProperties: false };
  definitions[name] = definition;
  definition.properties = Object.fromEntries(
    Object.entries(fields).map(([field, of]) => [field, fieldSchema(of, within, definitions)]),
  );
  const required = own ? Object.keys(own).filter((field) => own[field]?.required) : [...(kube?.required ?? [])];
  if (required.length > 0) definition.required = required;
}

function fieldSchema(
  field: Partial<Field> & { type: string },
  rendered: boolean,
  definitions: Record<string, Json>,
): Json {
  const schema = typeSchema(field.type, rendered, definitions, field.enum);
  const extras = {
    ...(field.description !== undefined && { description: field.description }),
    ...(field.default !== undefined && { default: field.default }),
    ...(field.minItems !== undefined && { minItems: field.minItems }),
  };
  if (Object.keys(extras).length === 0) return schema;
  // Draft 7 looks at nothing beside a $ref.
  return '$ref' in schema ? { allOf: [schema], ...extras } : { ...schema, ...extras };
}

function typeSchema(
  type: string,
  rendered: boolean,
  definitions: Record<string, Json>,
  words?: readonly string[],
): Json {
  const inner = (of: string): Json => typeSchema(of, rendered, definitions, words);
  const orExpression = (schema: Json): Json => (rendered ? { anyOf: [schema, EXPRESSION] } : schema);
  if (type.startsWith('[]')) return orExpression({ type: 'array', items: inner(type.slice(2)) });
  if (type.startsWith('{}')) return orExpression({ type: 'object', additionalProperties: inner(type.slice(2)) });
  if (type.startsWith('#')) return orExpression(reference(type.slice(1), rendered, definitions));
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return orExpression({ type });
    case 'int-or-string':
    case 'port':
      return { type: ['integer', 'string'] };
    case 'quantity':
      return { type: ['string', 'number'] };
    case 'scalar':
      return { type: ['string', 'number', 'boolean'] };
    case 'conflict-answers':
      return { anyOf: [{ enum: CONFLICT_ANSWERS }, reference('ConflictAnswers', false, definitions)] };
    case 'shared-path':
      return { anyOf: [{ type: 'string' }, reference('SharedPath', rendered, definitions)] };
    case 'object':
      return { type: 'object' };
    default:
      return { type: 'string', ...(words && { enum: words }) };
  }
}

function reference(name: string, rendered: boolean, definitions: Record<string, Json>): Json {
  // ObjectMeta and LabelSelector are never rendered; the rest of Kubernetes' types is never anything else.
  define(name, rendered, definitions);
  return { $ref: `#/definitions/${name}` };
}
