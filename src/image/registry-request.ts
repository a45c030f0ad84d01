/** What a request to the registry asks for, by the paths of the distribution specification (v1.1, "Endpoints"). */
export type RegistryRequest =
  | { kind: 'base' }
  | { kind: 'manifest'; repository: string; reference: string }
  | { kind: 'blob'; repository: string; digest: string }
  | { kind: 'tags'; repository: string };

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const ROUTES: [RegExp, (repository: string, last: string) => RegistryRequest][] = [
  [/^\/v2\/(.+)\/manifests\/([^/]+)$/, (repository, reference) => ({ kind: 'manifest', repository, reference })],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, (repository, digest) => ({ kind: 'blob', repository, digest })],
  [/^\/v2\/(.+)\/tags\/(list)$/, (repository) => ({ kind: 'tags', repository })],
];

/** Reads the path of a request; undefined when it is none of the registry's, or its repository is not a valid one. */
export function parseRegistryPath(path: string): RegistryRequest | undefined {
  if (path === '/v2/' || path === '/v2') return { kind: 'base' };
  for (const [route, request] of ROUTES) {
    const [, repository, last] = route.exec(path) ?? [];
    if (repository !== undefined && last !== undefined && REPOSITORY.test(repository)) return request(repository, last);
  }
  return undefined;
}

/** The names under which Docker Hub is asked. */
const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * The full name that a pull means. A mirror is asked for the images of many registries; containerd says which in the query `ns`. Without it,
 * Docker Hub is meant.
 */
export function pulledName(namespace: string | null, repository: string, tag: string): string {
  const registry = namespace === null || DOCKER_HUB.has(namespace) ? 'docker.io' : namespace;
  return `${registry}/${repository}:${tag}`;
}

/**
 * The part of a blob that a Range header asks for (RFC 9110, section 14): undefined for the whole, 'unsatisfiable' when there is nothing there.
 * Several ranges, and what cannot be read, count as the whole, as the RFC allows.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '')
    return Number(last) > 0 && size > 0 ? { start: Math.max(size - Number(last), 0), end: size - 1 } : 'unsatisfiable';
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start < size ? { start, end } : 'unsatisfiable';
}
