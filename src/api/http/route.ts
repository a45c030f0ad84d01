import { badRequest } from '../../kube/errors.ts';

/** A URL under /api or /apis that names a resource. The resource may be unknown. */
export interface ResourceRoute {
  kind: 'resource';
  group: string;
  version: string;
  resource: string;
  /** Absent when the URL has no /namespaces/{namespace}/ part. */
  namespace?: string;
  name?: string;
  subresource?: string;
  /** What follows the subresource (pods/proxy), without the slashes around it. */
  rest?: string;
}

/** Any other URL. */
interface PathRoute {
  kind: 'path';
  path: string;
}

export type Route = ResourceRoute | PathRoute;

/**
 * What a URL names, by the same reading as kube-apiserver's (apiserver `pkg/endpoints/request/requestinfo.go`).
 * `pathname` is undecoded; escapes are decoded before the path is split, so that no escape can smuggle a segment past authorization.
 * @throws StatusError BadRequest when escapes are malformed or the path contains a NUL
 */
export function parseRoute(pathname: string): Route {
  const path = decode(pathname);
  const segments = path.split('/').slice(1);
  if (segments.length > 1 && segments.at(-1) === '') segments.pop();
  const place = groupOf(segments);
  const route = place && place.rest.length > 0 && resourceRoute(place);
  // What follows `proxy` is somebody else's path.
  const own = route && route.subresource === 'proxy' ? segments.slice(0, segments.length - depthOf(route)) : segments;
  const odd = own.some((segment) => segment === '' || segment === '.' || segment === '..');
  return route && !odd ? route : { kind: 'path', path };
}

const depthOf = ({ rest }: ResourceRoute): number => rest?.split('/').length ?? 0;

interface Place {
  group: string;
  version: string;
  rest: string[];
}

function groupOf([root, ...rest]: string[]): Place | undefined {
  if (root === 'api' && rest.length >= 1) return { group: '', version: rest[0]!, rest: rest.slice(1) };
  if (root === 'apis' && rest.length >= 2) return { group: rest[0]!, version: rest[1]!, rest: rest.slice(2) };
  return undefined;
}

function resourceRoute({ group, version, rest }: Place): ResourceRoute {
  const [first, second, third] = rest;
  const inNamespace = first === 'namespaces' && third !== undefined && !isNamespaceSubresource(third);
  const [resource, name, subresource, ...tail] = inNamespace ? rest.slice(2) : rest;
  return {
    kind: 'resource',
    group,
    version,
    resource: resource!,
    ...(inNamespace && { namespace: second! }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
    ...(tail.length > 0 && { rest: tail.join('/') }),
  };
}

const isNamespaceSubresource = (segment: string): boolean => segment === 'status' || segment === 'finalize';

function decode(pathname: string): string {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(pathname)}`);
  }
  if (path.includes('\0')) throw badRequest('the path must not contain a NUL character');
  return path;
}
