// OpenAPI v2 (Swagger 2.0) from the documents of v3, as kube-apiserver publishes it at /openapi/v2: for clients of before v3.

/** One document of several. `documents`: those of OpenAPI v3. */
export function swaggerOf(documents) {
  const paths = Object.assign({}, ...documents.map(({ paths }) => paths));
  const schemas = Object.assign({}, ...documents.map(({ components }) => components.schemas));
  const convert = (object, by) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, by(value)]));
  return {
    swagger: '2.0',
    info: documents[0].info,
    paths: convert(paths, pathItem),
    definitions: convert(schemas, schema),
    securityDefinitions: {
      BearerToken: {
        description: 'Bearer Token authentication',
        type: 'apiKey',
        name: 'authorization',
        in: 'header',
      },
    },
    security: [{ BearerToken: [] }],
  };
}

function pathItem({ parameters, ...methods }) {
  const converted = Object.entries(methods).map(([method, one]) => [method, operation(one)]);
  return { ...Object.fromEntries(converted), ...(parameters && { parameters: parameters.map(parameter) }) };
}

function operation({ parameters = [], requestBody, responses, ...rest }) {
  const answers = Object.entries(responses);
  const body = requestBody && Object.values(requestBody.content)[0].schema;
  const produces = [...new Set(answers.flatMap(([, { content = {} }]) => Object.keys(content)))];
  const all = [
    ...(body
      ? [{ name: 'body', in: 'body', ...(requestBody.required && { required: true }), schema: schema(body) }]
      : []),
    ...parameters.map(parameter),
  ];
  return {
    ...rest,
    ...(requestBody && { consumes: Object.keys(requestBody.content) }),
    produces,
    schemes: ['https'],
    ...(all.length > 0 && { parameters: all }),
    responses: Object.fromEntries(answers.map(([code, one]) => [code, response(one)])),
  };
}

function response({ description, content }) {
  const [first] = Object.values(content ?? {});
  return { description, ...(first && { schema: schema(first.schema) }) };
}

function parameter({ schema: { type, uniqueItems }, ...rest }) {
  return { ...rest, type, ...(uniqueItems && { uniqueItems }) };
}

/** What v2 has no word for goes: alternatives, and that something may be null. */
function schema(given) {
  const { allOf, oneOf, anyOf, not, nullable, properties, items, additionalProperties, $ref, ...rest } = given;
  if ($ref) return { ...rest, $ref: $ref.replace('#/components/schemas/', '#/definitions/') };
  if (allOf?.length === 1 && allOf[0].$ref) {
    const { default: _, ...words } = rest;
    return { ...words, ...schema(allOf[0]) };
  }
  const isEither = rest.format === 'int-or-string' || rest['x-kubernetes-int-or-string'] === true;
  return {
    ...rest,
    ...(isEither && { type: 'string', format: 'int-or-string' }),
    ...(oneOf && !isEither && !rest.type && quantityOf(oneOf)),
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, schema(v)])) }),
    ...(items && { items: schema(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? schema(additionalProperties) : additionalProperties,
    }),
  };
}

/** Quantities are texts or numbers; v2 says texts. */
const quantityOf = (alternatives) => (alternatives.some(({ type }) => type === 'string') ? { type: 'string' } : {});
