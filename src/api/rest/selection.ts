import { badRequest } from '../../kube/errors.ts';
import { matchesFields, parseFieldSelector } from '../../kube/field-selector.ts';
import { InvalidSelector, matchesLabels, parseLabelSelector } from '../../kube/label-selector.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';

/** Which objects of a collection a request means. */
export interface Selection {
  matches(object: KubeObject): boolean;
  /** Nothing was said, so everything matches. */
  all: boolean;
}

/**
 * Reads `labelSelector` and `fieldSelector`.
 * @param name the object of the URL, when the request watches one object
 * @throws StatusError BadRequest
 */
export function selectionOf(resource: Resource, query: URLSearchParams, name?: string): Selection {
  const [labels, fields] = parse(resource, query);
  return {
    all: labels.length === 0 && fields.length === 0 && name === undefined,
    matches: (object) =>
      (name === undefined || object.metadata.name === name) &&
      matchesFields(resource, fields, object) &&
      matchesLabels(labels, object.metadata.labels),
  };
}

function parse(resource: Resource, query: URLSearchParams) {
  try {
    return [
      parseLabelSelector(query.get('labelSelector') ?? ''),
      parseFieldSelector(resource, query.get('fieldSelector') ?? ''),
    ] as const;
  } catch (error) {
    if (error instanceof InvalidSelector) throw badRequest(error.message);
    throw error;
  }
}
