export interface RegistrySettings {
  /** URL of the node's own registry, asked first for every image. */
  local?: string;
  /** The user's mirrors in their order; `registry` is a host such as `docker.io`, or `_default` for all that have no entry. */
  mirrors?: { registry: string; url: string }[];
  /** False: what neither the local registry nor a mirror has is not found, and nothing is asked of the internet. Default true. */
  upstream?: boolean;
}

/** Images of this registry exist on this machine only: nothing but the local registry is asked. */
const LOCAL_REGISTRY_NAME = 'outfit.local';

/**
 * The hosts.toml of each registry, by registry name (containerd's `certs.d/<name>/hosts.toml`). containerd asks the hosts in
 * their order and last `server`, which is the registry itself when it is not given; the first answer that is not 404 counts.
 */
export function registryHosts({ local, mirrors = [], upstream = true }: RegistrySettings): Map<string, string> {
  const everywhere = mirrors.filter(({ registry }) => registry === DEFAULT).map(({ url }) => url);
  const registries = new Set(['docker.io', LOCAL_REGISTRY_NAME, DEFAULT, ...mirrors.map(({ registry }) => registry)]);
  const files = [...registries].map((registry): [string, string] => {
    const own = registry === DEFAULT ? [] : mirrors.filter((m) => m.registry === registry).map(({ url }) => url);
    const hosts = registry === LOCAL_REGISTRY_NAME ? [] : [...own, ...everywhere];
    const closed = registry === LOCAL_REGISTRY_NAME || !upstream;
    return [registry, hostsToml([...(local ? [local] : []), ...hosts], closed)];
  });
  return new Map(files);
}

const DEFAULT = '_default';

/** Closed: the last host takes the place of the registry itself, so that a missing image is told as missing and not as a network error. */
function hostsToml(hosts: string[], closed: boolean): string {
  const server = closed ? `server = ${JSON.stringify(hosts.at(-1) ?? NOWHERE)}\n` : '';
  const tables = hosts.map((host) => `[host.${JSON.stringify(host)}]\ncapabilities = ["pull", "resolve"]\n`);
  return [server, ...tables].filter(Boolean).join('\n');
}

/** Port 1 of loopback: nobody answers. */
const NOWHERE = 'http://127.0.0.1:1';
