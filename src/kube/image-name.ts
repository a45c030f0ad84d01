/** The parts of an image reference, with the defaults that a user may leave out. */
export interface ImageName {
  /** `docker.io`, `localhost:5000`, `registry.example:443`. */
  registry: string;
  /** Path in the registry: `library/nginx`. */
  repository: string;
  /** `latest` where neither tag nor digest is given; undefined where only a digest is. */
  tag: string | undefined;
  /** `sha256:…` */
  digest: string | undefined;
}

const DEFAULT_REGISTRY = 'docker.io';
const DOMAIN =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const MAX_NAME = 255;

/** An image reference that cannot be read. `message` is the kubelet's (`pkg/util/parsers`), for InvalidImageName. */
export class InvalidImageName extends Error {
  override readonly name = 'InvalidImageName';

  constructor(image: string, why: string) {
    super(`couldn't parse image name "${image}": ${why}`);
  }
}

/**
 * Reads an image reference by the grammar of distribution/reference, `nginx` meaning `docker.io/library/nginx:latest`.
 * @throws InvalidImageName
 */
export function parseImageName(image: string): ImageName {
  const fail = (why = 'invalid reference format'): never => {
    throw new InvalidImageName(image, why);
  };
  if (/^[a-f0-9]{64}$/.test(image))
    fail(`invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`);
  const at = image.indexOf('@');
  const digest = at < 0 ? undefined : image.slice(at + 1);
  const name = at < 0 ? image : image.slice(0, at);
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  const { registry, repository } = splitRegistry(colon < 0 ? name : name.slice(0, colon));
  if (repository !== repository.toLowerCase())
    fail(`invalid reference format: repository name (${repository}) must be lowercase`);
  if (!DOMAIN.test(registry) || !repository.split('/').every((part) => COMPONENT.test(part))) fail();
  if (tag !== undefined && !TAG.test(tag)) fail();
  if (digest !== undefined) checkDigest(digest, fail);
  if (repository.length > MAX_NAME) fail(`repository name must not be more than ${MAX_NAME} characters`);
  return { registry, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
}

/**
 * The full form of a reference, in which two names of one image are equal: `docker.io/library/nginx:latest`.
 * @throws InvalidImageName
 */
export function normalizeImageName(image: string): string {
  const { registry, repository, tag, digest } = parseImageName(image);
  return `${registry}/${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/**
 * The imagePullPolicy that Kubernetes gives a container without one (SetDefaults_Container): Always for the tag `latest`, and where neither tag
 * nor digest is given. A reference that cannot be read counts as IfNotPresent; the kubelet reports it later.
 */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  try {
    return parseImageName(image).tag === 'latest' ? 'Always' : 'IfNotPresent';
  } catch {
    return 'IfNotPresent';
  }
}

/** What is left of the first slash is a registry if it looks like a host: a dot, a port, `localhost`, or upper case. */
function splitRegistry(name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const registry = isHost ? first : DEFAULT_REGISTRY;
  const rest = isHost ? name.slice(slash + 1) : name;
  const known = registry === 'index.docker.io' ? DEFAULT_REGISTRY : registry;
  return { registry: known, repository: known === DEFAULT_REGISTRY && !rest.includes('/') ? `library/${rest}` : rest };
}

const DIGEST_LENGTHS: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 };

function checkDigest(digest: string, fail: (why?: string) => never): void {
  if (!DIGEST.test(digest)) fail();
  const [algorithm = '', hex = ''] = digest.split(':');
  const length = DIGEST_LENGTHS[algorithm];
  if (length === undefined) fail('unsupported digest algorithm');
  else if (hex.length !== length) fail('invalid checksum digest length');
  else if (hex !== hex.toLowerCase()) fail('invalid checksum digest format');
}
